"""Ctrl-C of a build that pays for answers: once ends it cleanly, twice at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT_INTERRUPTED = 130


@contextmanager
def graceful(stop: Callable[[], None]) -> Iterator[None]:
    """While the body runs, the first Ctrl-C calls `stop` and a second one ends the process with 130.

    `stop` is called in a thread of its own. Only for the main thread. A terminal sends Ctrl-C to the
    processes that this one has started, too: they must ignore it (see pipelines/job.py).
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    listener = threading.Thread(target=_listen, args=(reading, stop), daemon=True)
    # The main thread may sleep in a lock or in foreign code, so that a handler in Python would not run;
    # the interpreter writes the signal's number to the pipe at once, whichever thread it comes to.
    handler = signal.signal(signal.SIGINT, lambda *_: None)
    pipe = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(pipe)
        signal.signal(signal.SIGINT, handler)
        os.close(writing)
        listener.join()
        os.close(reading)


def _listen(pipe: int, stop: Callable[[], None]) -> None:
    """Act on each Ctrl-C until the pipe is closed."""
    interrupted = False
    while numbers := os.read(pipe, 64):
        for _ in range(numbers.count(signal.SIGINT)):
            if interrupted:
                print("\ninterrupted twice: ended at once", file=sys.stderr, flush=True)
                os._exit(EXIT_INTERRUPTED)
            interrupted = True
            try:
                stop()
            except Exception as error:  # the thread must live on: the next Ctrl-C is for it
                print(
                    f"\nthe run cannot be told to end ({error}); Ctrl-C again ends it at once",
                    file=sys.stderr,
                    flush=True,
                )
