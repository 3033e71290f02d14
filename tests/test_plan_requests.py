"""What is said of requests before they are sent: exact where ladders exist, a sample where not."""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines import inputs, plan_requests
from pipelines.cli import main
from pipelines.llm_run import LlmRun
from pipelines.plan import outlook
from pipelines.plan_requests import Estimate, forecast
from prompts.requests import estimate_input
from schemas.config import BuildConfig
from schemas.ledger import Entry, Ledger, request_key
from transforms.annotate import annotate_fingerprint, goal_views
from transforms.dataset_source import DatasetSource
from transforms.llm.judging import questions
from transforms.llm.material import asked as asked_of
from transforms.read import Source
from transforms.step import corpus_of

CAPTIONS = 0  # of the input: only a sample needs them


@pytest.fixture
def asked(demo: Path, corpus: Path, tmp_path: Path) -> tuple[BuildConfig, Source]:
    """The shared corpus' build as one that asks a model, in a copy that has ladders."""
    copy = tmp_path / "corpus"
    shutil.copytree(corpus, copy, ignore=shutil.ignore_patterns("report", "stage*", "quality"))
    parser = argparse.ArgumentParser()
    inputs.add_arguments(parser)
    model = ("--annotator", "openai", "--model", "gpt-4o")
    args = parser.parse_args(["--input", str(demo), "--output", str(copy), *model])
    config, found = inputs.prepare(args)
    assert isinstance(found.source, DatasetSource)
    return config, found.source


def to_annotate(config: BuildConfig, source: Source) -> tuple[list[int], list[int]]:
    return outlook(config, source, trusted=False).to_annotate()


def opened(config: BuildConfig, source: Source) -> str:
    """What a build says before it asks; nothing is sent."""
    assert config.llm is not None
    nowhere = replace(config, llm=replace(config.llm, base_url="http://127.0.0.1:9/v1"))
    return "\n".join(LlmRun(nowhere).open(source))


def rendered(config: BuildConfig, shard: int) -> list[dict[str, object]]:
    """The material of each different request of a shard's goals."""
    llm = config.llm
    assert llm is not None
    found = {}
    for view in goal_views(config, corpus_of(config), shard):
        for question in questions(view, config.wordings, llm.requests):
            one = asked_of(llm, question.request)
            found[one.key] = dict(one.material)
    return list(found.values())


def test_with_ladders_the_requests_are_counted_as_they_will_be_sent(
    asked: tuple[BuildConfig, Source],
) -> None:
    config, source = asked
    assert to_annotate(config, source) == ([0, 1], [])
    wanted = rendered(config, 0)
    found = forecast(config, source, CAPTIONS, [0], []).estimate
    assert (found.requests, found.in_ledger) == (len(wanted), 0)
    assert found.goals == len(goal_views(config, corpus_of(config), 0))
    assert found.input_tokens == sum(estimate_input(one["messages"]) for one in wanted)  # type: ignore[arg-type]


def test_answers_in_the_ledger_are_taken_off_and_faulty_ones_ask_again(
    asked: tuple[BuildConfig, Source],
) -> None:
    config, source = asked
    ledger = Ledger(Path(config.output) / "ledger")
    first = next(one for one in rendered(config, 0) if '"analyses"' in json.dumps(one["schema"]))
    before = forecast(config, source, CAPTIONS, [0], []).estimate
    entry = Entry(request_key(first), "no JSON", "stop", "", "gpt-4o", "1", 10, 5, False, first)
    ledger.keep([entry])
    after = forecast(config, source, CAPTIONS, [0], []).estimate
    assert after.in_ledger == 1
    assert after.requests == before.requests  # the faulty answer's fault is a request of its own
    assert after.input_tokens > before.input_tokens


def test_one_request_a_ladder_asks_less(asked: tuple[BuildConfig, Source]) -> None:
    config, source = asked
    assert config.llm is not None
    each = forecast(config, source, CAPTIONS, [0], []).estimate
    ladder = forecast(
        replace(config, llm=replace(config.llm, requests="ladder")), source, CAPTIONS, [0], []
    ).estimate
    assert ladder.requests <= 2 * ladder.goals < each.requests
    assert ladder.input_tokens < each.input_tokens / 2


def test_shards_without_goals_stand_for_no_others(
    asked: tuple[BuildConfig, Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, source = asked
    exact = forecast(config, source, CAPTIONS, [1], []).estimate
    corpus = corpus_of(config)
    done = corpus.read_receipt("ladder", 0)
    assert done is not None
    empty = replace(done.counts["goals"], rows_out=0)
    corpus.write_receipt(replace(done, counts={**done.counts, "goals": empty}))
    monkeypatch.setattr(plan_requests, "EXACT_GOALS", 1 + exact.goals // 2)  # every second shard is looked at
    found = forecast(config, source, CAPTIONS, [0, 1], [])
    assert found.estimate == exact
    assert "of 1 of 2 shards" in found.method


def test_without_ladders_a_sample_comes_near_and_nothing_is_written(
    asked: tuple[BuildConfig, Source], tmp_path: Path
) -> None:
    config, source = asked
    exact = forecast(config, source, CAPTIONS, [0, 1], []).estimate
    nowhere = replace(config, output=str(tmp_path / "nowhere"))
    assert to_annotate(nowhere, source) == ([], [0, 1])
    sampled = forecast(nowhere, source, outlook(nowhere, source, trusted=False).captions, [], [0, 1])
    assert "a sample of 16 clips" in sampled.method
    for name in ("requests", "input_tokens", "output_tokens"):
        assert getattr(sampled.estimate, name) == pytest.approx(getattr(exact, name), rel=0.25)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(("table", "waiting"), [("motions", [0, 1]), ("facts", [0, 1]), ("candidates", [0])])
def test_shards_wait_for_ladders_where_a_file_of_an_earlier_step_is_gone(
    asked: tuple[BuildConfig, Source], table: str, waiting: list[int]
) -> None:
    config, source = asked
    corpus_of(config).shard_path(table, 0).unlink()
    assert to_annotate(config, source) == ([each for each in (0, 1) if each not in waiting], waiting)


def test_a_build_whose_facts_are_gone_estimates_from_a_sample(asked: tuple[BuildConfig, Source]) -> None:
    config, source = asked
    corpus_of(config).shard_path("facts", 1).unlink()
    told = opened(config, source)
    assert "a sample of 16 clips measured now, for what has no current ladder" in told


def test_a_build_estimates_what_new_ladders_ask_where_the_old_ones_are_annotated(
    asked: tuple[BuildConfig, Source],
) -> None:
    config, source = asked
    corpus = corpus_of(config)
    for index in range(config.shards):
        done = corpus.read_receipt("annotate", index)
        assert done is not None
        corpus.write_receipt(replace(done, fingerprint=annotate_fingerprint(config, corpus, index)))
    assert "requests 0 " in opened(config, source)
    told = opened(replace(config, ladder=3), source)
    assert int(told.split("requests ")[1].split()[0].replace(",", "")) > 100


def test_plan_tells_requests_tokens_money_and_the_method_without_a_key(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    plan = ("plan", "--input", str(demo), "--output", str(tmp_path / "corpus"), "--annotator", "openai-batch")
    assert main([*plan, "--model", "gpt-4o", "--budget", "1000", "--requests", "ladder"]) == 0
    told = capsys.readouterr().out
    assert "(0 answers are in the ledger), input tokens" in told
    assert "estimated from a sample of 16 clips" in told
    assert "budget 1000.00 USD: is enough" in told
    assert not (tmp_path / "corpus").exists()


def test_estimates_add_up_and_scale() -> None:
    one = Estimate(1, 6, 2, 600, 60)
    assert one + one == one.scaled(2) == Estimate(2, 12, 4, 1200, 120)
