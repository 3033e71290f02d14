"""`python -m trainer.launch`: starts `irmogen` on every process of a machine or of a cluster.

    python -m trainer.launch --nodes 4 --processes 8 --sharding fsdp2 -- train stage1 CORPUS --output RUN

On several machines the same line is started once on each, with MASTER_ADDR, MASTER_PORT and NODE_RANK set
(Slurm's SLURM_NODEID serves as the latter). Nothing here needs torch: it builds a command and becomes it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SHARDINGS = ("none", "ddp", "fsdp2", "zero2", "zero3")
CLUSTERS = Path(__file__).with_name("clusters")
_COMMAND = "pipelines.cli"  # what every process runs


@dataclass(frozen=True)
class Cluster:
    """The processes of a training, seen from one of its machines."""

    nodes: int = 1
    processes: int = 1  # of one machine
    sharding: str = "none"
    rank: int = 0  # of this machine, from 0
    address: str = ""  # of the machine of rank 0; needed when there are several
    port: int = 0  # 0: a free one, on one machine only
    cpu: bool = False  # processes without a GPU, which speak over gloo

    def __post_init__(self) -> None:
        """ValueError for a cluster that cannot be."""
        if self.sharding not in SHARDINGS:
            raise ValueError(f"sharding {self.sharding!r}: unknown; choose from {', '.join(SHARDINGS)}")
        if self.nodes < 1 or self.processes < 1:
            raise ValueError(f"{self.nodes} nodes with {self.processes} processes: both must be 1 or more")
        if self.world > 1 and self.sharding == "none":
            raise ValueError(
                f"{self.world} processes and sharding none: they would train {self.world} separate models; "
                "ask for ddp, fsdp2, zero2 or zero3, or for one process"
            )
        if self.world == 1 and self.sharding != "none":
            raise ValueError(f"sharding {self.sharding} of one process: ask for more processes, or for none")
        if self.cpu and self.sharding not in ("none", "ddp"):
            raise ValueError(f"sharding {self.sharding} needs GPUs; on the CPU there is only ddp")
        if self.nodes > 1 and not (self.address and self.port):
            raise ValueError(
                f"{self.nodes} nodes: MASTER_ADDR and MASTER_PORT say where they meet; set both on each, "
                f"found {self.address or 'no address'!r} and port {self.port}"
            )
        if not 0 <= self.rank < self.nodes:
            raise ValueError(f"NODE_RANK {self.rank}: must be 0 to {self.nodes - 1}, another on each machine")

    @property
    def world(self) -> int:
        """Processes of all machines."""
        return self.nodes * self.processes


def cluster_here(
    nodes: int, processes: int, sharding: str = "", cpu: bool = False, environ: Mapping[str, str] = os.environ
) -> Cluster:
    """The cluster that the environment of this machine tells of; ValueError says what is missing.

    Rank: NODE_RANK, else Slurm's SLURM_NODEID. `sharding` "" is ddp where there are several processes.
    """
    if not sharding:
        sharding = "ddp" if nodes * processes > 1 else "none"
    if nodes == 1:
        return Cluster(nodes, processes, sharding, cpu=cpu)
    rank = environ.get("NODE_RANK") or environ.get("SLURM_NODEID")
    if rank is None:
        raise ValueError(
            f"{nodes} nodes: NODE_RANK is not set; it is 0 to {nodes - 1}, another on each machine"
        )
    numbers = {"NODE_RANK": rank, "MASTER_PORT": environ.get("MASTER_PORT") or "0"}
    for name, text in numbers.items():
        if not text.isdecimal():
            raise ValueError(f"{name}={text!r}: must be a whole number")
    address = environ.get("MASTER_ADDR", "")
    port = int(numbers["MASTER_PORT"])
    return Cluster(nodes, processes, sharding, int(rank), address, port, cpu)


def command_line(cluster: Cluster, arguments: Sequence[str]) -> list[str]:
    """The command that starts `irmogen ARGUMENTS` on the processes of this machine.

    One process needs no launcher. On GPUs `accelerate launch` reads the settings in trainer/clusters/;
    it has no road for several processes on the CPU, where torchrun starts them. ValueError for a --device
    that is not the cluster's.
    """
    arguments = _on_device(cluster, arguments)
    if cluster.world == 1:
        return [sys.executable, "-m", _COMMAND, *arguments]
    if cluster.cpu:
        return [
            sys.executable,
            "-m",
            "torch.distributed.run",
            *_torchrun(cluster),
            "--module",
            _COMMAND,
            *arguments,
        ]
    launcher = [sys.executable, "-m", "accelerate.commands.launch"]
    return [*launcher, *_accelerate(cluster), "--module", _COMMAND, *arguments]


def _on_device(cluster: Cluster, arguments: Sequence[str]) -> list[str]:
    """The arguments with the cluster's device, which `irmogen` would else take to be the CPU."""
    wanted = "cpu" if cluster.cpu else "cuda"
    asked = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    asked.add_argument("--device")
    device = asked.parse_known_args(list(arguments))[0].device
    if device is None:
        return [*arguments, "--device", wanted]
    if device != wanted:
        raise ValueError(f"--device {device}: these processes train on {wanted}; leave it away, or see --cpu")
    return list(arguments)


def settings_file(cluster: Cluster) -> Path:
    """The accelerate settings of a cluster of GPUs."""
    name = cluster.sharding
    if name == "ddp":
        name = "ddp-nodes" if cluster.nodes > 1 else "ddp-one-node"
    return CLUSTERS / f"{'one-gpu' if name == 'none' else name}.yaml"


def _torchrun(cluster: Cluster) -> list[str]:
    flags = [f"--nnodes={cluster.nodes}", f"--nproc-per-node={cluster.processes}"]
    if cluster.nodes == 1:
        return [*flags, "--standalone"]
    return [
        *flags,
        f"--node-rank={cluster.rank}",
        f"--master-addr={cluster.address}",
        f"--master-port={cluster.port}",
    ]


def _accelerate(cluster: Cluster) -> list[str]:
    flags = {
        "config_file": settings_file(cluster),
        "num_machines": cluster.nodes,
        "num_processes": cluster.world,
        "machine_rank": cluster.rank,
        "main_process_port": cluster.port,
    }
    if cluster.nodes > 1:
        flags["main_process_ip"] = cluster.address
    return [f"--{name}={value}" for name, value in flags.items()]


def main(argv: Sequence[str] | None = None) -> int:
    """Become the command, or print it; returns 2 after an error that the caller can mend."""
    parser = argparse.ArgumentParser(
        prog="python -m trainer.launch", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--nodes", type=int, default=1, help="machines (default: 1)")
    parser.add_argument("--processes", type=int, default=1, help="processes of each, one a GPU (default: 1)")
    parser.add_argument(
        "--sharding", choices=SHARDINGS, default="", help="default: ddp for several processes, else none"
    )
    parser.add_argument("--cpu", action="store_true", help="processes without a GPU")
    parser.add_argument("--print", action="store_true", help="print the command and do nothing")
    parser.add_argument("arguments", nargs="+", metavar="-- ARGUMENTS", help="what follows `irmogen`")
    args = parser.parse_args(argv)
    try:
        cluster = cluster_here(args.nodes, args.processes, args.sharding, args.cpu)
        command = command_line(cluster, args.arguments)
    except ValueError as error:
        print(f"trainer.launch: {error}", file=sys.stderr)
        return 2
    if args.print:
        print(shlex.join(command))
        return 0
    sys.stdout.flush()
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main())
