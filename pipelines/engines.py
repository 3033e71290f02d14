"""Beam's runners as a build knows them: which are refused, where workers run, which folders those can see."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from schemas.places import is_uri

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

POOL = "localhost:50000"  # of the worker pool beside each task manager
FLINK, SPARK, PRISM, PORTABLE = "FlinkRunner", "SparkRunner", "PrismRunner", "PortableRunner"
DATAFLOW = "DataflowRunner"
ENVIRONMENTS = ("LOOPBACK", "EXTERNAL", "PROCESS", "DOCKER")
_JOB_SERVERS = (FLINK, SPARK, PRISM, PORTABLE)
_MASTERS = {FLINK: "flink_master", SPARK: "spark_master_url"}
_OWN_MASTER = re.compile(r"\[(local|auto)\]|local(\[.+\])?")  # the runner starts a cluster for itself
_CONNECT_SECONDS = 5.0
IN_IMAGE = ("--embedder",)  # folders that no bucket can hold: containers have them in their image


@dataclass(frozen=True)
class Engine:
    """A runner, by Beam's spelling, and the values of all of Beam's flags."""

    name: str
    values: Mapping[str, Any]

    @property
    def is_local(self) -> bool:
        """Whether the runner starts its workers itself, from this installation and in this folder."""
        return self.name not in _JOB_SERVERS and self.name != DATAFLOW

    @property
    def master(self) -> str:
        """Address of the Flink or Spark cluster; empty where the runner starts one for itself."""
        given = str(self.values.get(_MASTERS.get(self.name, "")) or "").strip()
        return "" if _OWN_MASTER.fullmatch(given) else given

    @property
    def environment(self) -> str:
        """How workers come to be, one of ENVIRONMENTS, or what was given instead."""
        if self.name == DATAFLOW:
            return "DOCKER"
        given = str(self.values["environment_type"] or "LOOPBACK")
        return given.split(":")[2].upper() if given.startswith("beam:env:") else given

    @property
    def pool(self) -> str:
        """The worker pool of EXTERNAL workers, as their machine sees it; empty where none is given."""
        options = self.values["environment_options"] or []
        named = [
            option.partition("=")[2] for option in options if option.startswith("external_service_address=")
        ]
        config = str(self.values["environment_config"] or "").strip() or "".join(named[:1])
        return str(json.loads(config).get("url", "")) if config.startswith("{") else config

    @property
    def workers(self) -> str:
        """Where the workers run, in words."""
        if self.environment == "EXTERNAL":
            return f"worker pool at {self.pool}"
        words = {
            "LOOPBACK": "this process",
            "PROCESS": "processes beside task managers",
            "DOCKER": "containers",
        }
        return words[self.environment]


def engine_of(options: PipelineOptions) -> Engine:
    """The engine of checked options (pipelines/beam_flags.py)."""
    values = options.get_all_options()
    return Engine(str(values["runner"]), values)


def runner_name(given: str) -> str:
    """A runner's name as Beam spells it; ValueError for one that cannot build a corpus."""
    from apache_beam.options.pipeline_options import StandardOptions

    if given.rsplit(".", 1)[-1].lower() in ("dask", "daskrunner"):
        raise ValueError(
            f"--runner {given}: it loses what a bundle's end gives out and mixes tagged outputs, and reports "
            "success (Beam 2.77); take FnApiRunner on one machine, Flink, Spark or Dataflow on several"
        )
    names = {name.lower(): name for name in StandardOptions.KNOWN_RUNNER_NAMES}
    found = names.get(given.lower()) or names.get(f"{given.lower()}runner")
    if found is None and "." not in given:
        raise ValueError(f"--runner {given}: Beam has no such runner; it has {', '.join(names.values())}")
    return found or given


def defaults(engine: Engine) -> list[str]:
    """Flags that a cluster's runner needs and nobody gave."""
    if engine.name == DATAFLOW and engine.values["save_main_session"] is None:
        return ["--no_save_main_session"]  # nothing that is sent lies in __main__
    starts_own = engine.name == PRISM or (engine.name in _MASTERS and not engine.master)
    if engine.name not in _JOB_SERVERS or engine.values["environment_type"]:
        return []
    if starts_own:
        return ["--environment_type=LOOPBACK"]
    return ["--environment_type=EXTERNAL", *([] if engine.pool else [f"--environment_config={POOL}"])]


def check(engine: Engine) -> None:
    """ValueError for flags of a cluster that do not go together."""
    if engine.name == DATAFLOW:
        _check_dataflow(engine)
    if engine.name not in _JOB_SERVERS:
        return
    how = engine.environment
    if engine.name == PORTABLE and not engine.values["job_endpoint"]:
        raise ValueError("--runner PortableRunner: give --job_endpoint HOST:PORT, or --runner FlinkRunner")
    if how not in ENVIRONMENTS:
        raise ValueError(f"--environment_type {how}: give one of {', '.join(ENVIRONMENTS)}")
    if how == "EXTERNAL" and not engine.pool:
        raise ValueError("--environment_type EXTERNAL: give the worker pool, --environment_config HOST:PORT")
    if how == "LOOPBACK" and engine.master:
        raise ValueError(
            f"--environment_type LOOPBACK: workers in this process are not reached from {engine.master}; "
            f"give EXTERNAL and worker pools beside task managers (make worker-pool), or DOCKER and an image"
        )
    if how == "DOCKER" and not _image(engine):
        raise ValueError(
            "--environment_type DOCKER: Beam's own image lacks irmogen; "
            "give --environment_config IMAGE (make image)"
        )
    _check_java(engine)


def _image(engine: Engine) -> str:
    options = engine.values["environment_options"] or []
    named = [option for option in options if option.startswith("docker_container_image=")]
    return str(engine.values["environment_config"] or "".join(named[:1]))


def _check_dataflow(engine: Engine) -> None:
    try:
        there = find_spec("google.cloud.storage")
    except ModuleNotFoundError:
        there = None
    if there is None:
        raise ValueError("--runner DataflowRunner: needs Google's clients; pip install 'apache-beam[gcp]'")
    if not any(engine.values[flag] for flag in ("sdk_container_image", "extra_packages", "setup_file")):
        raise ValueError(
            "--runner DataflowRunner: its workers would lack irmogen; give --sdk_container_image "
            "(make image) or --extra_package with the wheel (make wheel)"
        )


def _check_java(engine: Engine) -> None:
    """Beam starts the job server of Flink and Spark itself where none is named."""
    kind = engine.name.removesuffix("Runner").lower()
    needed = engine.name in _MASTERS and not engine.values["job_endpoint"]
    if needed and not engine.values[f"{kind}_submit_uber_jar"] and shutil.which("java") is None:
        raise ValueError(
            f"--runner {engine.name}: its job server needs java on the PATH; install it, or give "
            f"--job_endpoint or --{kind}_submit_uber_jar"
        )


def check_folders(engine: Engine, folders: Mapping[str, str]) -> None:
    """ValueError for a path, by flag, that the workers cannot see whatever is mounted where."""
    if engine.is_local or engine.environment == "LOOPBACK":
        return
    for flag, path in folders.items():
        if not path or is_uri(path):
            continue
        if engine.environment == "DOCKER":
            if flag in IN_IMAGE and path.startswith("/"):
                continue  # the preflight looks for it there
            mounted = "" if engine.name == DATAFLOW else ", or worker pools that mount it (EXTERNAL)"
            remedy = f"an s3:// or gs:// URI{mounted}"
            if flag in IN_IMAGE:
                remedy = f"the whole path of a folder that the image holds (docs/cluster.md){mounted}"
            raise ValueError(
                f"{flag} {path}: containers of {engine.name} see no folder of a machine; give {remedy}"
            )
        if not path.startswith("/"):
            uri = "" if flag in IN_IMAGE else ", or an s3:// or gs:// URI"
            raise ValueError(
                f"{flag} {path}: workers of {engine.name} start in other folders; give the whole path of a "
                f"folder that all machines mount{uri}"
            )


def unreachable(engine: Engine) -> list[str]:
    """A line where nothing listens at the address of the job server or the cluster."""
    flag, address = _address(engine)
    if not address:
        return []
    target = urlsplit(address if "://" in address else f"//{address}")
    try:
        host, port = target.hostname, target.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        return [f"{flag} {address}: is no HOST:PORT"]
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error)
        return [f"{flag} {address}: cannot be reached ({reason}); start it, or give its address"]
    return []


def _address(engine: Engine) -> tuple[str, str]:
    """What the submitter talks to, and its flag; empty where Beam starts it."""
    if engine.name in _JOB_SERVERS and engine.values["job_endpoint"]:
        endpoint = str(engine.values["job_endpoint"])
        return "--job_endpoint", "" if endpoint == "embed" else endpoint
    master = engine.master
    # Several masters, or a resource manager's name, are no one address.
    return f"--{_MASTERS.get(engine.name)}", "" if "," in master or ":" not in master else master
