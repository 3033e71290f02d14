"""What a language model will be asked, before it is asked: requests and tokens.

Where ladders exist, the requests of their goals are rendered as the build renders them, answers in the
ledger are read and checked, and what is missing is counted: exact but for what faulty answers will add.
Where they do not, a few clips of the dataset are read, measured and given ladders in a temporary folder,
and what their goals need stands for all. Tokens are estimated by `prompts.requests.estimate`; what the
answers of the last run took corrects the estimate.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from motion.split_lists import SPLITS
from prompts.requests import Request, estimate_input, estimate_output
from schemas.config import BuildConfig
from schemas.ledger import Ledger
from schemas.llm_settings import LlmSettings
from schemas.prices import Price
from transforms.annotate import goal_views
from transforms.annotators import GoalView
from transforms.ladder import ladder_shard
from transforms.llm.annotator import OpenAIAnnotator
from transforms.llm.asking import PendingError, Reply
from transforms.llm.material import asked, asks_again
from transforms.llm.wire import ledger_folder, llm_settings, reply_of
from transforms.measure import measure_shard
from transforms.read import Source
from transforms.search import search_here
from transforms.step import corpus_of

SAMPLE_CLIPS = 16  # read and measured on the spot where there are no ladders
EXACT_GOALS = 2000  # whose requests are rendered at the most; of more, some shards stand for all


@dataclass(frozen=True)
class Estimate:
    """What a run will ask; the tokens are those of the requests that the ledger holds no answer of."""

    goals: int = 0
    requests: int = 0
    in_ledger: int = 0  # answers that need no request
    input_tokens: int = 0
    output_tokens: int = 0
    again: int = 0  # of the requests: those that name the faults of an answer in the ledger

    def __add__(self, other: Estimate) -> Estimate:
        """Both together."""
        return Estimate(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values())))

    def scaled(self, factor: float) -> Estimate:
        """The same for so many times the goals."""
        return Estimate(*(round(count * factor) for count in vars(self).values()))

    def money(self, price: Price, batch: bool) -> float:
        """What the tokens cost."""
        return price.cost(self.input_tokens, self.output_tokens, batch)


@dataclass(frozen=True)
class Forecast:
    """An estimate and how it was made."""

    estimate: Estimate
    method: str  # for people

    def corrected(self, truth: Truth) -> Forecast:
        """With what the last run's answers truly took."""
        if not truth.answers:
            return self
        found = replace(
            self.estimate,
            requests=round(self.estimate.requests * truth.requests),
            input_tokens=round(self.estimate.input_tokens * truth.input_tokens),
            output_tokens=round(self.estimate.output_tokens * truth.output_tokens),
        )
        return Forecast(found, f"{self.method}; corrected by {truth.answers} answers of an earlier run")


@dataclass(frozen=True)
class Truth:
    """What answers took, as factors of what was estimated. Without answers it says nothing."""

    model: str = ""
    requests_mode: str = ""
    answers: int = 0
    requests: float = 1.0  # those of faulty answers included
    input_tokens: float = 1.0  # of all requests, likewise
    output_tokens: float = 1.0

    def of(self, settings: LlmSettings) -> Truth:
        """This, where it is about the same model asked in the same way."""
        same = (self.model, self.requests_mode) == (settings.model, settings.requests)
        return self if same else Truth()


def forecast(
    config: BuildConfig, source: Source, captions: int, laddered: Sequence[int], waiting: Sequence[int]
) -> Forecast:
    """What annotating shards will ask: exact for those with ladders, out of a sample for those without.

    `captions`: caption lines of the whole input.
    """
    settings = llm_settings(config)
    exact, looked_at = _of_shards(config, settings, laddered)
    how = []
    if laddered:
        part = "" if looked_at == len(laddered) else f" of {looked_at} of {len(laddered)} shards"
        how.append(f"the requests{part} as they will be sent, answers in the ledger taken off")
    if waiting:
        sample, clips = _of_sample(config, settings, source, captions)
        exact += sample.scaled(len(waiting) / config.shards)
        how.append(f"a sample of {clips} clips measured now, for what has no current ladder")
    return Forecast(exact, "; ".join(how) or "nothing is to be asked")


def _of_shards(config: BuildConfig, settings: LlmSettings, shards: Sequence[int]) -> tuple[Estimate, int]:
    """The estimate for shards with ladders, and how many of them it was made from.

    One without goals stands for no other.
    """
    corpus = corpus_of(config)
    goals = {}
    for index in shards:
        done = corpus.read_receipt("ladder", index)
        goals[index] = done.counts["goals"].rows_out if done else 0
    total, step = sum(goals.values()), max(1, -(-sum(goals.values()) // EXACT_GOALS))
    chosen = [index for index in shards if goals[index]][::step]
    views = [view for index in chosen for view in goal_views(config, corpus, index)]
    ledger = Ledger(ledger_folder(config))
    found = of_views(settings, ledger, views, config.wordings)
    return found.scaled(total / len(views) if views else 0.0), len(chosen) if step > 1 else len(shards)


def _of_sample(
    config: BuildConfig, settings: LlmSettings, source: Source, captions: int
) -> tuple[Estimate, int]:
    """The estimate for the whole input out of a few of its clips, and their number.

    The ledger is left aside: a sample's ladders are not those of the build.
    """
    with tempfile.TemporaryDirectory(prefix="irmogen-plan-") as folder:
        small = replace(config, output=folder, shards=1, buckets=tuple((split, 1) for split in SPLITS))
        clips, seen = source.read_sample(small, SAMPLE_CLIPS)
        measure_shard(small, 0)
        ladder_shard(small, 0, dict(search_here(small))[0])
        views = goal_views(small, corpus_of(small), 0)
        found = of_views(settings, Ledger(Path(folder) / "ledger"), views, config.wordings)
    return found.scaled(captions / seen if seen else 0.0), clips


def of_views(settings: LlmSettings, ledger: Ledger, views: Sequence[GoalView], wordings: int) -> Estimate:
    """What these goals will ask: their conversations are led as far as the ledger has answers."""
    with _Counting(settings, ledger) as asker:
        writer = OpenAIAnnotator(settings, lambda: asker)
        for view in views:
            try:
                writer.annotate([view], wordings)
            except PendingError:
                continue  # what it misses is counted
        return replace(asker.found, goals=len(views))


class _Counting:
    """An asker that answers out of the ledger, and counts what it would have to ask."""

    def __init__(self, settings: LlmSettings, ledger: Ledger) -> None:
        self.settings, self.ledger = settings, ledger
        self.found = Estimate()
        self._seen: set[str] = set()

    def __enter__(self) -> _Counting:
        """Make the event loop that conversations run on."""
        self._runner = asyncio.Runner()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._runner.close()

    async def ask(self, request: Request) -> Reply:
        """The answer in the ledger; PendingError where there is none."""
        one = asked(self.settings, request)
        key = one.key
        entry = self.ledger.get(key)
        fresh = key not in self._seen
        self._seen.add(key)
        if entry is None:
            if fresh:
                tokens = estimate_input(request.as_messages()), estimate_output(request)
                self.found += Estimate(0, 1, 0, *tokens, again=int(asks_again(one.material)))
            raise PendingError(key)
        if fresh:
            self.found += Estimate(in_ledger=1)
        return reply_of(entry)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a conversation to its end."""
        return self._runner.run(work)
