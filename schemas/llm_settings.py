"""How a language model is asked: what determines its answers, and what only determines how it is reached."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from schemas.prices import Price

EACH, LADDER = "each", "ladder"
REQUESTS = (EACH, LADDER)
LIMIT = "max_completion_tokens"  # of an answer, in keys; how a server calls it is `limit_name`


def _free(why: str, **options: Any) -> Any:
    """A setting that does not count, with the reason."""
    return field(metadata={"free": why}, **options)


@dataclass(frozen=True)
class LlmSettings:
    """Settings of the annotators `openai` and `openai-batch`. Those marked free change no answer."""

    model: str
    requests: str = EACH  # one request a motion, or one for a goal's motion and whole ladder
    temperature: float | None = None  # None: not sent, the endpoint's own
    top_p: float | None = None
    max_tokens: int = 1024  # of one assessment's answer; more motions in a request get more
    asks: int = 3  # times that one answer is asked for, the first one included
    fallback: bool = False  # what no answer passes for is written by the kinematic annotator
    base_url: str = _free("a model is the same wherever it is served", default="")
    ledger: str = _free("answers count, not where they are kept", default="")  # empty: CORPUS/ledger
    concurrency: int = _free("speed only", default=64)  # requests in flight in a worker process
    requests_per_minute: int = _free("speed only", default=0)  # of all workers; 0: no limit of ours
    tokens_per_minute: int = _free("speed only", default=0)
    timeout: float = _free("speed only", default=120.0)  # seconds for one try
    tries: int = _free("failures are no answers", default=6)  # of a request, over 5xx and time-outs
    stop_share: float = _free("failures are no answers", default=0.5)  # of the last requests that failed
    budget: float = _free("money only", default=0.0)  # of one run; 0: none
    prices: str = _free("money only", default="")  # empty: the table of the package
    price: Price | None = _free(  # noqa: RUF009 (a field, not a value)
        "money only", default=None
    )  # of the model, where there is a budget: workers need not see the table
    batch_poll: float = _free("speed only", default=30.0)  # seconds between looks at a batch

    def identity(self) -> dict[str, Any]:
        """The settings that determine answers and what becomes of them, flat."""
        return {
            setting.name: getattr(self, setting.name)
            for setting in dataclasses.fields(self)
            if "free" not in setting.metadata
        }

    def sampling(self, max_tokens: int) -> dict[str, Any]:
        """What goes into a request beside model and messages; part of an answer's key."""
        values: dict[str, Any] = {LIMIT: max_tokens}
        if self.temperature is not None:
            values["temperature"] = self.temperature
        if self.top_p is not None:
            values["top_p"] = self.top_p
        return values


def limit_name(base_url: str) -> str:
    """What an endpoint calls the most tokens of an answer; an empty address is OpenAI's own.

    Many other servers know the old name only and let the new one pass unread, which costs without end.
    """
    host = urlsplit(base_url).hostname or ""
    own = not base_url or host == "api.openai.com" or host.endswith(".api.openai.com")
    return LIMIT if own else "max_tokens"
