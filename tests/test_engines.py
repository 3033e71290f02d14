"""Beam's flags: the runners that a build takes, what it adds, and which flags it refuses before any work."""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import build
from pipelines.beam_flags import pipeline_options
from pipelines.engines import check_folders, engine_of, unreachable

ROOT = Path(__file__).resolve().parents[1]
FLINK = ("--runner=FlinkRunner", "--flink_master=flink:8081", "--flink_submit_uber_jar")


def options(*flags: str) -> dict[str, object]:
    return dict(pipeline_options(list(flags), shards=1).get_all_options())


def test_without_a_runner_it_is_the_one_that_downloads_nothing() -> None:
    assert options()["runner"] == "FnApiRunner"
    many = pipeline_options([], shards=1000).get_all_options()
    assert many["runner"] == "FnApiRunner"


@pytest.mark.parametrize("given", ["flink", "FLINK", "flinkrunner", "FlinkRunner"])
def test_a_runner_has_one_name(given: str) -> None:
    assert options(f"--runner={given}", *FLINK[1:])["runner"] == "FlinkRunner"


@pytest.mark.parametrize("given", ["DaskRunner", "dask", "apache_beam.runners.dask.dask_runner.DaskRunner"])
def test_dask_is_refused_with_the_reason(given: str) -> None:
    with pytest.raises(ValueError, match="loses what a bundle's end gives out"):
        options(f"--runner={given}")


def test_an_unknown_runner_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"--runner Flonk: .* FlinkRunner"):
        options("--runner=Flonk")


@pytest.mark.parametrize(
    "flags",
    [
        FLINK,
        ("--runner=SparkRunner", "--spark_master_url=spark://spark:7077", "--spark_submit_uber_jar"),
        ("--runner=PortableRunner", "--job_endpoint=host:8099"),
    ],
)
def test_workers_of_a_cluster_are_pools_beside_its_task_managers(flags: tuple[str, ...]) -> None:
    made = options(*flags)
    assert (made["environment_type"], made["environment_config"]) == ("EXTERNAL", "localhost:50000")


def test_given_environments_are_passed_through() -> None:
    made = options(
        *FLINK, "--environment_type=DOCKER", "--environment_config=irmogen:0.1.0", "--parallelism=8"
    )
    assert made["environment_config"] == "irmogen:0.1.0"
    assert made["parallelism"] == 8
    pool = options(
        *FLINK, "--environment_type=EXTERNAL", "--environment_option=external_service_address=pool:7"
    )
    assert pool["environment_config"] is None


@pytest.mark.parametrize("runner", ["PrismRunner", "FlinkRunner", "SparkRunner"])
def test_a_runner_of_this_machine_works_in_this_process(runner: str, tmp_path: object) -> None:
    if runner != "PrismRunner" and shutil.which("java") is None:
        pytest.skip("needs java")
    engine = engine_of(pipeline_options([f"--runner={runner}"], 1))
    assert engine.environment == "LOOPBACK"
    assert not engine.is_local
    check_folders(engine, {"--output": "out/demo"})


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--runner=PortableRunner",), "--job_endpoint HOST:PORT"),
        ((*FLINK, "--environment_type=LOOPBACK"), "not reached from flink:8081"),
        ((*FLINK, "--environment_type=DOCKER"), "lacks irmogen"),
        ((*FLINK, "--environment_type=CONTAINER"), "give one of LOOPBACK, EXTERNAL, PROCESS, DOCKER"),
        ((*FLINK, "--environment_type=EXTERNAL"), "--environment_config HOST:PORT"),
        ((*FLINK, "--paralelism=8"), "unknown flag --paralelism=8"),
    ],
)
def test_what_does_not_go_together_is_refused(flags: tuple[str, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        options(*flags)


def test_a_job_server_that_beam_starts_needs_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="needs java"):
        options("--runner=FlinkRunner", "--flink_master=flink:8081")
    assert options(*FLINK)["flink_submit_uber_jar"]


def test_dataflow_needs_googles_clients_and_irmogen_on_its_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.engines.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"apache-beam\[gcp\]"):
        options("--runner=DataflowRunner", "--sdk_container_image=irmogen")
    monkeypatch.setattr("pipelines.engines.find_spec", lambda name: object())
    with pytest.raises(ValueError, match="workers would lack irmogen"):
        options("--runner=DataflowRunner")
    made = options("--runner=DataflowRunner", "--sdk_container_image=irmogen")
    assert made["save_main_session"] is False
    engine = engine_of(pipeline_options(["--runner=DataflowRunner", "--sdk_container_image=irmogen"], 1))
    with pytest.raises(ValueError, match="--output /data: containers of DataflowRunner see no folder"):
        check_folders(engine, {"--input": "gs://bucket/data", "--output": "/data"})


def test_folders_that_no_worker_can_see_are_refused() -> None:
    pools = engine_of(pipeline_options([*FLINK], 1))
    check_folders(pools, {"--input": "/mnt/data", "--output": "s3://bucket/corpus", "--ledger": ""})
    with pytest.raises(ValueError, match=r"--output out/demo: .* start in other folders"):
        check_folders(pools, {"--input": "/mnt/data", "--output": "out/demo"})
    image = ["--environment_type=DOCKER", "--environment_config=irmogen:0.1.0"]
    containers = engine_of(pipeline_options([*FLINK, *image], 1))
    with pytest.raises(ValueError, match=r"--input /mnt/data: containers .*worker pools that mount it"):
        check_folders(containers, {"--input": "/mnt/data"})
    check_folders(containers, {"--input": "s3://bucket/data", "--embedder": "/models/embedder"})
    with pytest.raises(ValueError, match=r"--embedder out/embedder: .* a folder that the image holds"):
        check_folders(containers, {"--embedder": "out/embedder"})
    check_folders(engine_of(pipeline_options([], 1)), {"--output": "out/demo"})


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("localhost", 0)) as server:
        yield server.getsockname()[1]


def test_an_address_where_nothing_listens_is_a_line(listening: int) -> None:
    def lines(*flags: str) -> list[str]:
        return unreachable(engine_of(pipeline_options(list(flags), 1)))

    there = f"localhost:{listening}"
    assert lines("--runner=PortableRunner", f"--job_endpoint={there}") == []
    assert lines("--runner=FlinkRunner", f"--flink_master=http://{there}", "--flink_submit_uber_jar") == []
    (line,) = lines("--runner=PortableRunner", "--job_endpoint=localhost:1")
    assert line.startswith("--job_endpoint localhost:1: cannot be reached")
    (line,) = lines("--runner=PortableRunner", "--job_endpoint=somewhere")
    assert line == "--job_endpoint somewhere: is no HOST:PORT"
    assert lines("--runner=PrismRunner") == []
    assert lines() == []


DATAFLOW = ("RUNNER=dataflow", "PROJECT=p", "REGION=r", "TEMP=gs://b/t")


def made(target: str, *variables: str) -> subprocess.CompletedProcess[str]:
    """What make would run."""
    command = ["make", "--dry-run", "--no-print-directory", target, *variables]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("variables", "runner", "workers"),
    [
        ((), "FnApiRunner", "this process"),
        (("RUNNER=prism", "PRISM=/opt/prism"), "PrismRunner", "this process"),
        (("RUNNER=flink", "FLINK_MASTER=flink:8081"), "FlinkRunner", "worker pool at localhost:50000"),
        (("RUNNER=spark", "SPARK_MASTER=spark://s:7077", "POOL=p:9"), "SparkRunner", "worker pool at p:9"),
        (("RUNNER=portable", "JOB_ENDPOINT=h:8099"), "PortableRunner", "worker pool at localhost:50000"),
        ((*DATAFLOW, "IMAGE=r/irmogen:1"), "DataflowRunner", "containers"),
    ],
)
@pytest.mark.parametrize("target", ["build", "preflight"])
def test_make_runs_what_the_command_takes(
    target: str, variables: tuple[str, ...], runner: str, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.engines.find_spec", lambda name: object())
    monkeypatch.setattr(shutil, "which", lambda name: name)
    done = made(target, *variables, "INPUT=/in", "OUTPUT=/out", "FLAGS=--seed 3")
    (line,) = [line for line in done.stdout.splitlines() if f"irmogen {target}" in line]
    parser = argparse.ArgumentParser()
    build.add_arguments(parser)
    args, beam = parser.parse_known_args(line.split()[2:])
    assert (str(args.input), str(args.output), args.seed) == ("/in", "/out", 3)
    engine = engine_of(pipeline_options(beam, 1))
    assert (engine.name, engine.workers) == (runner, workers)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (("RUNNER=flink",), "RUNNER=flink needs FLINK_MASTER=..."),
        (("RUNNER=dataflow", "PROJECT=p"), "RUNNER=dataflow needs REGION=..."),
        (DATAFLOW, "RUNNER=dataflow needs IMAGE=..."),
        (("RUNNER=dask",), "RUNNER=dask: give one of local flink spark portable dataflow prism"),
    ],
)
def test_make_tells_what_is_not_given(variables: tuple[str, ...], told: str) -> None:
    done = made("build", *variables)
    assert done.returncode != 0
    assert told in done.stderr
