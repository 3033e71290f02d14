"""What the fake endpoint counts, so that a test can compare it with what a client counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.fake_llm.chat import Completion
    from schemas.prices import Prices


def messages_digest(messages: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of a request's messages: which requests are the same."""
    import hashlib
    import json

    text = json.dumps(messages, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Books:
    """Counts since the start or the last reset."""

    def __init__(self, prices: Prices | None = None) -> None:
        self._prices = prices
        self.in_flight = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything but what is in flight."""
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.tokens: dict[str, Counter[str]] = {}  # by model
        self.asked: Counter[str] = Counter()  # by digest of the messages
        self.answered: Counter[str] = Counter()
        self.max_in_flight = self.in_flight

    def arrived(self, digest: str, kind: str, batch: bool = False) -> None:
        """A request came in; a line of a batch that is worked on is one too."""
        self.counts["batch_requests" if batch else "requests"] += 1
        self.counts["asked_after_answer"] += digest in self.answered
        self.kinds[kind] += 1
        self.asked[digest] += 1

    def began(self) -> None:
        """A request was admitted."""
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def ended(self) -> None:
        """An admitted request is answered, failed or given up by its client."""
        self.in_flight -= 1

    def sent(self, digest: str, model: str, completion: Completion, batch: bool = False) -> None:
        """An answer went out whole: it is billed."""
        prefix = "batch_" if batch else ""
        self.counts[f"{prefix}answered"] += 1
        self.answered[digest] += 1
        self.counts["unread"] += not completion.read
        if completion.fault:
            self.faults[completion.fault] += 1
        used = self.tokens.setdefault(model, Counter())
        used[f"{prefix}input_tokens"] += completion.tokens[0]
        used[f"{prefix}output_tokens"] += completion.tokens[1]

    def money(self) -> float | None:
        """What all answers cost; None without a price table, or for a model that it does not know."""
        total = 0.0
        for model, used in self.tokens.items():
            price = self._prices.of(model) if self._prices else None
            if price is None:
                return None
            total += price.cost(used["input_tokens"], used["output_tokens"])
            total += price.cost(used["batch_input_tokens"], used["batch_output_tokens"], batch=True)
        return total

    def stats(self) -> dict[str, Any]:
        """Everything counted, as plain values."""
        used: Counter[str] = Counter()
        for of_model in self.tokens.values():
            used.update(of_model)
        names = ("requests", "answered", "rejected", "failed", "unread", "asked_after_answer")
        batch = ("batches", "batch_requests", "batch_answered", "batch_failed", "batch_expired")
        tokens = ("input_tokens", "output_tokens", "batch_input_tokens", "batch_output_tokens")
        return {
            **{name: self.counts[name] for name in (*names, *batch)},
            **{name: used[name] for name in tokens},
            "money": self.money(),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "distinct_requests": len(self.asked),
            "repeated_requests": sum(1 for times in self.asked.values() if times > 1),
            "faults": dict(sorted(self.faults.items())),
            "kinds": dict(sorted(self.kinds.items())),
            "models": {model: dict(tokens) for model, tokens in sorted(self.tokens.items())},
        }

    def requests(self) -> dict[str, list[int]]:
        """Times asked and times answered of each request, by `messages_digest`."""
        return {digest: [times, self.answered[digest]] for digest, times in self.asked.items()}
