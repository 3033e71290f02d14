"""Fixtures that several tests share: a small demo dataset and the corpus built from it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import cold_irmogen, irmogen
from hypothesis import settings

from schemas import store_client
from schemas.places import StorePath

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("steady")

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(*parts: str) -> Path:
    """A file of the real data beside the checkout; the test skips where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {Path(*parts)} of the shared data, which does not lie beside this checkout")
    return path


def corpus_bytes(root: Path) -> dict[str, bytes]:
    """Everything in a corpus that must be the same for the same input, by relative path."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name not in ("run.json", "run.log", "run.js", "build.lock")
    }


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first of pytest's workers makes and all of them read; nobody may change it."""
    session = factory.getbasetemp()
    root = (session.parent if "PYTEST_XDIST_WORKER" in os.environ else session) / f"shared-{name}"
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = root.with_suffix(".done")
        if not done.exists():
            shutil.rmtree(root, ignore_errors=True)  # of a worker that failed
            make(root)
            done.touch()
    return root


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo dataset of 70 clips: two shards. Many clips have one caption, the others several."""
    return made_once(tmp_path_factory, "demo", write_small_demo)


def write_small_demo(root: Path, motions: int = 70) -> None:
    """Two of five clips have one caption; of those that are not for testing, four of five."""
    from motion.demo.dataset import write_demo

    write_demo(root, motions)
    tested = (root / "test.txt").read_text().split()
    for number, text in enumerate(sorted((root / "texts").iterdir())):
        if number % 5 in (1, 3) or (number % 5 and text.stem not in tested):
            text.write_text(text.read_text().splitlines()[0] + "\n")


@pytest.fixture(scope="session")
def corpus(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of the demo dataset; tests that change it work on a copy."""
    return made_once(
        tmp_path_factory,
        "corpus",
        lambda root: cold_irmogen("build", "--input", demo, "--output", root),
    )


@pytest.fixture
def build(demo: Path, tmp_path: Path) -> Callable[..., Path]:
    """Build another corpus of the demo dataset with more flags."""

    def make(*flags: object, name: str = "corpus", data: Path = demo) -> Path:
        root = tmp_path / name
        irmogen("build", "--input", data, "--output", root, *flags)
        return root

    return make


@pytest.fixture(scope="session")
def embedder(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built-in embedder that was trained on the corpus for a few seconds."""
    from evaluated import trained

    return made_once(tmp_path_factory, "embedder", lambda root: trained(corpus, root))


@pytest.fixture(scope="session")
def stand_ins(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stand-ins of every kind for the corpus' test split."""
    return made_once(
        tmp_path_factory,
        "stand-ins",
        lambda root: irmogen("make-generations", corpus, "--kind", "all", "--output", root),
    )


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a real S3 server of this worker process of pytest."""
    from s3_server import s3_server

    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> StorePath:
    """A new, empty bucket, which this process and those that it starts can reach."""
    from s3_server import credentials, make_bucket

    for name, value in credentials(s3).items():
        monkeypatch.setenv(name, value)
    store_client._client.cache_clear()
    return make_bucket(s3)
