"""The ledger: an answer is durable, whole and the first of its key, whoever writes at the same time."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.first_writer import put_new
from schemas.ledger import LEDGER_VERSION, Entry, Ledger, Spent, request_key
from schemas.storage import TEMPORARY

ROOT = Path(__file__).resolve().parents[1]
TEXT = st.text(max_size=30) | st.sampled_from(["\ud800 half", "</think>", '"\n\\', "\x00", "\u2028", "動き"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
MATERIAL = st.dictionaries(TEXT, JSON, max_size=4)

# A process that keeps the answers to the same requests as others do, each with its own text.
WRITER = """
import os, sys
from pathlib import Path
sys.path.insert(0, "tests")
from test_ledger import answer
from schemas.ledger import Ledger
name, folder, first, last, links = sys.argv[1:]
if links == "without":
    def no_links(*_):
        raise OSError(95, "Operation not supported")
    os.link = no_links
ledger = Ledger(Path(folder))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(first), int(last), 4):
    asked = [answer(n, text=f"{name} {n}") for n in range(number, number + 4)]
    for entry in ledger.keep(asked):
        print(entry.key, entry.text, flush=True)
"""


def answer(number: int, **values: Any) -> Entry:
    asked = {"model": "small", "messages": [{"role": "user", "content": f"walk {number} steps"}]}
    entry = Entry(request_key(asked), "text", "stop", "", "small-1", f"id-{number}", 10, 5, False, asked)
    return dataclasses.replace(entry, **values)


def writer(name: str, folder: Path, first: int, last: int, links: str = "with") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, name, str(folder), str(first), str(last), links]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def go(process: subprocess.Popen[str]) -> None:
    """Let a writer start, once it is there."""
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


@settings(max_examples=50)
@given(TEXT, TEXT, st.integers(0, 10**6), st.booleans(), MATERIAL)
def test_what_is_kept_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    text: str,
    refusal: str,
    tokens: int,
    batch: bool,
    material: dict[str, Any],
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger"))
    entry = Entry(request_key(material), text, "stop", refusal, "m", "id", tokens, tokens, batch, material)
    assert ledger.keep([entry]) == [entry]
    assert ledger.get(entry.key) == entry


@given(MATERIAL)
def test_a_key_depends_on_values_and_not_on_the_order_of_names(material: dict[str, Any]) -> None:
    assert request_key(dict(reversed(material.items()))) == request_key(material)
    assert request_key({**material, "more": 1}) != request_key({**material, "more": 2})


def test_keys_stay_the_same_for_ever() -> None:
    # Another value here would strand every answer that anybody has paid for.
    material = {"b": [1, "ü"], "a": {"t": 0.5}}
    assert request_key(material) == "0e94205a9f96ff6cd164d5502f6cc9b74793858becd86ed1a7706ce03f2be6f3"


def test_a_key_is_refused_for_what_json_cannot_hold() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        request_key({"temperature": float("nan")})


def test_the_first_answer_to_a_request_stays(ledger: Ledger) -> None:
    first, second = answer(1, text="first"), answer(1, text="second", batch=True)
    assert ledger.keep([first]) == [first]
    assert ledger.keep([second, answer(2)]) == [first, answer(2)]
    assert ledger.keep([answer(3, text="a"), answer(3, text="b")]) == [answer(3, text="a")] * 2
    assert ledger.get(first.key) == first


def test_the_answers_of_a_large_batch_are_kept_in_their_order(ledger: Ledger) -> None:
    entries = [answer(number) for number in range(600)]
    assert ledger.keep(entries) == entries
    assert sorted(entry.key for entry in entries) == [entry.key for entry in ledger.entries()]


def test_an_answer_that_is_not_there_is_none(ledger: Ledger) -> None:
    assert ledger.get(answer(1).key) is None
    assert ledger.keep([]) == []
    assert list(ledger.entries()) == []


def test_an_answer_under_a_key_that_is_not_its_own_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="its key is not that"):
        ledger.keep([answer(1, key=answer(2).key)])
    assert not files(ledger.folder)


def test_nothing_but_answers_lies_in_the_ledger(ledger: Ledger) -> None:
    ledger.begin()
    entries = ledger.keep([answer(number) for number in range(20)])
    ledger.keep(entries)
    assert sorted(files(ledger.folder)) == sorted(ledger.path(entry.key) for entry in entries)


def test_a_void_answer_is_counted_but_not_found(ledger: Ledger) -> None:
    [old] = ledger.keep([answer(1, text="old")])
    assert ledger.void(old.key)
    assert ledger.get(old.key) is None
    assert not ledger.void(old.key)
    [new] = ledger.keep([answer(1, text="new")])
    assert ledger.void(new.key)
    [newest] = ledger.keep([answer(1, text="newest")])
    assert {(entry.text, entry.void) for entry in ledger.entries()} == {
        ("old", True),
        ("new", True),
        ("newest", False),
    }
    assert ledger.get(old.key) == newest
    assert ledger.spent() == Spent(answers=3, input_tokens=30, output_tokens=15)


def test_replays_at_once_lose_no_answer_from_the_books(ledger: Ledger) -> None:
    # Two that make an answer void and ask anew: what the second puts aside is the first one's new answer.
    def replay(name: str) -> int:
        times = 0
        for number in range(40):
            times += ledger.void(answer(1).key)
            ledger.keep([answer(1, text=f"{name} {number}")])
        return times

    with ThreadPoolExecutor(4) as pool:
        void = sum(pool.map(replay, "abcd"))
    books = list(ledger.entries())
    assert sum(entry.void for entry in books) == void >= 39
    assert len({entry.text for entry in books}) == len(books) == void + 1


def test_tokens_of_batches_are_summed_apart(ledger: Ledger) -> None:
    ledger.keep([answer(1), answer(2), answer(3, batch=True, input_tokens=7, output_tokens=2)])
    assert ledger.spent() == Spent(2, 20, 10, 1, 7, 2)


@pytest.mark.parametrize("cut", [0, 1, 100, -2])
def test_a_cut_file_is_named_with_the_remedy(ledger: Ledger, cut: int) -> None:
    [entry] = ledger.keep([answer(1)])
    path = ledger.path(entry.key)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"damaged.*restore the file, or remove it") as error:
        ledger.get(entry.key)
    assert str(path) in str(error.value)
    with pytest.raises(ValueError, match=path.name):
        list(ledger.entries())


@settings(max_examples=50)
@given(st.data())
def test_a_changed_byte_never_passes_for_another_answer(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger"))
    [entry] = ledger.keep([answer(1)])
    path = ledger.path(entry.key)
    good = path.read_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    path.write_bytes(good[:place] + bytes([good[place] ^ data.draw(st.integers(1, 255))]) + good[place + 1 :])
    try:
        found = ledger.get(entry.key)
    except ValueError as error:
        found = None
        said = str(error)
    # A blank between two values may become another blank.
    assert found == entry if found else str(path) in said


def test_an_answer_of_another_version_or_another_key_is_refused(ledger: Ledger) -> None:
    one, other = ledger.keep([answer(1), answer(2)])
    path = ledger.path(one.key)
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "version": LEDGER_VERSION + 1}), encoding="utf-8")
    with pytest.raises(ValueError, match=f"version {LEDGER_VERSION + 1}.*this code reads {LEDGER_VERSION}"):
        ledger.get(one.key)
    path.write_bytes(ledger.path(other.key).read_bytes())
    with pytest.raises(ValueError, match=f"it is the answer of key {other.key}"):
        ledger.get(one.key)


def test_what_lies_there_can_be_followed_by_people(ledger: Ledger) -> None:
    [entry] = ledger.keep([answer(1)])
    content = json.loads(ledger.path(entry.key).read_text(encoding="utf-8"))
    assert content["asked"]["messages"][0]["content"] == "walk 1 steps"
    assert content["version"] == LEDGER_VERSION


@pytest.mark.parametrize("links", ["with", "without"])
def test_processes_that_answer_the_same_requests_all_use_the_first_answers(
    tmp_path: Path, links: str
) -> None:
    writers = [writer(name, tmp_path / "ledger", 0, 60, links) for name in ("one", "two", "three")]
    for process in writers:
        go(process)
    said = [process.communicate(timeout=60)[0].splitlines() for process in writers]
    assert [process.returncode for process in writers] == [0, 0, 0]
    held = {f"{entry.key} {entry.text}" for entry in Ledger(tmp_path / "ledger").entries()}
    assert len(held) == 60
    assert [set(lines) for lines in said] == [held] * 3
    assert len(files(tmp_path)) == 60


def test_threads_that_answer_the_same_requests_all_use_the_first_answers(ledger: Ledger) -> None:
    def work(name: str) -> list[Entry]:
        return ledger.keep([answer(number, text=f"{name} {number}") for number in range(30)])

    with ThreadPoolExecutor(6) as pool:
        kept = list(pool.map(work, "abcdef"))
    assert all(entries == kept[0] for entries in kept)


@pytest.mark.parametrize("wait", [0.0, 0.02, 0.05])
def test_a_killed_writer_leaves_only_whole_answers_and_all_it_spoke_of(tmp_path: Path, wait: float) -> None:
    process = writer("one", tmp_path / "ledger", 0, 4000)
    go(process)
    assert process.stdout
    said = [process.stdout.readline().split()[0] for _ in range(8)]
    time.sleep(wait)
    os.kill(process.pid, signal.SIGKILL)
    said += [line.split()[0] for line in process.communicate()[0].splitlines() if len(line) > 65]
    held = {entry.key for entry in Ledger(tmp_path / "ledger").entries()}
    assert set(said) <= held
    assert len(held) < 4000


def test_what_a_killed_writer_left_is_cleared_after_a_day_and_not_before(ledger: Ledger) -> None:
    [entry] = ledger.keep([answer(1)])
    folder = ledger.path(entry.key).parent
    old, young = folder / f"{TEMPORARY}old.json", folder / f"{TEMPORARY}young.json"
    old.write_text("part")
    young.write_text("part")
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))
    ledger.begin()
    assert not old.exists()
    assert young.exists()
    assert list(ledger.entries()) == [entry]


def test_a_folder_that_cannot_be_written_is_named_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(PermissionError, match=r"file/ledger: cannot be written.*--ledger"):
        Ledger(tmp_path / "file" / "ledger").begin()


def test_a_sweep_of_temporary_files_costs_no_answer(tmp_path: Path) -> None:
    # A build sweeps its own folder when it begins; another one may keep its ledger there.
    paths = [(tmp_path / f"{number}.json", b"answer") for number in range(300)]
    swept = set()
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(lambda: [put_new(paths[start : start + 10]) for start in range(0, 300, 10)])
        while not work.done():
            for part in tmp_path.glob(f"{TEMPORARY}*"):
                if (name := part.name.rpartition("-")[2]) not in swept:
                    swept.add(name)
                    part.unlink(missing_ok=True)
        assert all(all(won) for won in work.result())
    assert swept
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path, _ in paths)


def test_a_folder_whose_temporary_files_always_vanish_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(os, "link", gone)
    with pytest.raises(OSError, match=r"one\.json: its temporary files vanish"):
        put_new([(tmp_path / "one.json", b"answer")])


def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


def test_a_claim_that_a_killed_process_left_holds_nobody_up_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_links(monkeypatch)
    claim = tmp_path / ".claim-one.json"
    claim.touch()
    os.utime(claim, (time.time() - 100, time.time() - 100))
    assert put_new([(tmp_path / "one.json", b"answer")]) == [True]
    assert [path.name for path in tmp_path.iterdir()] == ["one.json"]


def test_who_finds_a_claim_waits_for_the_file_of_its_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_links(monkeypatch)
    path, claim = tmp_path / "one.json", tmp_path / ".claim-one.json"
    claim.touch()
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(put_new, [(path, b"late")])
        time.sleep(0.05)
        assert not late.done()
        path.write_bytes(b"first")
        claim.unlink()
        assert late.result(timeout=10) == [False]
    assert path.read_bytes() == b"first"


def test_a_disk_that_refuses_is_an_error_and_leaves_no_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="No space left"):
        put_new([(tmp_path / "one.json", b"answer"), (tmp_path / "two.json", b"answer")])
    assert not list(tmp_path.iterdir())
