"""One try of one request at an endpoint that speaks OpenAI's chat interface, and how it ended.

The client's own retries are off. Nothing that leaves this file holds the key: errors of the client are
taken apart here, never passed on, for they carry the request with its headers.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from prompts.neutral import encodable
from schemas.ledger import Entry
from schemas.llm_settings import LlmSettings
from transforms.llm.headers import NO_LIMITS, Limits, read_limits
from transforms.llm.material import Asked

if TYPE_CHECKING:
    import httpx2
    import openai

KEY = "OPENAI_API_KEY"
OPENAI_URL = "https://api.openai.com/v1"
_NO_KEY = "none"  # for endpoints that ask for no key; the client wants one
_LONGEST_DETAIL = 300
_CONNECT_SECONDS = 10.0
_KEEP_ALIVE_SECONDS = 4.0  # below the 5 s after which common servers close a connection
_FATAL = (401, 402, 403, 404)  # key, payment, permission, model or address: no other request fares better
_FATAL_CODES = ("insufficient_quota", "invalid_api_key", "billing_hard_limit_reached", "account_deactivated")
_PASSING = (408, 409, 425)  # 4xx that may go well the next time
_SECRET = re.compile(r"(?i)\bbearer\s+\S+|\bsk-\S+|(?<=authorization)\W+\S+")


@dataclass(frozen=True)
class Answered:
    """An answer came."""

    entry: Entry
    limits: Limits = NO_LIMITS


@dataclass(frozen=True)
class Rejected:
    """The endpoint has too much to do (429)."""

    limits: Limits = NO_LIMITS


@dataclass(frozen=True)
class Failed:
    """No answer, but the next try may bring one: 5xx, a time-out, a broken connection, half an answer."""

    detail: str
    limits: Limits = NO_LIMITS


@dataclass(frozen=True)
class Refused:
    """The endpoint does not take this request (4xx)."""

    detail: str


@dataclass(frozen=True)
class Fatal:
    """The endpoint takes no request at all: its key, model, address or payment is wrong."""

    detail: str


Outcome = Answered | Rejected | Failed | Refused | Fatal


def check_endpoint(settings: LlmSettings) -> None:
    """Before any work: whether an endpoint can be asked. ValueError says what is missing."""
    if importlib.util.find_spec("openai") is None or importlib.util.find_spec("aiohttp") is None:
        raise ValueError('language models need the packages of an extra: pip install "irmogen[llm]"')
    if not settings.model:
        raise ValueError("no model: name the endpoint's model with --model")
    url = urlsplit(base_url(settings))
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("--base-url: is no http or https address; give one like http://127.0.0.1:8000/v1")
    if url.username or url.password:
        raise ValueError(f"--base-url: holds a user or password; put the key into {KEY} instead")
    api_key(settings)


def base_url(settings: LlmSettings) -> str:
    """Where the endpoint is; OpenAI's own where the settings do not say."""
    return settings.base_url or OPENAI_URL


def api_key(settings: LlmSettings) -> str:
    """The key from the environment; ValueError where OpenAI's own endpoint would need one."""
    key = os.environ.get(KEY, "").strip()
    if not key.isascii() or any(character.isspace() for character in key):
        raise ValueError(f"{KEY}: holds characters that no key has; set it again")
    if key:
        return key
    if (urlsplit(base_url(settings)).hostname or "").endswith("openai.com"):
        raise ValueError(f"no key for {base_url(settings)}: set {KEY} in the environment")
    return _NO_KEY


def open_client(settings: LlmSettings) -> openai.AsyncOpenAI:
    """OpenAI's client over aiohttp, which takes half of the time; without retries of its own."""
    import logging

    import httpx2
    from openai import AsyncOpenAI, DefaultAioHttpClient

    logging.getLogger("httpx2").setLevel(logging.WARNING)  # else it logs a line for each request
    timeout = httpx2.Timeout(settings.timeout, connect=min(_CONNECT_SECONDS, settings.timeout), pool=None)
    limits = httpx2.Limits(
        max_connections=settings.concurrency,
        max_keepalive_connections=settings.concurrency,
        keepalive_expiry=_KEEP_ALIVE_SECONDS,
    )
    return AsyncOpenAI(
        api_key=api_key(settings),
        base_url=base_url(settings),
        max_retries=0,
        timeout=timeout,
        http_client=DefaultAioHttpClient(limits=limits, timeout=timeout),
    )


class Client:
    """Tries requests; every way to end is an Outcome."""

    def __init__(self, settings: LlmSettings) -> None:
        self._client = open_client(settings)
        self._base_url = base_url(settings)
        self._timeout = settings.timeout
        self._key = api_key(settings)

    async def attempt(self, request: Asked) -> Outcome:
        """Send a request once."""
        import aiohttp
        import httpx2
        import openai

        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.post(
                    "/chat/completions", cast_to=httpx2.Response, body=request.body(self._base_url)
                )
            limits = _limits(response)
            return Answered(read_answer(request, response.content), limits)
        except openai.APIStatusError as error:
            return self._status(error)
        except (TimeoutError, openai.APITimeoutError):
            return Failed(f"no answer within {self._timeout:g} s")
        except (openai.APIConnectionError, aiohttp.ClientError, httpx2.HTTPError, OSError) as error:
            return Failed(f"the connection broke ({type(error.__cause__ or error).__name__})")
        except ValueError as error:
            return Failed(self._scrubbed(str(error)))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    def _status(self, error: openai.APIStatusError) -> Outcome:
        status = error.status_code
        limits = _limits(error.response)
        detail = f"HTTP {status}: {self._said(error)}"
        if status in _FATAL or {error.code, error.type} & set(_FATAL_CODES):
            return Fatal(detail)
        if status == 429:
            return Rejected(limits)
        if status >= 500 or status in _PASSING:
            return Failed(detail, limits)
        return Refused(detail)

    def _said(self, error: openai.APIStatusError) -> str:
        said = error.body.get("message") if isinstance(error.body, dict) else None
        return self._scrubbed(str(said or error.response.text or "no reason given"))

    def _scrubbed(self, text: str) -> str:
        """A text of the endpoint's without anything that may be the key, fit for a file and not too long."""
        if self._key != _NO_KEY:
            text = text.replace(self._key, "***")
        return encodable(_SECRET.sub("***", " ".join(text.split())))[:_LONGEST_DETAIL]


def _limits(response: httpx2.Response) -> Limits:
    # The raw pairs once through: each look-up by name goes through all of them.
    told = {name.lower(): value for name, value in response.headers.raw}
    headers = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in told.items()
        if name.startswith((b"x-ratelimit-", b"retry-after"))
    }
    return read_limits(headers, time.time()) if headers else NO_LIMITS


def read_answer(request: Asked, body: bytes | dict[str, Any], batch: bool = False) -> Entry:
    """The answer in the body of a chat response. ValueError where there is none.

    Tokens that the endpoint does not count are estimated, so that a budget holds there too.
    """
    from prompts.requests import estimate_tokens

    try:
        response = json.loads(body) if isinstance(body, bytes) else body
        choice = response["choices"][0]
        text, refusal = (choice["message"].get(name) or "" for name in ("content", "refusal"))
        usage = response.get("usage") or {}
        counted = [usage.get("prompt_tokens"), usage.get("completion_tokens")]
        tokens = [None if count is None else int(count) for count in counted]
        names = [str(response.get(name) or "") for name in ("model", "id")]
        finish_reason = str(choice.get("finish_reason") or "")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"the response is no chat completion ({type(error).__name__})") from error
    if not isinstance(text, str) or not isinstance(refusal, str):
        raise ValueError("the response is no chat completion (its content is no text)")
    return Entry(
        key=request.key,
        text=text,
        finish_reason=finish_reason,
        refusal=refusal,
        model=names[0],
        provider_id=names[1],
        input_tokens=request.input_tokens() if tokens[0] is None else tokens[0],
        output_tokens=estimate_tokens(text) if tokens[1] is None else tokens[1],
        batch=batch,
        asked=request.material,
    )
