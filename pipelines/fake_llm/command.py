"""`irmogen fake-llm`: serve the fake endpoint."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from pipelines.fake_llm.behaviour import Behaviour
from pipelines.flag_values import at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen fake-llm`."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    add("--port", type=at_least(0), default=0, metavar="N", help="0: any free port (default 0)")
    add("--port-file", type=Path, metavar="FILE", help="write the port there once it listens")
    add("--latency", type=_seconds, default=0.0, metavar="S", help="seconds until an answer (default 0)")
    add("--jitter", type=_seconds, default=0.0, metavar="S", help="seconds that the latency varies by")
    add("--capacity", type=at_least(0), default=0, metavar="N", help="requests in flight; more get 429")
    add("--rpm", type=at_least(0), default=0, metavar="N", help="requests a minute; more get 429")
    add(
        "--faults",
        default="",
        metavar="KIND=SHARE,...",
        help="share of the requests that meet a fault, by kind, as in 500=0.05,cut=0.1, or all=0.3; "
        "an unknown kind lists them all",
    )
    add("--seed", type=int, default=0, help="another seed, other requests fail (default 0)")
    add("--batch-seconds", type=_seconds, default=1.0, metavar="S", help="a batch takes so long (default 1)")
    add(
        "--batch-expire",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="share of the batches that expire half done",
    )
    add("--api-key", default="", help="the only key that is let in (default: any, or none)")
    add("--prices", metavar="FILE", help="price table for the money in /stats; '' for the package's own")


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted; ValueError for flags that cannot be understood, or without aiohttp."""
    import asyncio

    if find_spec("aiohttp") is None:
        raise ValueError('the endpoint needs the packages of an extra: pip install "irmogen[llm]"')
    from pipelines.fake_llm.faults import parse_faults
    from pipelines.fake_llm.server import Server, serve
    from schemas.prices import load_prices
    from schemas.storage import write_whole

    same = ("latency", "jitter", "capacity", "rpm", "seed", "batch_seconds", "batch_expire", "api_key")
    behaviour = Behaviour(faults=parse_faults(args.faults), **{name: getattr(args, name) for name in same})
    prices = None if args.prices is None else load_prices(args.prices)
    for package in ("prompts.kinematic", "prompts.requests"):
        import_module(package)  # now, so that the first answer is not late

    def ready(host: str, port: int) -> None:
        if args.port_file:
            write_whole(args.port_file, f"{port}\n".encode())
        print(f"irmogen fake-llm: --base-url http://{host}:{port}/v1", file=sys.stderr, flush=True)

    asyncio.run(serve(Server(behaviour, prices), args.host, args.port, ready))
    return 0


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{value} is no number of seconds, 0 or more")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{value} is no share between 0 and 1")
    return value
