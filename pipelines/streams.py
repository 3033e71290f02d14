"""What a command prints: on a pipe that its reader may close, of file names that may be no UTF-8."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable

Run = Callable[[argparse.Namespace], int]


def ends_with_its_reader(run: Run) -> Run:
    """A command that ends quietly, exit code 0, when the reader of its output has seen enough."""

    @functools.wraps(run)
    def quiet(args: argparse.Namespace) -> int:
        try:
            code = run(args)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered must not fail at the interpreter's end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return code

    return quiet


def printable(name: object) -> str:
    """A path or id as text that UTF-8 can hold: bytes of a file name that are none become \\xe9."""
    return os.fsencode(str(name)).decode("utf-8", "backslashreplace")
