"""What a language model answered for a corpus, one by one, out of the ledger: nothing is asked again."""

from __future__ import annotations

import asyncio
import json
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.answer_checks import Fault
from evaluators.scoring import annotator_name
from prompts.requests import Request
from schemas.config import BuildConfig
from schemas.corpus import Corpus, open_corpus
from schemas.ledger import Ledger
from schemas.places import place
from transforms.annotate import goal_views
from transforms.annotators import GoalView
from transforms.llm.asking import AskError, Reply
from transforms.llm.conversation import converse
from transforms.llm.judging import Judged, Question, judge, questions
from transforms.llm.material import asked
from transforms.llm.wire import ledger_folder, llm_settings, reply_of

_WIDTH = 100
_EXCERPT = 240  # characters of an answer that an example shows


@dataclass(frozen=True)
class Answered:
    """One answer, and what the checks made of it."""

    goal_id: str
    caption: str
    kind: str  # of the request: analysis, goal, candidate, ladder
    ask: int  # 1 for the first answer, 2 for the one after its faults were named, ...
    text: str
    faults: tuple[Fault, ...]  # of all motions that it speaks of


def account(config: BuildConfig) -> list[Answered]:
    """All answers that a build went by, goal by goal, judged as it judged them."""
    return asyncio.run(_account(config))


async def _account(config: BuildConfig) -> list[Answered]:
    settings = llm_settings(config)
    corpus, _ = open_corpus(place(config.output))
    ledger = _FromLedger(config)
    answers: list[Answered] = []
    for index in range(corpus.shards):
        for view in goal_views(config, corpus, index):
            for question in questions(view, config.wordings, settings.requests):
                await converse(ledger, question, _noting(view, question, answers), settings.asks)
    return answers


class _FromLedger:
    """Answers what the ledger holds, and nothing else."""

    def __init__(self, config: BuildConfig) -> None:
        self._settings = llm_settings(config)
        self._ledger = Ledger(ledger_folder(config))

    async def ask(self, request: Request) -> Reply:
        """The answer that was given; AskError where none was."""
        entry = self._ledger.get(asked(self._settings, request).key)
        if entry is None:
            raise AskError("request_failed", "there is no answer in the ledger")
        return reply_of(entry)

    def run(self, work: Any) -> Any:
        """Run a coroutine to its end."""
        return asyncio.run(work)


def _noting(
    view: GoalView, question: Question, answers: list[Answered]
) -> Callable[[Reply], Mapping[str, Judged]]:
    """The build's judgement, which writes down what it judged."""
    before = len(answers)

    def noted(reply: Reply) -> Mapping[str, Judged]:
        judged = judge(view, question, reply)
        faults = dict.fromkeys(fault for part in judged.values() for fault in part.faults)
        number = len(answers) - before + 1
        text = reply.text or reply.refusal
        answers.append(
            Answered(view.goal_id, view.caption, question.request.kind, number, text, tuple(faults))
        )
        return judged

    return noted


def written(answers: Sequence[Answered], goals: int | None = None) -> list[str]:
    """Caption beside answers and verdicts, of the first so many goals, or all."""
    by_goal: dict[str, list[Answered]] = {}
    for answer in answers:
        by_goal.setdefault(answer.goal_id, []).append(answer)
    lines = []
    for goal_id, found in list(by_goal.items())[:goals]:
        lines += ["", f"{goal_id}: {found[0].caption}"]
        for answer in found:
            verdict = ", ".join(dict.fromkeys(fault.code for fault in answer.faults)) or "passes"
            lines += _indented(f"{answer.kind}, answer {answer.ask} [{verdict}]: {_plain(answer.text)}", 2)
    return lines


def refused(answers: Sequence[Answered]) -> list[str]:
    """How many answers failed, why, and an example of each reason."""
    failed = [answer for answer in answers if answer.faults]
    codes = Counter(code for answer in failed for code in {fault.code for fault in answer.faults})
    lines = [f"{len(failed)} of {len(answers)} answers failed; an answer may fail for several reasons"]
    for code, count in codes.most_common():
        example, fault = next(
            (answer, fault) for answer in failed for fault in answer.faults if fault.code == code
        )
        lines += ["", f"{code}: {count} answers, such as {example.goal_id}, {example.kind}"]
        lines += _indented(f"it wrote: {textwrap.shorten(_plain(example.text), _EXCERPT)}", 2)
        lines += _indented(f"the check: {fault.detail}", 2)
    return lines


def ended(corpora: Mapping[str, Path]) -> list[str]:
    """What became of the goals of each corpus, and who wrote the texts that are in it."""
    lines = []
    for name, root in corpora.items():
        corpus, manifest = open_corpus(root)
        counts = manifest["steps"]["annotate"]["goals"]
        chains, dead = manifest["tables"]["stage2"]["rows"], _dead(corpus)
        lines.append(f"{name}: {counts['rows_in']} goals, {chains} chains, {sum(dead.values())} dead letters")
        lines += [f"  {count:>4} goals left at step {place}" for place, count in sorted(dead.items())]
        lines += [f"  {count:>4} texts by {author}" for author, count in sorted(_authors(corpus).items())]
    return lines


def _dead(corpus: Corpus) -> Counter[str]:
    """Dead letters by step and reason."""
    steps = ("read", "measure", "ladder", "annotate", "assemble")
    rows = [
        row
        for index in range(corpus.shards)
        for step in steps
        for row in _letters(corpus, step, index)
    ]  # fmt: skip
    return Counter(f"{row['step']}: {row['reason']}" for row in rows)


def _letters(corpus: Corpus, step: str, index: int) -> list[dict[str, Any]]:
    from schemas.shards import read_shard

    path = corpus.shard_path("dead_letters", index, step)
    return read_shard(path, "dead_letters").to_pylist() if path.exists() else []


def _authors(corpus: Corpus) -> Counter[str]:
    rows = [row for index in range(corpus.shards) for row in corpus.read("annotations", index).to_pylist()]
    return Counter(annotator_name(row) for row in rows)


def _plain(text: str) -> str:
    """An answer on one line; JSON without the space that a model puts into it."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return " ".join(text.split())


def _indented(text: str, depth: int) -> list[str]:
    first, rest = " " * depth, " " * (depth + 2)
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=rest)
