"""Progress of a build: a bar on a terminal, plain lines elsewhere.

It counts receipts, so that it works for any runner whose workers write to this folder.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from schemas.corpus import Corpus
from transforms.step import RECEIPTS

_POLL_SECONDS = 0.3
_LINE_SECONDS = 10.0
_LOOKING_SHARE = 0.05  # of the time: to count many receipts in a store takes seconds


@contextmanager
def progress(corpus: Corpus, title: str, more: Callable[[], str] = str) -> Iterator[None]:
    """Show how many of a corpus' step-and-shard pairs are done while the body runs, and what `more` says."""
    stop = threading.Event()
    show = _bar if sys.stderr.isatty() else _lines
    thread = threading.Thread(target=show, args=(corpus, title, more, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _counts(corpus: Corpus, stop: threading.Event) -> Iterator[int]:
    """How many receipts there are, again and again until it is stopped."""
    pattern = f"*-of-{corpus.shards:05d}.json"
    pause = _POLL_SECONDS
    while not stop.wait(pause):
        started = time.monotonic()
        yield sum(1 for _ in (corpus.root / "receipts").glob(pattern))
        pause = max(_POLL_SECONDS, (time.monotonic() - started) / _LOOKING_SHARE)


def _bar(corpus: Corpus, title: str, more: Callable[[], str], stop: threading.Event) -> None:
    from tqdm import tqdm

    total = len(RECEIPTS) * corpus.shards
    with tqdm(total=total, desc=title, unit="shard-step", leave=False, dynamic_ncols=True) as bar:
        for done in _counts(corpus, stop):
            bar.set_postfix_str(more(), refresh=False)
            bar.update(done - bar.n)
            bar.refresh()


def _lines(corpus: Corpus, title: str, more: Callable[[], str], stop: threading.Event) -> None:
    total = len(RECEIPTS) * corpus.shards
    started, said = time.monotonic(), 0.0
    for done in _counts(corpus, stop):
        now = time.monotonic()
        if now - max(said, started) >= _LINE_SECONDS:
            said = now
            said_more = f"; {told}" if (told := more()) else ""
            line = f"{title}: {done} of {total} shard-steps, {now - started:.0f} s{said_more}"
            print(line, file=sys.stderr, flush=True)
