"""A lock in a bucket: one holder, told by name; a dead one does not lock for ever, a slow one learns it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import irmogen

from pipelines.identity import RefusedError
from pipelines.lock import locked
from schemas import store_lock
from schemas.places import StorePath, place


def _hold(uri: str, taken: Path, free: Path) -> None:
    with locked(place(uri)):
        taken.touch()
        while not free.exists():
            time.sleep(0.02)


Holder = tuple[multiprocessing.Process, Path]


@pytest.fixture
def holder(bucket: StorePath, tmp_path: Path) -> Iterator[Holder]:
    """A process that holds the bucket's lock, and the file that lets it go."""
    taken, free = tmp_path / "taken", tmp_path / "free"
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_hold, args=(str(bucket), taken, free))
    process.start()
    until = time.monotonic() + 60
    while not taken.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    yield process, free
    process.kill()
    process.join(30)


def take(bucket: StorePath) -> None:
    """Take the lock and let it go."""
    with locked(bucket):
        assert (bucket / "build.lock").is_file()


def test_the_second_is_told_who_has_it_and_since_when(bucket: StorePath, holder: Holder) -> None:
    process, free = holder
    with pytest.raises(RefusedError, match=rf"process {process.pid} on .* since \d{{4}}-\d\d-\d\d"):
        take(bucket)
    free.touch()
    process.join(30)
    take(bucket)
    assert not (bucket / "build.lock").exists()


def test_who_was_killed_on_this_machine_holds_nothing_any_more(bucket: StorePath, holder: Holder) -> None:
    process, _ = holder
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    take(bucket)


def test_who_died_elsewhere_holds_it_until_it_was_not_renewed_for_long(
    bucket: StorePath, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, _ = holder
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    monkeypatch.setattr(store_lock, "_machine", lambda: "another")
    with pytest.raises(RefusedError, match=str(process.pid)):
        take(bucket)
    monkeypatch.setattr(store_lock, "_SILENT_SECONDS", -1.0)  # it is waited for, not refused
    monkeypatch.setattr(store_lock, "_DEAD_SECONDS", 3.0)
    take(bucket)


def test_a_living_holder_renews_it(bucket: StorePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_lock, "_RENEW_SECONDS", 0.05)
    with locked(bucket):
        before = (bucket / "build.lock").version()
        time.sleep(0.5)
        assert (bucket / "build.lock").version() != before


@pytest.mark.parametrize("why", ["taken", "silent"])
def test_who_lost_it_ends_and_touches_nothing(
    bucket: StorePath, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], why: str
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(store_lock, "_RENEW_SECONDS", 0.05)
    monkeypatch.setattr(store_lock, "_end", lambda code: (codes.append(code), ended.set()))
    codes: list[int] = []
    with locked(bucket):
        if why == "taken":
            (bucket / "build.lock").write_bytes(b'{"id": "other"}')
        else:
            monkeypatch.setattr(store_lock, "_GIVE_UP_SECONDS", 0.2)

            def refuse(*_: object, **__: object) -> None:
                raise RuntimeError("of any kind")

            monkeypatch.setattr(StorePath, "replace_version", refuse)
        assert ended.wait(20)
    assert set(codes) == {6}
    assert "is lost" in capsys.readouterr().err
    if why == "taken":
        assert (bucket / "build.lock").read_bytes() == b'{"id": "other"}'  # it is the other's


def test_an_answer_that_was_lost_is_no_lost_lock(bucket: StorePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_lock, "_RENEW_SECONDS", 0.05)
    honest, lost = StorePath.replace_version, threading.Event()

    def put_and_lose(self: StorePath, *arguments: object, **rest: object) -> object:
        made = honest(self, *arguments, **rest)  # type: ignore[arg-type]
        if not lost.is_set():
            lost.set()
            raise OSError("the answer is lost")
        return made

    monkeypatch.setattr(StorePath, "replace_version", put_and_lose)
    monkeypatch.setattr(store_lock, "_end", lambda code: pytest.fail(f"ended with {code}"))
    with locked(bucket):
        assert lost.wait(20)
        time.sleep(0.5)
        before = (bucket / "build.lock").read_bytes()
        time.sleep(0.5)
        assert (bucket / "build.lock").read_bytes() != before


def test_a_build_is_refused_while_another_holds_the_corpus(
    bucket: StorePath, holder: Holder, demo: object
) -> None:
    process, _ = holder
    refused = irmogen("build", "--input", demo, "--output", bucket, check=False)
    assert refused.returncode == 6
    assert f"process {process.pid}" in refused.stderr
