"""The same bytes from every runner: the manifest and its digests, every shard, across.json, the report."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import corpus_bytes
from portable import CLEAN, flags, job_server, worker_pool

Build = Callable[..., Path]
ROOT = Path(__file__).resolve().parents[1]


def assert_same(made: Path, corpus: Path) -> None:
    found, wanted = corpus_bytes(made), corpus_bytes(corpus)
    assert {"manifest.json", "quality/profile/across.json"} <= set(wanted)
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if found[name] != wanted[name]] == []


@pytest.mark.slow  # a pool's workers say it, too
@pytest.mark.parametrize("mode", ["in_memory", "multi_threading", "multi_processing"])
def test_fn_api_runner_with_two_workers(mode: str, corpus: Path, build: Build) -> None:
    workers = "1" if mode == "in_memory" else "2"
    assert_same(build("--direct_num_workers", workers, "--direct_running_mode", mode), corpus)


@pytest.mark.slow
def test_a_job_server_with_workers_in_the_submitter(corpus: Path, build: Build, tmp_path: Path) -> None:
    with job_server(tmp_path) as server:
        loopback = ("--runner", "PortableRunner", "--job_endpoint", server, "--environment_type", "LOOPBACK")
        assert_same(build(*loopback), corpus)


def test_a_job_server_with_a_pool_of_two_workers(corpus: Path, build: Build, tmp_path: Path) -> None:
    python = Path(sys.executable).parent
    with job_server(tmp_path) as server, worker_pool(python, tmp_path, os.environ) as pool:
        assert_same(build(*flags(server, pool)), corpus)
    assert started_workers(tmp_path) == 2 * 2  # for the preflight and for the build


def started_workers(folder: Path) -> int:
    return (folder / "pool.log").read_text().count("Starting worker with command")


@pytest.mark.slow
def test_ctrl_c_cancels_the_job_and_the_same_command_goes_on(
    demo: Path, corpus: Path, build: Build, tmp_path: Path
) -> None:
    import grpc
    from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

    python = Path(sys.executable).parent
    with job_server(tmp_path) as server, worker_pool(python, tmp_path, os.environ) as pool:
        command = [sys.executable, "-m", "pipelines.cli", "build", *flags(server, pool)]
        made = tmp_path / "corpus"
        process = subprocess.Popen([*command, "--input", str(demo), "--output", str(made)])
        while not list(made.glob("receipts/measure*")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        stub = beam_job_api_pb2_grpc.JobServiceStub(grpc.insecure_channel(server))
        jobs = stub.GetJobs(beam_job_api_pb2.GetJobsRequest()).job_info
        states = sorted(beam_job_api_pb2.JobState.Enum.Name(job.state) for job in jobs)
        assert states == ["CANCELLED", "DONE"]  # the build; the preflight
        assert not (made / "manifest.json").exists()
        assert_same(build(*flags(server, pool)), corpus)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of a virtual environment that holds our wheel and what it needs, nothing else."""
    root = tmp_path_factory.mktemp("other")
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels = [*pip, "wheel", "--no-deps", "--wheel-dir", str(root / "wheels"), str(copy_of_source(root))]
    subprocess.run([sys.executable, *wheels], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(root / "venv")], check=True)
    (wheel,) = (root / "wheels").iterdir()
    python = root / "venv" / "bin" / "python"
    install = [*pip, "install", "--constraint", str(ROOT / "constraints.txt"), str(wheel)]
    subprocess.run([str(python), *install], check=True, env=CLEAN)
    return python.parent


def copy_of_source(folder: Path) -> Path:
    """What is packed, elsewhere: packing leaves folders behind in the source."""
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/", "benchmarks/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    return source


@pytest.mark.slow
def test_a_pool_of_two_workers_in_another_environment(
    other: Path, corpus: Path, build: Build, tmp_path: Path
) -> None:
    said = subprocess.run(
        [str(other / "python"), "-c", "import transforms; print(transforms.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=CLEAN,
    ).stdout
    assert Path(said).is_relative_to(other.parent)
    packages = subprocess.run(
        [str(other / "pip"), "list"], check=True, capture_output=True, text=True, env=CLEAN
    ).stdout
    assert not {"torch", "pytest", "datasets", "openai"} & {line.split()[0] for line in packages.splitlines()}
    with job_server(tmp_path) as server, worker_pool(other, tmp_path) as pool:
        assert_same(build(*flags(server, pool)), corpus)
    assert started_workers(tmp_path) == 2 * 2


@pytest.mark.slow
def test_prism(corpus: Path, build: Build) -> None:
    binary = os.environ.get("PRISM")
    if not binary:
        pytest.skip("needs Beam's prism: PRISM=/path/to/prism")
    assert_same(build("--runner", "PrismRunner", "--prism_location", binary), corpus)


@pytest.mark.slow
def test_prism_with_a_worker_pool(corpus: Path, build: Build, tmp_path: Path) -> None:
    binary = os.environ.get("PRISM")
    if not binary:
        pytest.skip("needs Beam's prism: PRISM=/path/to/prism")
    with worker_pool(Path(sys.executable).parent, tmp_path, os.environ) as pool:
        outside = ("--environment_type", "EXTERNAL", "--environment_config", pool)
        assert_same(build("--runner", "PrismRunner", "--prism_location", binary, *outside), corpus)


@pytest.mark.slow
def test_flink(corpus: Path, build: Build) -> None:
    jar = os.environ.get("FLINK_JOB_SERVER_JAR")
    if not jar:
        pytest.skip("needs the jar of Beam's Flink job server: FLINK_JOB_SERVER_JAR=/path/to/jar")
    version = os.environ.get("FLINK_VERSION", "1.20")
    flink = ("--runner", "FlinkRunner", "--flink_job_server_jar", jar, "--flink_version", version)
    assert_same(build(*flink, "--parallelism", 2), corpus)
