"""`irmogen chains`: chains as they are learned, for people and as JSON lines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from small_training import Ground, tiny, write_ground, write_tokens
from tiny_model import tiny_llama, tiny_motion_tokenizer, tiny_tokenizer, write_run

from pipelines.cli import main
from prompts.chain import parse
from prompts.neutral import neutral
from prompts.tasks import render_prompt
from schemas.rows import MotionRef
from trainer.examples import Examples
from trainer.language_model import load_tokenizer, word_tokenizer
from trainer.rows import StageRows
from trainer.stream import Stream

OPEN, CLOSE = "{{", "}}"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return write_ground(tmp_path_factory.mktemp("chains"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = tiny_tokenizer()
    return write_run(tmp_path_factory.mktemp("model") / "tiny", tiny_llama(tokenizer), tokenizer)


def lines(ground: Ground, output: Path, *flags: object) -> list[dict[str, Any]]:
    words = ["chains", ground.corpus.root, "--output", output, *flags]
    assert main([str(word) for word in words]) == 0
    return [json.loads(line) for line in output.read_text().splitlines()]


def chain_of(one: dict[str, Any], eos: str = "<eos>") -> str:
    """The text of a chain without its prompt and the end token."""
    text = str(one["text"])
    assert text.endswith(eos)
    return text[text.index("<think>") : -len(eos)]


def test_json_lines_hold_a_token_an_id_and_a_label_each(ground: Ground, tmp_path: Path) -> None:
    found = lines(ground, tmp_path / "chains.jsonl", "--goals", 4, "--draws", 3)
    assert len(found) == 12
    assert len({one["goal_id"] for one in found}) == 4
    assert [one["draw"] for one in found] == [0, 1, 2] * 4
    for one in found:
        assert len(one["ids"]) == len(one["labels"]) == len(one["tokens"])
        assert all(label in (-100, token) for label, token in zip(one["labels"], one["ids"], strict=True))
        chain = parse(chain_of(one))
        assert len(chain.rounds) == one["intermediate"] + 1
        assert one["text"].startswith(render_prompt("", bos="<bos>").split("\n\nUser:")[0])
        assert neutral(one["caption"]) in one["text"].split("<think>")[0]


def test_the_motions_of_a_chain_are_those_of_the_goal(ground: Ground, tmp_path: Path) -> None:
    rows, tokens = {}, {}
    for shard in range(ground.corpus.shards):
        tokens |= ground.tokens.read(shard)
        rows |= {row["goal_id"]: row for row in ground.corpus.read("stage2", shard).to_pylist()}
    for one in lines(ground, tmp_path / "chains.jsonl", "--goals", 99, "--draws", 2):
        row = rows[one["goal_id"]]
        ladder = [tokens[MotionRef(**rung["motion"])] for rung in row["ladder"]]
        *before, goal = parse(chain_of(one)).rounds
        assert goal.tokens == tokens[MotionRef(**row["motion"])]
        assert all(turn.tokens in ladder for turn in before)
        assert row["split"] == "train"


def test_draws_of_a_goal_differ_and_come_again(ground: Ground, tmp_path: Path) -> None:
    flags = ("--goals", 99, "--draws", 4)
    found = lines(ground, tmp_path / "one.jsonl", *flags)
    assert len({one["goal_id"] for one in found}) == 6
    assert len({tuple(one["ids"]) for one in found}) > 20  # of 24
    assert len({one["intermediate"] for one in found}) == 5
    assert lines(ground, tmp_path / "again.jsonl", *flags) == found
    assert lines(ground, tmp_path / "other.jsonl", *flags, "--seed", 1) != found
    few = lines(ground, tmp_path / "few.jsonl", "--goals", 2, "--draws", 1)
    assert few == [one for one in found if one["draw"] == 0][:2]


def test_a_draw_is_what_that_epoch_trains_on(ground: Ground, model: Path, tmp_path: Path) -> None:
    found = lines(ground, tmp_path / "chains.jsonl", "--goals", 99, "--draws", 2, "--model", model)
    recipe = tiny("stage2", "train.rows=1", "data.row=2048")
    rows = StageRows(ground.corpus, ground.tokens, "stage2", recipe.data)
    stream, begun = Stream(recipe, rows, Examples(load_tokenizer(str(model)))), {}
    trained: dict[tuple[str, int], tuple[list[int], list[int]]] = {}
    while True:
        row, epoch = stream.row(0, begun), stream.states[0].epoch
        if epoch > 1:
            break
        trained |= {(one.key, epoch): (one.ids, one.labels) for one in row}
    assert {(one["goal_id"], one["draw"]): (one["ids"], one["labels"]) for one in found} == trained


def test_what_bears_no_loss_is_marked(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = lines(ground, tmp_path / "chains.jsonl", "--goals", 1, "--seed", 2)[0]
    assert one["intermediate"] > 0
    capsys.readouterr()
    assert main(["chains", str(ground.corpus.root), "--goals", "1", "--seed", "2"]) == 0
    head, _, body = capsys.readouterr().out.removesuffix("\n").partition("\n")
    learned = sum(label >= 0 for label in one["labels"])
    assert (
        f"{one['goal_id']}, draw 0: {one['intermediate']} intermediate motions, {len(one['ids'])} tokens"
        in head
    )
    assert f"loss on {learned}; {OPEN}no loss{CLOSE}" in head
    silent = re.findall(r"\{\{(.*?)\}\}", body, re.DOTALL)
    said = re.split(r"\{\{.*?\}\}", body, flags=re.DOTALL)
    assert body.startswith(OPEN)
    assert silent[0].startswith("<bos>")
    assert silent[0].endswith("Response:")
    chain = parse(chain_of(one))
    motions = [
        "<Motion>" + "".join(f"<Motion_{c}>" for c in turn.tokens) + "</Motion>" for turn in chain.rounds
    ]
    assert silent[1:] == motions[:-1]
    assert motions[-1] in said[-1]
    assert "".join(said).endswith("</think><eos>")
    assert body.replace(OPEN, "").replace(CLOSE, "") == one["text"]


def test_several_chains_are_parted_by_a_blank_line(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chains", str(ground.corpus.root), "--goals", "2", "--draws", "2"]) == 0
    assert sum(line.startswith("--- small-") for line in capsys.readouterr().out.splitlines()) == 4


def test_the_split_that_is_asked_for_is_shown(ground: Ground, tmp_path: Path) -> None:
    found = lines(ground, tmp_path / "val.jsonl", "--split", "val")
    assert [one["goal_id"] for one in found] == ["small-000003-0"]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--split", "dev"], "stage2 has no goal in the split 'dev'; give another --split"),
        (["--tokens", "0badcafe"], "holds no motion tokens of the tokenizer 0badcafe; run `irmogen tokenize"),
        (["--output", "nowhere/chains.jsonl"], "nowhere does not exist; make it, or give another one"),
    ],
)
def test_what_cannot_be_shown_is_told(
    flags: list[str], told: str, ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chains", str(ground.corpus.root), *flags]) == 2
    assert told in capsys.readouterr().err


def test_tokens_of_two_tokenizers_want_a_choice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = write_ground(tmp_path)
    other = write_tokens(two.corpus, two.manifest, tiny_motion_tokenizer(seed=1)).tokenizer
    assert main(["chains", str(two.corpus.root)]) == 2
    assert "it holds those of 2 tokenizers: " in capsys.readouterr().err
    first = lines(two, tmp_path / "first.jsonl", "--tokens", two.tokens.tokenizer)
    assert lines(two, tmp_path / "other.jsonl", "--tokens", other) != first


def test_a_model_without_motion_vocabulary_is_refused(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    word_tokenizer(iter(["a man walks"]), 300).save_pretrained(tmp_path / "plain")
    assert main(["chains", str(ground.corpus.root), "--model", str(tmp_path / "plain")]) == 2
    assert "plain: the tokenizer has no motion vocabulary" in capsys.readouterr().err
    assert main(["chains", str(ground.corpus.root), "--model", str(tmp_path / "none")]) == 2
    assert "none: no such folder; give --model the folder of a model" in capsys.readouterr().err
