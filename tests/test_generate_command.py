"""`irmogen generate`: a model that knows a few answers by heart, on a small corpus."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from small_corpus import write_corpus
from tiny_model import ANSWERS, CHAIN, teach, tiny_llama, tiny_motion_tokenizer, tiny_tokenizer, write_run

from motion.skeleton import skeleton
from pipelines import generate
from pipelines.cli import main
from pipelines.evaluation_checks import check_set
from pipelines.evaluation_input import NamedSet
from prompts.chain import parse, render
from prompts.tasks import SLOTS, motion_text, render_instruction
from schemas.generation_set import GenerationSet, open_set
from trainer.examples import encode_prompt

CLIPS = (
    ("000001", "test", 0, ("a man walks", "she waves"), (None, None)),
    ("000002", "test", 1, ("a person jumps",), (None,)),
    ("000003", "val", 0, ("a person kneels",), (None,)),
)
CAPTIONS = {
    "small-000001-0": "a man walks",
    "small-000001-1": "she waves",
    "small-000002-0": "a person jumps",
}
FLAGS = ("--split", "test", "--batch", "4", "--max-new-tokens", "150", "--temperature", "0.2")


@pytest.fixture(scope="module")
def goals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    write_corpus(root, clips=CLIPS)
    return root


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, goals: Path) -> Path:
    """A model that was taught the answers to the prompts that the command makes of these goals."""
    tokenizer = tiny_tokenizer()
    lessons = []
    for goal_id, caption in CAPTIONS.items():
        for task, answer in ANSWERS.items():
            first = ANSWERS["t2m_direct_generation"]
            shown = first if task.startswith("tm2") else motion_text(codes_of(goals))
            slots = {"caption": caption, "motion": shown, "instruction": "Go on."}
            filled = {name: slots[name] for name in SLOTS[task]}
            instruction = render_instruction(task, filled, f"generate 0 {goal_id}")
            lessons.append((encode_prompt(tokenizer, instruction), answer))
    llama = tiny_llama(tokenizer, spread=0.05)
    teach(llama, tokenizer, lessons)
    return write_run(tmp_path_factory.mktemp("model") / "tiny-stage2", llama, tokenizer)


def codes_of(goals: Path) -> tuple[int, ...]:
    """Codes of the motion of the goals' first clip."""
    from schemas.corpus import open_corpus
    from schemas.gathering import gather
    from schemas.rows import MotionRef

    reference = MotionRef("motions", "000001", 0, 60)
    features = gather(open_corpus(goals)[0], [reference])[reference]
    return tiny_motion_tokenizer().encode([features])[0]


def made(model: Path, goals: Path, output: Path, mode: str, *flags: object) -> GenerationSet:
    words = ["generate", "--model", model, "--goals", goals, "--mode", mode, "--output", output]
    assert main([*map(str, [*words, *FLAGS, *flags])]) == 0
    found = open_set(output)
    check_set(NamedSet("set", found), skeleton("t2m"))
    return found


def rows_of(found: GenerationSet) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    generations: list[dict[str, Any]] = []
    rounds: list[dict[str, Any]] = []
    for table, motions in found.tables():
        generations += table.to_pylist()
        rounds += motions.to_pylist()
    return generations, rounds


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def texts(generations: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {row["generation_id"]: row["text"] for row in generations}


def tokens(rounds: Sequence[dict[str, Any]]) -> set[tuple[int, ...]]:
    return {tuple(row["tokens"]) for row in rounds}


def test_chains_come_with_their_rounds_and_features(
    model: Path, goals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = made(model, goals, tmp_path / "chain", "chain")
    generations, rounds = rows_of(found)
    assert {row["goal_id"]: row["caption"] for row in generations} == CAPTIONS
    assert {row["text"] for row in generations} == {render(CHAIN)}
    assert all(parse(row["text"]) == CHAIN for row in generations)
    assert tokens(rounds) == {(1, 2, 3), (4, 5)}
    assert {(row["round"], row["assessment"], row["refinement"]) for row in rounds} == {
        (0, "It is late.", "Go."),
        (1, "It fits.", "None."),
    }
    features = tiny_motion_tokenizer().decode([(1, 2, 3)])[0]
    assert all(row["features"] == features.tolist() for row in rounds if row["round"] == 0)
    assert {row["frames"] for row in rounds} == {12, 8}
    info = found.info
    assert (info.model, info.mode, info.split) == ("tiny-stage2", "chain", "test")
    assert info.notes["settings"]["stage"] == "stage2"
    assert info.notes["counts"]["strict"] == 3
    said = capsys.readouterr().out
    assert "a second" in said
    assert "in the strict format 100.0%" in said


def test_every_mode_of_motions(model: Path, goals: Path, tmp_path: Path) -> None:
    wanted = {"direct": {(7, 8, 9)}, "refine": {(7, 8, 9), (10, 11)}, "chain-first": {(1, 2, 3)}}
    for mode, codes in wanted.items():
        generations, rounds = rows_of(made(model, goals, tmp_path / mode, mode))
        assert len(generations) == 3
        assert tokens(rounds) == codes
    refined = [row for row in rounds if row["refinement"]]
    assert not refined  # of the chain's first motion nothing is said yet
    _, rounds = rows_of(open_set(tmp_path / "refine"))
    assert {row["refinement"] for row in rounds if row["round"] == 0} == {"Go on."}


def test_a_limit_of_rounds(model: Path, goals: Path, tmp_path: Path) -> None:
    found = made(model, goals, tmp_path / "one", "chain", "--max-rounds", 1)
    generations, rounds = rows_of(found)
    assert tokens(rounds) == {(1, 2, 3)}
    assert all(row["text"].endswith("Refinement: Go.[/assess]") for row in generations)
    assert found.info.notes["counts"]["cut"] == 3
    assert "cut behind their last round" in found.info.notes["max_rounds"]


def test_robust_begins_with_the_motion_of_another_clip(model: Path, goals: Path, tmp_path: Path) -> None:
    generations, rounds = rows_of(made(model, goals, tmp_path / "robust", "robust"))
    first = {row["generation_id"]: row for row in rounds if row["injected"]}
    assert len(first) == 3
    for row in generations:
        assert row["shown"]["id"] == row["shown_id"] != row["goal_id"].split("-")[1]
        begun = first[row["generation_id"]]
        assert begun["round"] == 0
        assert motion_text(begun["tokens"]) in row["text"]
    own = [row for row in generations if row["shown_id"] == "000001"]
    assert own
    assert all(tuple(first[row["generation_id"]]["tokens"]) == codes_of(goals) for row in own)


def test_captions_and_verdicts(model: Path, goals: Path, tmp_path: Path) -> None:
    generations, rounds = rows_of(made(model, goals, tmp_path / "caption", "caption"))
    assert not rounds
    assert {row["shown_id"] for row in generations} == set(CAPTIONS)
    assert [row["answer"] for row in generations if "000001" in row["goal_id"]] == ["a man steps"] * 2
    generations, rounds = rows_of(made(model, goals, tmp_path / "judge", "judge"))
    assert not rounds
    assert len(generations) == 3 * 5  # the goal's motion and its ladder of four
    shown = {row["shown_id"] for row in generations if row["goal_id"] == "small-000002-0"}
    assert shown == {"small-000002-0", *(f"small-000002-0-k{rank}" for rank in range(4))}
    verdicts = [row["verdict"] for row in generations]
    assert all(verdict == round(verdict, 3) for verdict in verdicts)
    assert len(set(verdicts)) > 1


def test_samples_and_limits(model: Path, goals: Path, tmp_path: Path) -> None:
    short = ("--max-new-tokens", 30)
    one, _ = rows_of(made(model, goals, tmp_path / "one", "direct", "--temperature", 3, *short))
    two, _ = rows_of(
        made(model, goals, tmp_path / "two", "direct", "--temperature", 3, *short, "--samples", 2)
    )
    assert len(two) == 6
    assert texts([row for row in two if row["sample"] == 0]) == texts(one)
    assert len(set(texts(two).values())) == 6
    few, _ = rows_of(made(model, goals, tmp_path / "few", "direct", "--temperature", 3, *short, "--limit", 2))
    assert len(few) == 2
    assert texts(few).items() <= texts(one).items()


def test_a_killed_run_goes_on_and_a_finished_one_rests(
    model: Path,
    goals: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(generate, "_A_SHARD", 1)
    root = tmp_path / "set"
    made(model, goals, root, "robust")
    whole = digests(root)
    capsys.readouterr()
    made(model, goals, root, "robust", "--batch", 1)
    assert "nothing to do" in capsys.readouterr().out
    assert digests(root) == whole
    # Killed while the second shard was written: the manifest is not there, the record tells of the others.
    (root / "manifest.json").unlink()
    (root / "rounds" / "rounds-00001-of-00003.parquet").write_bytes(b"half")
    made(model, goals, root, "robust", "--batch", 3)
    assert "2 of 3 completions are there already" in capsys.readouterr().out
    assert digests(root) == whole


def test_processes_share_a_set_and_may_change_in_number(
    model: Path,
    goals: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One of three processes is killed; two go on: each shard is made once, the bytes are those of one."""
    monkeypatch.setattr(generate, "_A_SHARD", 1)
    made(model, goals, tmp_path / "whole", "robust")
    made_shards: list[int] = []
    make = generate._shard

    def noted(args: Any, place: tuple[int, int], *rest: Any) -> Any:
        made_shards.append(place[0])
        return make(args, place, *rest)

    monkeypatch.setattr(generate, "_shard", noted)
    root = tmp_path / "set"
    words = ["generate", "--model", model, "--goals", goals, "--mode", "robust", "--output", root, *FLAGS]

    def start(rank: int, world: int) -> str:
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("WORLD_SIZE", str(world))
        capsys.readouterr()
        assert main([*map(str, words)]) == 0
        return capsys.readouterr().out

    assert "1 of 3 shards are done, process 2 of 3 has made all of its own" in start(2, 3)
    assert "2 of 3 shards are done, process 0 of 3" in start(0, 3)
    assert not (root / "manifest.json").exists()
    assert "2 of 3 shards are done, process 0 of 2" in start(0, 2)
    assert "3 completions in" in start(1, 2)
    assert made_shards == [2, 0, 1]
    assert digests(root) == digests(tmp_path / "whole")
    assert "nothing to do" in start(0, 2)


@pytest.mark.slow
def test_a_launcher_starts_processes_that_share_a_set(model: Path, goals: Path, tmp_path: Path) -> None:
    """Two samples a goal, a shard a goal; each process makes its own."""
    flags = ("--samples", "200", "--max-new-tokens", "4")  # a shard holds one goal's
    made(model, goals, tmp_path / "one", "direct", *flags)
    words = ["generate", "--model", model, "--goals", goals, "--mode", "direct", "--output", tmp_path / "two"]
    launched = [sys.executable, "-m", "trainer.launch", "--cpu", "--processes", "2", "--"]
    done = subprocess.run(
        [*launched, *map(str, [*words, *FLAGS, *flags])], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("has made all of its own") <= 1
    assert digests(tmp_path / "two") == digests(tmp_path / "one")
    assert len(list((tmp_path / "two/parts").iterdir())) == 3


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--seed", "1"), "seed: 0 -> 1"),
        (("--mode", "chain"), 'mode: "direct" -> "chain"'),
    ],
)
def test_other_settings_do_not_mix(
    model: Path,
    goals: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
    told: str,
) -> None:
    root = tmp_path / "set"
    made(model, goals, root, "direct")
    before = digests(root)
    words = ["generate", "--model", model, "--goals", goals, "--mode", "direct", "--output", root]
    assert main([*map(str, [*words, *FLAGS, *flags])]) == 2
    assert told in capsys.readouterr().err
    assert digests(root) == before


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--mode", "direct", "--temperature", "0"), "must be above 0"),
        (("--mode", "direct", "--greedy", "--samples", "2"), "same completion"),
        (("--mode", "direct", "--max-rounds", "2"), "no rounds to limit"),
        (("--mode", "direct", "--split", "dev"), "has no goals in the split 'dev'"),
        (("--mode", "direct", "--device", "tpu7"), "--device tpu7"),
        (("--mode", "direct", "--model", "nowhere"), "nowhere: holds no finished training"),
    ],
)
def test_what_cannot_be_is_told_before_any_work(
    model: Path,
    goals: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
    told: str,
) -> None:
    words = ["generate", "--model", model, "--goals", goals, "--output", tmp_path / "set", *FLAGS, *flags]
    assert main([*map(str, words)]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_only_a_model_of_chains_judges(
    model: Path, goals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = tiny_tokenizer()
    run = write_run(tmp_path / "stage1", tiny_llama(tokenizer), tokenizer, stage="stage1")
    words = ["generate", "--model", run, "--goals", goals, "--mode", "judge", "--output", tmp_path / "set"]
    assert main([*map(str, words)]) == 2
    assert "trained on chains (stage2 or stage3), this is of stage1" in capsys.readouterr().err


def test_a_model_of_another_skeleton_is_refused(
    goals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = tiny_tokenizer()
    run = write_run(tmp_path / "kit", tiny_llama(tokenizer), tokenizer, body="kit")
    words = ["generate", "--model", run, "--goals", goals, "--mode", "direct", "--output", tmp_path / "set"]
    assert main([*map(str, words)]) == 2
    assert "its motions are of t2m, the motion tokenizer" in capsys.readouterr().err


def test_a_model_that_talks_nonsense_is_generated_too(goals: Path, tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    run = write_run(tmp_path / "random", tiny_llama(tokenizer), tokenizer)
    for mode in ("chain", "robust"):
        flags = ("--temperature", "4", "--max-new-tokens", "40", "--samples", "2")
        generations, rounds = rows_of(made(run, goals, tmp_path / mode, mode, *flags))
        assert len(generations) == 6
        assert json.dumps([row["text"] for row in generations])
        assert sum(row["rounds"] for row in generations) == len(rounds)


def test_the_folder_of_other_things_is_refused(
    model: Path, goals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").touch()
    words = ["generate", "--model", model, "--goals", goals, "--mode", "direct", "--output", tmp_path]
    assert main([*map(str, words)]) == 2
    assert "'thesis.tex', which is no part of generations" in capsys.readouterr().err
