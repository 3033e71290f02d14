"""Readers of flags' values: what cannot be is refused before any work."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from schemas.places import place


def at_least(least: int) -> Callable[[str], int]:
    """A reader of whole numbers that refuses smaller ones."""

    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is less than {least}")
        return value

    return number


def a_place(text: str) -> Path:
    """A reader of folders, files and URIs of buckets."""
    try:
        return place(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def a_folder(text: str) -> Path:
    """A reader of folders and files for what other libraries read or write: no bucket will do."""
    if "://" in text:
        raise argparse.ArgumentTypeError(f"{text} is no folder of this machine: copy it to one, or from one")
    return Path(text)
