"""Fixtures that several tests share: a small demo dataset and the corpus built from it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import cold_irmogen, irmogen
from hypothesis import settings

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
        if path.is_file() and path.name not in ("run.json", "run.log", "build.lock")
    }


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo dataset of 70 clips: two shards. Two of five have one caption, the others several."""
    from motion.demo.dataset import write_demo

    root = tmp_path_factory.mktemp("demo") / "data"
    write_demo(root, motions=70)
    for number, text in enumerate(sorted((root / "texts").iterdir())):
        if number % 5 in (1, 3):
            text.write_text(text.read_text().splitlines()[0] + "\n")
    return root


@pytest.fixture(scope="session")
def corpus(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of the demo dataset; tests that change it work on a copy."""
    root = tmp_path_factory.mktemp("corpus") / "corpus"
    cold_irmogen("build", "--input", demo, "--output", root)
    return root


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

    root = tmp_path_factory.mktemp("embedder") / "embedder"
    trained(corpus, root)
    return root


@pytest.fixture(scope="session")
def stand_ins(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stand-ins of every kind for the corpus' test split."""
    root = tmp_path_factory.mktemp("generations") / "stand-ins"
    irmogen("make-generations", corpus, "--kind", "all", "--output", root)
    return root
