"""What asking a language model came to: the figures of a run, for the screen and for run.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.plan_requests import Estimate, Truth
from schemas.llm_settings import LlmSettings
from schemas.prices import Price
from transforms.llm.run_state import Status, Stop

_LEAST_ANSWERS = 20  # fewer say little about the next run
_FACTORS = (0.2, 5.0)  # within which a run corrects the next plan
_NOW = ("in_flight", "limit", "batches", "batch_requests")  # counts that mean nothing after a run


@dataclass(frozen=True)
class Asking:
    """The language model of a run, and what was expected of it."""

    settings: LlmSettings
    price: Price | None  # None: not known
    currency: str
    planned: Estimate  # before the run, corrected by an earlier one
    raw: Estimate  # the same, not corrected
    batch: bool  # asked through batches, at their price

    def money(self, status: Status) -> float | None:
        """What the answers that were counted cost; None where no price is known."""
        if self.price is None:
            return None
        online = self.price.cost(status.input_tokens, status.output_tokens)
        return online + self.price.cost(status.batch_input_tokens, status.batch_output_tokens, batch=True)

    def expected(self) -> float | None:
        """What the run was planned to cost; None where no price is known."""
        return None if self.price is None else self.planned.money(self.price, self.batch)

    def shown(self, amount: float | None) -> str:
        """An amount as people read it; small ones with more digits."""
        if amount is None:
            return "not known"
        return f"{amount:.{2 if amount >= 1 or not amount else 4}f} {self.currency}"


def tokens(status: Status) -> tuple[int, int]:
    """Input and output tokens of a run's answers, batches included."""
    return (
        status.input_tokens + status.batch_input_tokens,
        status.output_tokens + status.batch_output_tokens,
    )


def summary_lines(asking: Asking, status: Status, letters: Mapping[str, int]) -> list[str]:
    """The figures of a run. `letters`: the corpus' goals that got no annotations, by reason."""
    taken_in, put_out = tokens(status)
    raw = asking.raw
    put_out_planned = status.answers * raw.output_tokens / raw.requests if raw.requests else 0
    lines = [
        f"language model {asking.settings.model}",
        f"{'':<16}{'planned':>14}{'answered':>14}{'estimated for these':>21}",
        f"{'requests':<16}{asking.planned.requests:>14,}{status.answers:>14,}",
        _tokens("input tokens", asking.planned.input_tokens, taken_in, status.estimated_input_tokens),
        _tokens("output tokens", asking.planned.output_tokens, put_out, put_out_planned),
    ]
    planned, spent = asking.shown(asking.expected()), asking.shown(asking.money(status))
    lines.append(f"{'money':<16}{planned:>14}{spent:>14}")
    lines.append(
        f"{status.from_ledger} answers were in the ledger; "
        f"{status.rejected} tries were rejected (429), {status.refused} refused (other 4xx), "
        f"{status.failed_tries} failed otherwise"
    )
    lines.append(
        f"answers that failed the checks: {_by_reason(status.faults)}; "
        f"{status.asked_again} answers came to requests that name such faults"
    )
    if letters:
        lines.append(f"goals without annotations: {_by_reason(letters)}")
    return lines


def _by_reason(counts: Mapping[str, int]) -> str:
    """How many in all, and for which reasons, the commonest first."""
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    reasons = ", ".join(f"{reason} {count}" for reason, count in common)
    return f"{sum(counts.values())} ({reasons})" if reasons else "0"


def _tokens(name: str, planned: int, true: int, estimated: float) -> str:
    error = f" ({100 * (estimated / true - 1):+.0f}%)" if true else ""
    return f"{name:<16}{planned:>14,}{true:>14,}{f'{estimated:,.0f}{error}':>21}"


def run_notes(asking: Asking, status: Status, stop: Stop | None, seconds: float) -> dict[str, Any]:
    """What run.json keeps of a run."""
    return {
        "model": asking.settings.model,
        "requests": asking.settings.requests,
        "planned": dict(vars(asking.planned)),
        "counts": {name: count for name, count in vars(status).items() if name not in _NOW},
        "money": asking.money(status),
        "currency": asking.currency,
        "answers_per_second": round(status.answers / max(seconds, 1e-9), 2),
        "stopped": dict(vars(stop)) if stop else None,
    }


def truth_of(asking: Asking, status: Status) -> Truth | None:
    """What a run's answers took compared with what was estimated; None where they are too few."""
    raw = asking.raw
    # A run that goes on asks again for answers of the last one, too: the estimate holds these requests.
    unplanned = max(0, status.asked_again - raw.again)
    first = status.answers - unplanned
    if first < _LEAST_ANSWERS or not raw.requests:
        return None
    taken_in, put_out = tokens(status)
    return Truth(
        asking.settings.model,
        asking.settings.requests,
        status.answers,
        _factor(status.answers, first),
        _factor(taken_in / first, raw.input_tokens / raw.requests),
        _factor(put_out / first, raw.output_tokens / raw.requests),
    )


def _factor(true: float, estimated: float) -> float:
    low, high = _FACTORS
    return round(min(max(true / estimated, low), high), 4) if estimated else 1.0
