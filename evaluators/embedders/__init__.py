"""Embedders of texts and motions: one interface, and the kinds that there are."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from evaluators.embedders.base import Embedder, Text, embed_motions, embed_texts
from schemas.places import is_uri

__all__ = ["KINDS", "Embedder", "Text", "embed_motions", "embed_texts", "embedder", "embedder_of"]

# kind -> module and its loader, which takes folder, skeleton and device; torch is imported with it.
KINDS = {
    "builtin": ("evaluators.embedders.builtin", "load"),
    "guo": ("evaluators.embedders.guo", "load"),
    "tmr": ("evaluators.embedders.tmr", "load"),
    "motionpatches": ("evaluators.embedders.motionpatches", "load"),
}


def embedder(kind: str, folder: Path, skeleton: str, device: str = "cpu") -> Embedder:
    """The embedder of a kind from its folder, for motions of a skeleton.

    ValueError names what is missing in the folder, or the kinds that there are, and says what to do.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown embedder {kind!r}: choose one of {', '.join(KINDS)}")
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; give the folder of a {kind} embedder")
    module, name = KINDS[kind]
    try:
        load: Callable[[Path, str, str], Embedder] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"the embedder {kind} needs the package {error.name}: install irmogen[eval]"
        ) from error
    check_device(device)
    return load(folder, skeleton, device)


def check_device(device: str) -> None:
    """ValueError where torch knows no such device, or this machine has none."""
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0]
        raise ValueError(
            f"--device {device}: cannot be used here ({why}); give another, such as cpu"
        ) from error


def embedder_of(text: str, skeleton: str, device: str = "cpu") -> Embedder:
    """The embedder that a flag names: KIND:FOLDER, or the FOLDER of a built-in one."""
    if is_uri(text):
        raise ValueError(f"--embedder {text}: is read from a folder of this machine; copy it to one")
    kind, _, folder = text.rpartition(":")
    return embedder(kind or "builtin", Path(folder), skeleton, device)
