"""Flags of a language model: what does not fit is refused before any work, with the remedy."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pipelines import inputs
from pipelines.cli import main
from pipelines.llm_flags import given, llm_settings
from schemas.llm_settings import LlmSettings
from schemas.prices import load_prices

REQUIRED = ("--input", "data", "--output", "corpus")
MODEL = ("--annotator", "openai", "--model", "gpt-4o")


def parsed(*flags: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    inputs.add_arguments(parser)
    return parser.parse_args([*REQUIRED, *map(str, flags)])


def test_flags_become_settings_and_what_is_not_given_keeps_its_default() -> None:
    flags = ("--requests", "ladder", "--temperature", 0, "--budget", 2.5, "--concurrency", 8, "--fallback")
    price = load_prices("").of("gpt-4o")
    assert price is not None
    wanted = LlmSettings(
        "gpt-4o", requests="ladder", temperature=0.0, budget=2.5, price=price, concurrency=8, fallback=True
    )
    assert llm_settings(parsed(*MODEL, *flags)) == wanted
    assert llm_settings(parsed(*MODEL)) == LlmSettings("gpt-4o")
    assert llm_settings(parsed()) is None


def test_batches_have_a_share_of_failures_too() -> None:
    found = llm_settings(parsed("--annotator", "openai-batch", "--model", "m", "--stop-share", 0.9))
    assert found == LlmSettings("m", stop_share=0.9)


def test_every_setting_of_a_language_model_has_a_flag() -> None:
    # How often a broken connection is tried again is nobody's wish; the price follows from others.
    without = {"tries", "price"}
    assert set(vars(parsed())) >= set(vars(LlmSettings(""))) - without
    assert given(parsed()) == {}


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--model", "m"), "--model: --annotator kinematic asks no language model"),
        (("--fallback",), "--fallback: --annotator kinematic asks no language model"),
        (("--budget", 1), "--budget: --annotator kinematic asks no language model"),
        (("--annotator", "openai"), "needs --model"),
        ((*MODEL, "--batch-poll", 5), "--batch-poll: --annotator openai has no use for it"),
        (
            ("--annotator", "openai-batch", "--model", "m", "--concurrency", 5),
            "--concurrency: --annotator op",
        ),
        (("--annotator", "openai", "--model", "m", "--budget", 5), "has no price of model m; give --prices"),
        ((*MODEL, "--prices", "none.yaml"), "none.yaml"),
        ((*MODEL, "--base-url", "localhost:80"), "give an address such as"),
        ((*MODEL, "--ledger", __file__), "is a file; give a folder"),
    ],
)
def test_flags_that_do_not_fit_are_refused_with_the_remedy(flags: tuple[object, ...], told: str) -> None:
    with pytest.raises(ValueError, match=r".*") as refused:
        llm_settings(parsed(*flags))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "flags", [("--asks", 0), ("--top-p", 0), ("--temperature", 3), ("--budget", "nan"), ("--stop-share", 1.5)]
)
def test_values_out_of_range_are_refused(flags: tuple[object, ...]) -> None:
    with pytest.raises(argparse.ArgumentError, match=str(flags[0])):
        parsed(*MODEL, *flags)


def test_an_address_with_a_password_is_refused_and_the_password_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="OPENAI_API_KEY") as refused:
        llm_settings(parsed(*MODEL, "--base-url", "https://me:s3cret@host/v1"))
    assert "s3cret" not in str(refused.value)


def test_a_build_without_a_key_or_a_ledger_that_can_be_written_leaves_nothing_behind(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    corpus = tmp_path / "corpus"
    build = ("build", "--input", str(demo), "--output", str(corpus), *MODEL)
    assert main([*build]) == 2
    assert "OPENAI_API_KEY" in capsys.readouterr().err
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert main([*build, "--ledger", str(demo / "train.txt" / "ledger")]) == 2
    assert "give another --ledger" in capsys.readouterr().err
    assert not corpus.exists()
