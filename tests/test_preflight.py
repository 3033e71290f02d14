"""What workers lack is told in a line each before any work: real job server, real pools, real processes."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import irmogen
from conftest import corpus_bytes
from portable import bare_python, flags, job_server, worker_pool
from s3_server import upload

from pipelines import worker_probe, workers
from pipelines.beam_flags import pipeline_options
from pipelines.worker_probe import faults, source_digest
from pipelines.workers import PACKAGES, ROOMS, Needs, NotReadyError, check_workers, forget_probes
from schemas.places import StorePath

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with job_server(tmp_path_factory.mktemp("server")) as address:
        yield address


def test_a_build_on_workers_without_irmogen_is_refused_before_any_work(
    server: str, demo: Path, tmp_path: Path
) -> None:
    with worker_pool(bare_python(tmp_path / "bin"), tmp_path) as pool:
        there = flags(server, pool)
        done = irmogen("build", "--input", demo, "--output", tmp_path / "corpus", *there, check=False)
    assert done.returncode == 6
    told = done.stderr.strip().splitlines()
    assert told[0] == f"irmogen build: PortableRunner (worker pool at {pool}) is not ready:"
    assert len(told) == 2
    assert told[1].startswith("- irmogen is not installed (no package motion): install the wheel")
    assert told[1].endswith(" of 2]")  # both workers of the server were asked
    assert {path.name for path in (tmp_path / "corpus").iterdir()} == {"build.lock"}


def test_an_old_wheel_on_the_workers_is_told(server: str, demo: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    for room in ROOMS:
        shutil.copytree(ROOT / room, old / room, ignore=shutil.ignore_patterns("__pycache__"))
    with (old / "motion" / "seeds.py").open("a") as file:
        file.write("# as it was\n")
    with worker_pool(bare_python(tmp_path / "bin", old), tmp_path) as pool:
        asked = ("preflight", "--input", demo, "--output", tmp_path / "corpus", *flags(server, pool))
        done = irmogen(*asked, check=False)
        assert done.returncode == 6
        (line,) = done.stderr.strip().splitlines()[1:]
        assert f"of source {source_digest(ROOMS)} submits" in line
        shutil.copy(ROOT / "motion" / "seeds.py", old / "motion" / "seeds.py")
        assert "2 worker processes of PortableRunner" in irmogen(*asked).stdout
    assert list((tmp_path / "corpus").iterdir()) == []


@pytest.mark.slow
def test_what_a_killed_preflight_left_is_in_nobodys_way(corpus: Path, demo: Path, tmp_path: Path) -> None:
    made = tmp_path / "corpus"
    made.mkdir()
    (made / "preflight-0123456789ab").write_text("left")
    irmogen("build", "--input", demo, "--output", made)
    assert corpus_bytes(made) == corpus_bytes(corpus)


def test_files_of_preflights_are_forgotten_in_a_bucket_and_nothing_else(bucket: StorePath) -> None:
    forget_probes(bucket / "none")
    for name in ("preflight-0123456789ab", "build.json", "ledger/ab/preflight-deep.json"):
        (bucket / "corpus" / name).write_text(name)
    forget_probes(bucket / "corpus")
    left = sorted(str(path.relative_to(bucket)) for path in bucket.rglob("*"))
    assert left == ["corpus/build.json", "corpus/ledger/ab/preflight-deep.json"]


@pytest.mark.slow
def test_a_bucket_is_looked_for_from_the_workers(
    server: str, demo: Path, bucket: StorePath, tmp_path: Path
) -> None:
    upload(demo, bucket / "data")
    asked = ("preflight", "--input", bucket / "data", "--output", bucket / "corpus")
    here = Path(sys.executable).parent
    blind = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with worker_pool(here, tmp_path, blind) as pool:
        done = irmogen(*asked, *flags(server, pool), check=False, environ=os.environ)
    assert done.returncode == 6
    (line,) = done.stderr.strip().splitlines()[1:]
    assert line.startswith("- AWS_ENDPOINT_URL is not set: give it to the workers' environment")
    with worker_pool(here, tmp_path, os.environ) as pool:
        done = irmogen(*asked, *flags(server, pool), environ=os.environ)
    assert f"--output {bucket}/corpus" in done.stdout
    assert not (bucket / "corpus").exists()


def needs(root: Path) -> Needs:
    return Needs({}, {"--output": root}, ("numpy",))


def test_a_pool_that_is_not_there_is_told(server: str, tmp_path: Path) -> None:
    options = pipeline_options([*flags(server, "localhost:1")], 1)
    with pytest.raises(NotReadyError, match=r"no worker could be started: is a worker pool at localhost:1 "):
        check_workers(options, needs(tmp_path))
    assert options.get_all_options()["runner"] == "PortableRunner"  # can be used again


def test_workers_that_never_come_are_waited_for_only_so_long(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_OTHERS_SECONDS", 3.0)
    broken = bare_python(tmp_path / "bin")
    with worker_pool(broken, tmp_path) as pool:
        (broken / "python").write_text("#!/bin/sh\nexit 1\n")  # the pool runs; its workers will not
        with pytest.raises(NotReadyError, match=f"no answer in 3 s: is a worker pool at {pool} "):
            check_workers(pipeline_options([*flags(server, pool)], 1), needs(tmp_path))


def test_a_job_server_that_is_not_there_is_a_line(demo: Path, tmp_path: Path) -> None:
    there = flags("localhost:1", "localhost:2")
    done = irmogen("preflight", "--input", demo, "--output", tmp_path / "corpus", *there, check=False)
    assert done.returncode == 6
    assert "--job_endpoint localhost:1: cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_on_this_machine_there_is_nothing_to_ask(demo: Path, tmp_path: Path) -> None:
    done = irmogen("preflight", "--input", demo, "--output", tmp_path / "corpus")
    assert done.stdout == "preflight: workers of FnApiRunner run here, from this installation\n"


def test_beams_own_check_of_versions_is_told_in_a_line() -> None:
    from apache_beam.portability.api import beam_fn_api_pb2, beam_runner_api_pb2
    from apache_beam.runners.worker.bundle_processor import _verify_descriptor_created_in_a_compatible_env

    other = "beam:version:sdk_base:apache/beam_python3.9_sdk:2.60.0"
    descriptor = beam_fn_api_pb2.ProcessBundleDescriptor(
        transforms={"t": beam_runner_api_pb2.PTransform(environment_id="e")},
        environments={"e": beam_runner_api_pb2.Environment(capabilities=[other])},
    )
    with pytest.raises(RuntimeError) as caught:
        _verify_descriptor_created_in_a_compatible_env(descriptor)
    engine = workers.engine_of(pipeline_options(["--runner=PrismRunner"], 1))
    line = workers._failure(engine, caught.value)
    assert "beam_python3.9_sdk:2.60.0 submits: use one version of Python and of Beam" in line
    assert "\n" not in line


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, Any]:
    """What a worker is asked that lacks nothing."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.txt").write_text("000001")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "nonce").write_text("nonce")
    digest = hashlib.sha256(b"000001").hexdigest()
    return {
        "nonce": "nonce",
        "packages": {"numpy": worker_probe.installed("numpy")},
        "rooms": ROOMS,
        "source": source_digest(ROOMS),
        "version": "0.1.0",
        "variables": (),
        "reads": [["--input", str(tmp_path / "data"), {"train.txt": digest}]],
        "writes": [["--output", str(tmp_path / "corpus")]],
    }


def test_a_worker_that_lacks_nothing_tells_nothing(asked: dict[str, Any], tmp_path: Path) -> None:
    assert faults(asked) == []
    assert [path.name for path in (tmp_path / "corpus").iterdir()] == ["nonce"]


def test_packages_that_are_missing_or_others_are_told(asked: dict[str, Any]) -> None:
    here = asked["packages"]["numpy"]
    asked["packages"] = {"numpy": "1.0.0", "not-a-package-of-anybody": "3.2"}
    first, second = faults(asked)
    assert first.startswith(f"numpy {here}, but 1.0.0 submits")
    assert second.startswith("not-a-package-of-anybody is not installed (3.2 here)")


def test_a_variable_that_the_workers_lack_is_told(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    asked["variables"] = ("SOME_KEY",)
    assert faults(asked) == ["SOME_KEY is not set: give it to the workers' environment"]
    monkeypatch.setenv("SOME_KEY", "x")
    assert faults(asked) == []


def test_an_input_that_is_not_there_or_another_is_told(asked: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "data" / "train.txt").write_text("000002")
    (line,) = faults(asked)
    assert "train.txt is another file than where the build is submitted; give a folder that all" in line
    (tmp_path / "data" / "train.txt").unlink()
    (line,) = faults(asked)
    assert line.startswith(f"--input {tmp_path}/data: train.txt cannot be read (FileNotFoundError")


def test_an_output_that_is_another_folder_there_is_told(asked: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "corpus" / "nonce").unlink()
    (line,) = faults(asked)
    assert line.startswith(f"--output {tmp_path}/corpus: is not the submitter's folder (FileNotFoundError")


def test_an_output_that_cannot_be_written_is_told(asked: dict[str, Any], tmp_path: Path) -> None:
    # A folder whose names are too long with more behind them: it fails for root as well.
    long = tmp_path / "corpus" / ("n" * 250)
    long.write_text("nonce")
    asked["nonce"] = long.name
    (line,) = faults(asked)
    assert line.startswith(f"--output {tmp_path}/corpus: cannot be written (OSError")


def test_the_packages_that_are_asked_for_are_those_that_steps_import() -> None:
    listing = (
        "import sys, pipelines.job, transforms.aligning\n"
        f"print(*(sys.modules[name].__file__ for name in sys.modules if name.split('.')[0] in {ROOMS}))"
    )
    done = subprocess.run([sys.executable, "-c", listing], check=True, capture_output=True, text=True)
    tops = set()
    for path in done.stdout.split():
        for node in ast.walk(ast.parse(Path(path).read_text())):
            if isinstance(node, ast.Import):
                tops |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                tops.add(node.module.split(".")[0])
    known = importlib.metadata.packages_distributions()
    needed = {name.lower() for top in tops - set(ROOMS) for name in known.get(top, [])}
    language_models, torch = {"openai", "httpx2", "aiohttp"}, {"torch", "safetensors", "transformers"}
    assert needed - language_models - torch - {"boto3", "irmogen"} == set(PACKAGES)


def test_the_source_of_a_file_more_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some_room").mkdir()
    (tmp_path / "some_room" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    empty = source_digest(["some_room"])
    (tmp_path / "some_room" / "notes.md").write_text("no wheel holds it")
    (tmp_path / "some_room" / "data").mkdir()
    (tmp_path / "some_room" / "data" / "more.yaml").write_text("no package")
    assert source_digest(["some_room"]) == empty
    (tmp_path / "some_room" / "words.yaml").write_text("a: 1")
    assert source_digest(["some_room"]) != empty
