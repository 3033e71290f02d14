"""Flags about the language model that annotates, and the settings that they make."""

from __future__ import annotations

import argparse
import dataclasses
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pipelines.flag_values import at_least, number
from schemas.llm_settings import REQUESTS, LlmSettings
from schemas.places import place
from schemas.prices import Price, Prices, load_prices

ONLINE, BATCH = "openai", "openai-batch"
_BOTH = (ONLINE, BATCH)
_DEFAULT = LlmSettings("")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """All flags of a language model."""
    group = parser.add_argument_group(
        "language model (--annotator openai or openai-batch)",
        "The key of the endpoint is read from the environment, OPENAI_API_KEY.",
    )
    _add(group, "model", str, "NAME", "as the endpoint names it")
    _add(group, "requests", str, None, "one a motion, or one for a goal and its whole ladder", REQUESTS)
    _add(group, "temperature", number(0, 2), "T", "default: the endpoint's")
    _add(group, "top_p", number(0, 1, above=True), "P", "default: the endpoint's")
    _add(group, "max_tokens", at_least(16), "N", "of the answer about one motion, thinking included")
    _add(group, "asks", at_least(1), "N", "times that an answer is asked for until it passes the checks")
    group.add_argument(
        "--fallback",
        action="store_true",
        default=None,
        help="the kinematic annotator writes what no answer passes for, marked as its own "
        "(default: the goal is left out, with its reason)",
    )
    _add(group, "ledger", str, "DIR", "where answers are kept for ever (default: OUTPUT/ledger)")
    add_free_arguments(group)


def add_free_arguments(group: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """The flags that may differ from run to run of the same corpus: they change no answer."""
    _add(group, "base_url", str, "URL", "of an OpenAI-compatible endpoint (default: OpenAI's)")
    _add(group, "concurrency", at_least(1), "N", "requests in flight in a worker process, at most")
    _add(group, "requests_per_minute", at_least(1), "N", "of all workers (default: no limit of ours)")
    _add(group, "tokens_per_minute", at_least(1), "N", "likewise")
    _add(group, "timeout", number(0, math.inf, above=True), "S", "seconds for one try")
    _add(group, "stop_share", number(0, 1, above=True), "P", "share of failed tries that stops the run")
    _add(
        group,
        "budget",
        number(0, math.inf, above=True),
        "MONEY",
        "of this run; it stops before (default: none)",
    )
    _add(group, "prices", str, "FILE", "price table (default: the package's)")
    _add(group, "batch_poll", number(0, math.inf, above=True), "S", "seconds between looks at a batch")


def _add(
    group: argparse.ArgumentParser | argparse._ArgumentGroup,
    setting: str,
    kind: Callable[[str], Any],
    metavar: str | None,
    text: str,
    choices: tuple[str, ...] | None = None,
) -> None:
    """A flag whose absence can be told from its default."""
    default = getattr(_DEFAULT, setting)
    shown = (
        ""
        if "default" in text or not default
        else f" (default {default:g})"
        if isinstance(default, float)
        else f" (default {default})"
    )
    group.add_argument(flag(setting), type=kind, metavar=metavar, choices=choices, help=text + shown)


def flag(setting: str) -> str:
    """The flag of a setting."""
    return "--" + setting.replace("_", "-")


_ONLY = {  # settings that mean something to one of the two only
    "concurrency": ONLINE,
    "requests_per_minute": ONLINE,
    "tokens_per_minute": ONLINE,
    "batch_poll": BATCH,
}
FREE = ("base_url", *_ONLY, "stop_share", "timeout", "budget", "prices")
_SETTINGS = ("model", "requests", "temperature", "top_p", "max_tokens", "asks", "fallback", "ledger", *FREE)


def given(args: argparse.Namespace, settings: tuple[str, ...] = _SETTINGS) -> dict[str, Any]:
    """The settings of a language model that flags were given for."""
    return {name: value for name in settings if (value := getattr(args, name)) is not None}


def llm_settings(args: argparse.Namespace) -> LlmSettings | None:
    """The settings that the flags ask for, None for an annotator that is no language model.

    ValueError names flags that do not fit each other, a price that is missing, an address or a folder
    that cannot be. Nothing is written and nobody asked.
    """
    values = given(args)
    if args.annotator not in _BOTH:
        if values:
            first = flag(next(iter(values)))
            raise ValueError(
                f"{first}: --annotator {args.annotator} asks no language model; "
                f"leave it out, or give --annotator openai"
            )
        return None
    for name, annotator in _ONLY.items():
        if name in values and args.annotator != annotator:
            raise ValueError(f"{flag(name)}: --annotator {args.annotator} has no use for it; leave it out")
    if not values.get("model"):
        raise ValueError(f"--annotator {args.annotator} needs --model, the name of the model to ask")
    settings = LlmSettings(**values)
    _check_url(settings.base_url)
    _check_ledger(settings.ledger)
    _, price = price_of(settings)
    return dataclasses.replace(settings, price=price if settings.budget else None)


def price_of(settings: LlmSettings) -> tuple[Prices, Price | None]:
    """The price table and the model's price in it; ValueError where a budget has no price to go by."""
    prices = load_prices(settings.prices)
    price = prices.of(settings.model)
    if price is None and settings.budget:
        raise ValueError(
            f"--budget {settings.budget:g}: {prices.source} has no price of model {settings.model}; "
            "give --prices FILE with one, or leave the budget out"
        )
    return prices, price


def _check_url(url: str) -> None:
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"--base-url {url.rsplit('@', 1)[-1]}: give an address such as http://localhost:8000/v1"
        )
    if parts.username is not None or parts.password is not None or parts.query:
        raise ValueError(
            f"--base-url of {parts.hostname}: leave user, password and query out; "
            "the key belongs into the environment, OPENAI_API_KEY"
        )


def _check_ledger(folder: str) -> None:
    path = place(folder)
    if folder and path.exists() and not path.is_dir():
        raise ValueError(f"--ledger {folder}: is a file; give a folder")
