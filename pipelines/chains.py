"""`irmogen chains`: chains as a model would learn them, with their tokens and where the loss falls."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from pipelines.flag_values import a_folder, a_place, at_least
from pipelines.streams import ends_with_its_reader, printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen chains`."""
    parser.add_argument("corpus", type=a_place, help="folder that `irmogen build` wrote")
    parser.add_argument(
        "--model",
        type=a_folder,
        help="folder of a model whose tokenizer is used (default: one made for the corpus)",
    )
    parser.add_argument(
        "--tokens", default="", help="fingerprint of the motion tokens (default: the only ones)"
    )
    parser.add_argument("--draws", type=at_least(1), default=1, help="chains of a goal (default: 1)")
    parser.add_argument("--goals", type=at_least(1), default=3, help="how many goals (default: 3)")
    parser.add_argument("--split", default="train", help="split of the corpus (default: train)")
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: 0)")
    parser.add_argument(
        "--output", type=a_place, help="file of JSON lines, of every token (default: the screen)"
    )


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Print chains, or write them; ValueError or OSError before any work."""
    from schemas.corpus import open_corpus
    from schemas.storage import check_output, write_whole
    from schemas.tokens import open_tokens

    if args.output:
        check_output(args.output)
    corpus, manifest = open_corpus(args.corpus)
    tokens = open_tokens(corpus.root, manifest, args.tokens)
    found = list(_chains(args, corpus, tokens))
    if not found:
        raise ValueError(
            f"{args.corpus}: stage2 has no goal in the split {args.split!r}; give another --split"
        )
    if args.output:
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found)
        write_whole(args.output, text.encode())
        print(f"{len(found)} chains in {printable(args.output)}")
    else:
        print("\n\n".join(_shown(one) for one in found))
    return 0


def _chains(args: argparse.Namespace, corpus: Any, tokens: Any) -> Iterator[dict[str, Any]]:
    """The chains of the first goals, with their pieces of text, ids and labels."""
    from trainer.examples import Examples

    examples = Examples(_tokenizer(args, corpus))
    left = args.goals
    for shard in range(corpus.shards):
        rows = [row for row in corpus.read("stage2", shard).to_pylist() if row["split"] == args.split]
        held = tokens.read(shard) if rows and left else {}
        for row in rows[:left]:
            left -= 1
            for draw in range(args.draws):
                yield _one(examples, row, held, f"{args.seed}/epoch {draw}/0", draw)


def _tokenizer(args: argparse.Namespace, corpus: Any) -> Any:
    from trainer.language_model import corpus_tokenizer, load_tokenizer
    from trainer.recipe import load_recipe
    from trainer.vocabulary import TOKENS

    if args.model:
        if not args.model.is_dir():
            raise FileNotFoundError(f"{args.model}: no such folder; give --model the folder of a model")
        return load_tokenizer(str(args.model))
    tokenizer = corpus_tokenizer(corpus, "train", load_recipe("demo", "base").model.words)
    tokenizer.add_tokens(list(TOKENS))
    return tokenizer


def _one(examples: Any, row: dict[str, Any], held: Any, draw: str, number: int) -> dict[str, Any]:
    chain = examples.chain(row, held.__getitem__, draw)
    example = examples.of_chain(row["goal_id"], row["caption"], chain, draw)
    pieces = [examples.tokenizer.convert_ids_to_tokens([token])[0] for token in example.ids]
    return {
        "goal_id": row["goal_id"],
        "draw": number,
        "caption": row["caption"],
        "intermediate": len(chain.rounds) - 1,
        "text": examples.tokenizer.decode(example.ids),
        "tokens": pieces,
        "ids": example.ids,
        "labels": example.labels,
    }


def _shown(one: dict[str, Any]) -> str:
    """A chain for the screen: what bears no loss in grey, or in braces where there is no terminal."""
    import sys

    grey, plain = ("\x1b[90m", "\x1b[0m") if sys.stdout.isatty() else ("{{", "}}")
    parts, masked = [], False
    for piece, label in zip(_texts(one), one["labels"], strict=True):
        if (label < 0) != masked:
            parts.append(grey if not masked else plain)
            masked = not masked
        parts.append(piece)
    learned = sum(label >= 0 for label in one["labels"])
    head = f"--- {one['goal_id']}, draw {one['draw']}: {one['intermediate']} intermediate motions, "
    head += f"{len(one['ids'])} tokens, loss on {learned}; {grey}no loss{plain}"
    return head + "\n" + "".join(parts) + (plain if masked else "")


def _texts(one: dict[str, Any]) -> list[str]:
    """The text of every token; bytes of a byte-level tokenizer are told apart from spaces."""
    return [piece.replace("Ġ", " ").replace("Ċ", "\n").replace("▁", " ") for piece in one["tokens"]]
