"""Starting a training on a cluster: command lines, settings, the Slurm script, what is in force."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.launch import CLUSTERS, Cluster, cluster_here, command_line, main

ROOT = Path(__file__).resolve().parents[1]
TRAIN = ["train", "stage1", "out/a corpus", "--output", "out/run"]
MEETING = {"MASTER_ADDR": "node-0", "MASTER_PORT": "29400"}
GPUS = [(1, 8, "ddp"), (4, 8, "ddp"), (2, 8, "fsdp2"), (1, 2, "fsdp2"), (4, 8, "zero2"), (1, 8, "zero3")]


@pytest.mark.parametrize("file", sorted(CLUSTERS.glob("*.yaml")), ids=lambda file: file.stem)
def test_accelerate_reads_every_settings_file(file: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    settings = load_config_from_file(str(file))
    assert settings.num_processes >= settings.num_machines
    assert settings.mixed_precision is None  # it would outvote the recipe


@pytest.mark.parametrize(("nodes", "processes", "sharding"), GPUS)
def test_accelerate_understands_the_command_line_as_it_is_meant(
    nodes: int, processes: int, sharding: str
) -> None:
    """It goes through accelerate's own reader; what that would tell the processes is what was asked."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env

    from trainer.sharding import asked_sharding

    environ = MEETING | {"SLURM_NODEID": str(nodes - 1)}
    command = command_line(cluster_here(nodes, processes, sharding, environ=environ), TRAIN)
    assert command[:3] == [sys.executable, "-m", "accelerate.commands.launch"]
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args(command[3:]))
    args.deepspeed_fields_from_accelerate_config = ""
    told = prepare_deepspeed_cmd_env(args)[1] if args.use_deepspeed else prepare_multi_gpu_env(args)
    assert asked_sharding(told | {"WORLD_SIZE": str(args.num_processes)}) == sharding
    assert int(args.nproc_per_node) == processes
    started = [True, "pipelines.cli", *TRAIN, "--device", "cuda"]
    assert [args.module, args.training_script, *args.training_script_args] == started
    if nodes > 1:
        assert (int(args.nnodes), args.node_rank, args.rdzv_endpoint) == (nodes, nodes - 1, "node-0:29400")
    if sharding == "fsdp2":
        assert told["FSDP_STATE_DICT_TYPE"] == "FULL_STATE_DICT"
    if sharding == "zero3":
        assert told["ACCELERATE_DEEPSPEED_ZERO3_SAVE_16BIT_MODEL"] == "true"
    if args.use_deepspeed:  # absent: DeepSpeed takes the recipe's
        assert not {"ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "ACCELERATE_GRADIENT_CLIPPING"} & set(told)


def test_one_process_starts_without_a_launcher(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print", "--", *TRAIN]) == 0
    started = [sys.executable, "-m", "pipelines.cli", *TRAIN]
    assert shlex.split(capsys.readouterr().out) == [*started, "--device", "cuda"]


@pytest.mark.parametrize(("cpu", "device"), [(False, "cuda"), (True, "cpu")])
def test_processes_train_on_the_device_that_they_were_started_for(cpu: bool, device: str) -> None:
    """`irmogen` takes the CPU where no device is named: eight GPUs would stand still."""
    cluster = cluster_here(1, 8, cpu=cpu, environ={})
    assert command_line(cluster, TRAIN)[-2:] == ["--device", device]
    assert command_line(cluster, [*TRAIN, f"--device={device}"])[-1] == f"--device={device}"
    other = {"cuda": "cpu", "cpu": "cuda"}[device]
    with pytest.raises(ValueError, match=f"--device {other}: these processes train on {device}"):
        command_line(cluster, [*TRAIN, "--device", other])


def test_processes_without_gpus_are_started_by_torchrun() -> None:
    environ = MEETING | {"NODE_RANK": "1", "SLURM_NODEID": "0"}
    command = command_line(cluster_here(2, 3, cpu=True, environ=environ), TRAIN)
    told = [
        "--nnodes=2",
        "--nproc-per-node=3",
        "--node-rank=1",
        "--master-addr=node-0",
        "--master-port=29400",
    ]
    assert command[1:3] == ["-m", "torch.distributed.run"]
    assert command[3:] == [*told, "--module", "pipelines.cli", *TRAIN, "--device", "cpu"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"sharding": "fsdp"}, "fsdp2"),
        ({"processes": 2}, "separate models"),
        ({"sharding": "zero2"}, "more processes"),
        ({"sharding": "fsdp2", "processes": 2, "cpu": True}, "GPUs"),
        ({"nodes": 2, "sharding": "ddp"}, "MASTER_ADDR"),
        ({"nodes": 2, "sharding": "ddp", "address": "a", "port": 1, "rank": 2}, "NODE_RANK 2"),
        ({"processes": 0}, "1 or more"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(asked: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Cluster(**asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", ["NODE_RANK", "MASTER_ADDR", "MASTER_PORT"])
def test_a_machine_that_does_not_know_its_place_is_refused(missing: str) -> None:
    environ = MEETING | {"NODE_RANK": "0"}
    del environ[missing]
    with pytest.raises(ValueError, match=missing):
        cluster_here(2, 8, environ=environ)
    with pytest.raises(ValueError, match="NODE_RANK='first'"):
        cluster_here(2, 8, environ=MEETING | {"NODE_RANK": "first"})


def executable(path: Path, lines: str) -> str:
    path.write_text(f"#!/bin/bash\n{lines}\n")
    path.chmod(0o755)
    return str(path)


def test_the_slurm_script_starts_one_launcher_a_machine(tmp_path: Path) -> None:
    """Run by bash; srun and scontrol are stand-ins that start the task of both "machines" in turn."""
    executable(tmp_path / "scontrol", "printf 'gpu-7\\ngpu-8\\n'")
    executable(
        tmp_path / "srun",
        'while [[ $1 == --* ]]; do shift; done\nfor node in 0 1; do SLURM_NODEID=$node "$@"; done',
    )
    python = executable(tmp_path / "python", f'exec {sys.executable} "${{@:1:2}}" --print "${{@:3}}"')
    slurm = {
        "SLURM_SUBMIT_DIR": str(ROOT),
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_JOB_NODELIST": "gpu-[7-8]",
        "SLURM_JOB_ID": "41234",
        "SLURM_GPUS_ON_NODE": "8",
    }
    environ = os.environ | slurm | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": python}
    script = str(CLUSTERS / "train.slurm")
    done = subprocess.run(
        ["bash", script, *TRAIN[1:]], env=environ | {"SHARDING": "zero2"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    wanted = [
        command_line(Cluster(2, 8, "zero2", rank, "gpu-7", 21234), TRAIN)  # 20000 + the job's number
        for rank in range(2)
    ]
    assert [shlex.split(line) for line in done.stdout.splitlines()] == wanted


PROBE = """
import sys
from types import SimpleNamespace
import torch
from accelerate import Accelerator
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from trainer.sharding import asked_sharding, check_processes, check_sharding, sharding_of

def refused(check, *given, **named):
    try:
        check(*given, **named)
    except ValueError as error:
        return str(error)

accelerator = Accelerator(cpu=True)
check_processes(accelerator)
trainer = SimpleNamespace(accelerator=accelerator, model_wrapped=accelerator.prepare(torch.nn.Linear(4, 4)))
said = [asked_sharding(), refused(check_sharding, accelerator, asked_sharding())]
said += [refused(check_sharding, trainer, asked_sharding(), prepared=True)]
said += [refused(check_sharding, accelerator, "ddp"), refused(check_sharding, trainer, "ddp", prepared=True)]
said += [refused(check_processes, accelerator, {"WORLD_SIZE": "16"})]
said += [refused(check_processes, accelerator, {"SLURM_STEP_NUM_TASKS": "2"})]
sharded = torch.nn.Linear(4, 4)
fully_shard(sharded, mesh=init_device_mesh("cpu", (2,)))
said += [sharding_of(sharded), sharding_of(torch.nn.Linear(4, 4))]
if accelerator.is_main_process:
    print(said)
torch.distributed.destroy_process_group()
"""


def torchrun(script: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node=2",
        str(script),
    ]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
    )


def test_sharding_that_fell_back_to_data_parallel_is_refused(tmp_path: Path) -> None:
    """Two real processes over gloo: accelerate takes FSDP on the CPU for DDP without a word."""
    (tmp_path / "probe.py").write_text(PROBE)
    done = torchrun(tmp_path / "probe.py", {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"})
    assert done.returncode == 0, done.stderr
    said = eval(done.stdout)
    fallen = "sharding fsdp2 was asked for, ddp is in force (2 processes, cpu"
    assert said[0] == "fsdp2"
    assert said[1].startswith(fallen)
    assert said[2].startswith(fallen)
    assert said[3] is said[4] is None
    assert "16 processes (WORLD_SIZE), accelerate joined 2" in said[5]
    assert "2 tasks without a launcher" in said[6]
    assert said[7:] == ["fsdp2", "none"]


TRAINING = """
import sys
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments
from trainer.sharding import require_sharding

size = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "num_key_value_heads": 2}
model = LlamaForCausalLM(LlamaConfig(vocab_size=32, num_hidden_layers=1, **size))
settings = {"use_cpu": True, "max_steps": 1, "report_to": [], "save_strategy": "no", "disable_tqdm": True}
data = [{"input_ids": [1, 2, 3], "labels": [1, 2, 3]}] * 4
trainer = Trainer(model=model, args=TrainingArguments(sys.argv[0] + ".out", **settings), train_dataset=data)
require_sharding(trainer, "ddp")
trainer.train()
trainer.model_wrapped = model
try:
    trainer.callback_handler.on_train_begin(trainer.args, trainer.state, trainer.control)
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_trainer_is_looked_at_again_when_training_begins(tmp_path: Path) -> None:
    (tmp_path / "training.py").write_text(TRAINING)
    done = torchrun(tmp_path / "training.py", {})
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("sharding ddp was asked for, none is in force") == 2
