"""Readers of flags' values: what cannot be is refused before any work."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from schemas.places import is_uri, place


def at_least(least: int, most: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers that refuses smaller ones, and larger ones than the most."""

    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        if most is not None and value > most:
            raise argparse.ArgumentTypeError(f"{value} is more than {most}")
        return value

    return number


def number(least: float, most: float, above: bool = False) -> Callable[[str], float]:
    """A reader of finite numbers within bounds; with `above` the least itself is refused, too."""

    def read(text: str) -> float:
        value = float(text)
        if not math.isfinite(value) or not least <= value <= most or (above and value == least):
            limits = f"more than {least:g}" if above else f"{least:g} or more"
            raise argparse.ArgumentTypeError(
                f"{text}: give a number, {limits}" + (f", {most:g} at most" if math.isfinite(most) else "")
            )
        return value

    return read


def a_place(text: str) -> Path:
    """A reader of folders, files and URIs of buckets."""
    try:
        return place(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def a_folder(text: str) -> Path:
    """A reader of folders and files for what other libraries read or write: no bucket will do."""
    if is_uri(text):
        raise argparse.ArgumentTypeError(f"{text} is no folder of this machine: copy it to one, or from one")
    return Path(text)
