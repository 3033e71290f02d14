"""Whether the sharding that was asked for is in force, and every process has a device of its own.

accelerate falls back without a word: FSDP or DeepSpeed that is asked for on the CPU becomes data parallel,
one process that sees several GPUs becomes torch's old DataParallel. What is really there is read from the
accelerator when a trainer was made, and from the wrapped model when training begins.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.distributed.fsdp import FSDPModule, FullyShardedDataParallel
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DataParallel, DistributedDataParallel

_REMEDY = {
    "none": "start one process that sees one device (CUDA_VISIBLE_DEVICES=0), without a launcher",
    "ddp": "start it with `python -m trainer.launch --sharding ddp`, with --cpu where there is no GPU",
    "fsdp2": "it needs two GPUs or more: `python -m trainer.launch --sharding fsdp2`",
    "zero2": "it needs GPUs and `pip install deepspeed`: `python -m trainer.launch --sharding zero2`",
    "zero3": "it needs GPUs and `pip install deepspeed`: `python -m trainer.launch --sharding zero3`",
}


def require_sharding(trainer: Any, wanted: str = "") -> None:
    """Check processes, devices and sharding of a made trainer now, and of its wrapped model when it begins.

    `wanted` "": what the launcher asked for. ValueError says what was found and what to do.
    """
    from transformers import TrainerCallback

    wanted = wanted or asked_sharding()
    check_processes(trainer.accelerator)
    check_sharding(trainer, wanted)

    class Beginning(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            check_sharding(trainer, wanted, prepared=True)

    trainer.add_callback(Beginning())


def asked_sharding(environ: Mapping[str, str] = os.environ) -> str:
    """The sharding that this process' launcher asked for, by the variables that it sets."""
    if environ.get("ACCELERATE_USE_DEEPSPEED", "").lower() == "true":
        return f"zero{environ.get('ACCELERATE_DEEPSPEED_ZERO_STAGE', '2')}"
    if environ.get("ACCELERATE_USE_FSDP", "").lower() == "true":
        return f"fsdp{environ.get('FSDP_VERSION', '1')}"
    return "ddp" if int(environ.get("WORLD_SIZE", "1")) > 1 else "none"


def check_sharding(trainer: Any, wanted: str, *, prepared: bool = False) -> None:
    """ValueError where another sharding is in force than `wanted`, or one whose model cannot be saved.

    `trainer` is a transformers or TRL trainer, or an Accelerator. `prepared`: training has begun, so that the
    trainer's wrapped model is looked at, not only the accelerator's settings.
    """
    if wanted not in _REMEDY:
        raise ValueError(f"sharding {wanted!r}: unknown; choose from {', '.join(_REMEDY)}")
    accelerator = getattr(trainer, "accelerator", trainer)
    found = sharding_of(trainer.model_wrapped) if prepared else _of_settings(accelerator)
    if found != wanted:
        raise ValueError(
            f"sharding {wanted} was asked for, {found} is in force "
            f"({accelerator.num_processes} processes, {accelerator.device}): {_REMEDY[wanted]}"
        )
    _check_saving(accelerator, wanted)


def sharding_of(model: nn.Module) -> str:
    """How a model is wrapped for training on several devices; "none" where it is not."""
    if isinstance(model, FSDPModule):
        sharded = any(isinstance(parameter, DTensor) for parameter in model.parameters())
        return "fsdp2" if sharded else "fsdp2 without a sharded parameter"
    if isinstance(model, FullyShardedDataParallel):
        return "fsdp1"
    if isinstance(model, DistributedDataParallel):
        return "ddp"
    if isinstance(model, DataParallel):
        return "DataParallel"
    if type(model).__name__ == "DeepSpeedEngine":  # deepspeed is not imported where it is not used
        engine: Any = model
        return f"zero{engine.zero_optimization_stage()}"
    return "none"


def check_processes(accelerator: Any, environ: Mapping[str, str] = os.environ) -> None:
    """ValueError where processes do not know of each other, or share a device."""
    tasks = int(environ.get("SLURM_STEP_NUM_TASKS") or 1)
    if tasks > 1 and "WORLD_SIZE" not in environ:
        raise ValueError(
            f"srun started {tasks} tasks without a launcher: each would train a model of its own over the "
            "others'; start one task a machine, as trainer/clusters/train.slurm does"
        )
    world = int(environ.get("WORLD_SIZE", "1"))
    if accelerator.num_processes != world:
        raise ValueError(
            f"the launcher started {world} processes (WORLD_SIZE), accelerate joined "
            f"{accelerator.num_processes}: unset WORLD_SIZE and ACCELERATE_* of an earlier run, and "
            "start with `python -m trainer.launch`"
        )
    if world > 1:
        _check_devices(accelerator)


def _check_devices(accelerator: Any) -> None:
    from accelerate.utils import gather_object

    seen: dict[tuple[str, str], int] = {}
    places = gather_object([(socket.gethostname(), str(accelerator.device))])
    kinds = {device.split(":")[0] for _, device in places}
    if len(kinds) > 1:
        listed = ", ".join(f"rank {rank}: {device} of {host}" for rank, (host, device) in enumerate(places))
        raise ValueError(
            f"processes train on different kinds of devices ({listed}); check each machine's GPUs"
        )
    for rank, place in enumerate(places):
        if place in seen and kinds != {"cpu"}:
            raise ValueError(
                f"ranks {seen[place]} and {rank} share {place[1]} of {place[0]}: "
                "ask for as many processes as the machine has GPUs"
            )
        seen[place] = rank


def _of_settings(accelerator: Any) -> str:
    kind = accelerator.distributed_type.value
    if kind == "FSDP":
        return f"fsdp{accelerator.state.fsdp_plugin.fsdp_version}"
    if kind == "DEEPSPEED":
        return f"zero{accelerator.state.deepspeed_plugin.zero_stage}"
    if kind == "NO":
        return "none"
    return "ddp" if kind.startswith("MULTI_") else kind.lower()


def _check_saving(accelerator: Any, sharding: str) -> None:
    """With some settings a Trainer writes no model at the end, or an empty one."""
    if sharding == "fsdp2" and "FULL_STATE_DICT" not in str(accelerator.state.fsdp_plugin.state_dict_type):
        kind = accelerator.state.fsdp_plugin.state_dict_type
        raise ValueError(
            f"fsdp_state_dict_type {kind}: the trained model would not be written; set FULL_STATE_DICT"
        )
    if sharding == "zero3" and not accelerator.state.deepspeed_plugin.zero3_save_16bit_model:
        raise ValueError(
            "zero3_save_16bit_model is false: the trained model would not be written; set it to true"
        )
