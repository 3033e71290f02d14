"""Tokens a second of learning, packed rows against padded batches of the same examples.

Run: python benchmarks/bench_training.py --corpus CORPUS --model RUN [--stage stage1] [--device cuda]. Without
a model: --shape gemma2-2b learns random tokens with random weights on a GPU, and tells memory and share of
the device's peak (--peak, in TFLOPS).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import report

ROWS = 8  # of a packed batch


def batches(
    corpus: Path, run: Path, stage: str, size: int, pack: bool, examples: int
) -> tuple[list[Any], int, int]:
    """Batches of `size` rows, of one example each or packed; how many tokens they hold, how many places."""
    from schemas.corpus import open_corpus
    from schemas.tokens import open_tokens
    from trainer.collate import collate
    from trainer.examples import Examples
    from trainer.language_model import load_tokenizer
    from trainer.recipe import load_recipe
    from trainer.rows import StageRows
    from trainer.run_folder import motion_tokenizer_of
    from trainer.stream import Stream

    found, manifest = open_corpus(corpus)
    recipe = load_recipe("demo", stage, ["train.rows=1"])
    recipe = replace(recipe, data=replace(recipe.data, pack=pack))
    tokenizer = load_tokenizer(str(run))
    rows = StageRows(
        found, open_tokens(corpus, manifest, motion_tokenizer_of(run).fingerprint), recipe.stage, recipe.data
    )
    stream = Stream(recipe, rows, Examples(tokenizer))
    lanes: dict[int, Iterator[Any]] = {}
    made: list[Any] = []
    while stream.counts.examples < examples:
        made.append(stream.row(0, lanes))
    grouped = [made[start : start + size] for start in range(0, len(made), size)]
    tensors = [collate(group, int(tokenizer.pad_token_id)) for group in grouped]
    return tensors, stream.counts.tokens, sum(batch["input_ids"].numel() for batch in tensors)


def learn(model: Any, made: list[Any], device: str) -> float:
    """Seconds of forward and backward passes over the batches."""
    import torch

    started = time.perf_counter()
    for batch in made:
        batch = {name: value.to(device) for name, value in batch.items()}
        model(**batch, use_cache=False).loss.backward()
        model.zero_grad()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - started


def compare(args: argparse.Namespace) -> list[dict[str, object]]:
    """A row for packed rows and one for padded batches."""
    from trainer.attention import BY_EXAMPLE
    from trainer.language_model import load
    from trainer.recipe import Model

    packed = batches(args.corpus, args.model, args.stage, ROWS, True, args.examples)
    step = round(args.examples / len(packed[0]))  # examples that a packed batch holds
    kinds = [(f"padded, {size} examples", size, False, "sdpa") for size in (8, step)]
    kinds += [(f"packed, {step} examples", ROWS, True, attention) for attention in ("sdpa", BY_EXAMPLE)]
    rows: list[dict[str, object]] = []
    for name, size, pack, attention in kinds:
        model, _ = load(str(args.model), Model(attention=attention))
        model.to(args.device).train()
        made, tokens, places = batches(args.corpus, args.model, args.stage, size, pack, args.examples)
        learn(model, made[:2], args.device)
        seconds = min(learn(model, made, args.device) for _ in range(args.repeats))
        rows.append(
            {
                "stage": args.stage,
                "batches": name,
                "attention": attention,
                "tokens": tokens,
                "padding": round(1 - tokens / places, 4),
                "tokens a second": round(tokens / seconds),
            }
        )
    return rows


def shape(args: argparse.Namespace) -> list[dict[str, object]]:
    """Random weights of a large model's shape on a GPU."""
    import torch
    from transformers import Gemma2Config, Gemma2ForCausalLM

    torch.manual_seed(0)
    with torch.device(args.device):
        model = Gemma2ForCausalLM(Gemma2Config(attn_implementation="sdpa")).to(torch.bfloat16).train()
    model.gradient_checkpointing_enable()
    weights = sum(weight.numel() for weight in model.parameters())
    ids = torch.randint(0, 256000, (args.rows, 2048), device=args.device)
    made = [{"input_ids": ids, "labels": ids}] * 4
    learn(model, made[:1], args.device)
    seconds = learn(model, made, args.device)
    rate = 4 * ids.numel() / seconds
    return [
        {
            "shape": "gemma2-2b",
            "weights": weights,
            "tokens a second": round(rate),
            "GiB": round(torch.cuda.max_memory_allocated() / 2**30, 1),
            "share of peak": round(6 * weights * rate / (args.peak * 1e12), 3),
        }
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("out/demo"))
    parser.add_argument("--model", type=Path, default=Path("out/training/base"))
    parser.add_argument("--stage", default="stage1")
    parser.add_argument("--examples", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--shape", choices=["gemma2-2b"])
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--peak", type=float, default=989.0, help="TFLOPS of the device in bfloat16")
    args = parser.parse_args()
    rows = shape(args) if args.shape else compare(args)
    report("bench_training", rows)


if __name__ == "__main__":
    main()
