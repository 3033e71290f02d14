"""Tokens a second of generation by batch size, of a trained model or of a random one of the demo's size.

Run: python benchmarks/bench_generation.py [--model RUN] [--device cuda --dtype bfloat16]. Rows have prompts
of 40 to 80 random tokens and go on until `--tokens` are made or the model ends. `as alone` is how many rows
have the same tokens as when they are generated one at a time; `greedy` is the speed without noise.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from common import report

BATCHES = (1, 8, 32, 64)
ROWS = 64


def random_model() -> tuple[Any, Any]:
    """A Llama of the size that the demo recipe trains, with a tokenizer of as many words."""
    import torch
    from transformers import LlamaForCausalLM

    from prompts.tasks import SLOTS, wordings
    from trainer.language_model import tiny_config, word_tokenizer
    from trainer.recipe import load_recipe
    from trainer.vocabulary import add_motion_vocabulary

    size = load_recipe("demo", "base", ["model.attention=sdpa"]).model
    tokenizer = word_tokenizer((text for task in SLOTS for text in wordings(task)), size.words)
    torch.manual_seed(0)
    model = LlamaForCausalLM(tiny_config(size, tokenizer))
    add_motion_vocabulary(model, tokenizer)
    return model, tokenizer


def measure(model: Any, tokenizer: Any, tokens: int) -> list[dict[str, object]]:
    """A row for each batch size; the first is what the others are compared with."""
    from motion.seeds import generator, seed
    from trainer.generation.requests import Ask
    from trainer.generation.sampling import Sampler, Sampling
    from trainer.vocabulary import vocabulary_of

    rng, start = generator("bench generation"), vocabulary_of(tokenizer).start
    prompts = [rng.integers(4, len(tokenizer), int(rng.integers(40, 81))).tolist() for _ in range(ROWS)]
    asks = [Ask(tuple(prompt), seed("bench", row), tokens) for row, prompt in enumerate(prompts)]
    rows: list[dict[str, object]] = []
    alone: dict[int, tuple[int, ...]] = {}
    for batch in BATCHES:
        shown: dict[str, object] = {"batch": batch}
        for name, greedy in (("tokens a second", False), ("greedy", True)):
            sampler = Sampler(model, tokenizer, start, Sampling(greedy=greedy, batch=batch))
            dict(sampler.answers([Ask(ask.prompt, 0, 4) for ask in asks[:batch]]))  # warm up
            before, started = sampler.tokens, time.perf_counter()
            found = dict(sampler.answers(asks if batch > 1 or not greedy else asks[:8]))
            shown[name] = (sampler.tokens - before) / (time.perf_counter() - started)
            if not greedy:
                alone = alone or found
                shown["as alone"] = f"{sum(found[row] == alone[row] for row in alone)} of {ROWS}"
        rows.append(shown)
    return rows


def main() -> None:
    import torch

    from trainer.generation.model import load_language_model

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, metavar="RUN", help="default: a random one of the demo's size")
    parser.add_argument("--tokens", type=int, default=128, help="of a row, at most")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    args = parser.parse_args()
    if args.model:
        model, tokenizer = load_language_model(args.model, args.device, args.dtype)
    else:
        model, tokenizer = random_model()
        model = model.to(args.device, getattr(torch, args.dtype))
    count = sum(weight.numel() for weight in model.parameters())
    print(f"{count:,} weights, {args.dtype} on {args.device}, {torch.get_num_threads()} threads")
    report("bench_generation", measure(model, tokenizer, args.tokens))


if __name__ == "__main__":
    main()
