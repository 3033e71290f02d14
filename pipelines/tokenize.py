"""`irmogen tokenize`: the motion tokens of a corpus, by one motion tokenizer."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from pipelines.flag_values import a_folder, a_place
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from pathlib import Path

    from motion.tokenizer import MotionTokenizer
    from schemas.corpus import Corpus
    from schemas.tokens import TokenSet

BEAM_FLAGS = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen tokenize`; Beam's own come behind."""
    parser.add_argument(
        "corpus", type=a_place, help="folder that `irmogen build` wrote; its tokens go to its folder tokens/"
    )
    parser.add_argument(
        "--tokenizer",
        type=a_folder,
        required=True,
        metavar="FOLDER",
        help="motion tokenizer, which `irmogen train-tokenizer` wrote",
    )
    parser.add_argument("--device", default="cpu", help="torch device of the workers (default: cpu)")
    parser.epilog = "Flags of Apache Beam are passed on to it: --runner, --direct_num_workers, ..."


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Encode what the stages name; ValueError or OSError before any work."""
    from evaluators.embedders import check_device
    from motion.tokenizer import load_tokenizer
    from pipelines.beam_flags import pipeline_options
    from pipelines.lock import locked
    from schemas.corpus import open_corpus

    corpus, manifest = open_corpus(args.corpus)
    options = pipeline_options(args.beam_flags, corpus.shards)
    check_device(args.device)
    tokenizer = load_tokenizer(args.tokenizer)
    _check(corpus, manifest, tokenizer)
    with locked(args.corpus):
        found = _present(corpus, manifest, tokenizer)
        if found:
            print(f"{printable(args.corpus)}: nothing to do, {_summary(found)}")
            return 0
        started = time.monotonic()
        _encode(args, corpus, tokenizer, options)
        found = _present(corpus, manifest, tokenizer)
    if not found:
        raise RuntimeError(f"{corpus.root}: the pipeline has ended, but there is no set of tokens")
    print(f"{_summary(found)}, {time.monotonic() - started:.0f} s, in {printable(found.folder)}")
    return 0


def _check(corpus: Corpus, manifest: dict[str, Any], tokenizer: MotionTokenizer) -> None:
    """ValueError for a tokenizer of other motions, and for shards that are not there."""
    from motion.tokenizer import check_skeleton
    from schemas.tokens import STAGES

    check_skeleton(tokenizer, manifest["config"]["skeleton"], corpus.root)
    for table in ("motions", "perturbed", *STAGES):
        for index in range(corpus.shards):
            path = corpus.shard_path(table, index)
            if table not in manifest["tables"] or not path.is_file():
                raise ValueError(f"{path}: is missing; build the corpus again with `irmogen build`")


def _present(corpus: Corpus, manifest: dict[str, Any], tokenizer: MotionTokenizer) -> TokenSet | None:
    """The set of tokens where it is there, whole and up to date."""
    from schemas.tokens import is_whole, open_tokens

    try:
        found = open_tokens(corpus.root, manifest, tokenizer.fingerprint)
        return found if is_whole(found) else None
    except (ValueError, KeyError, TypeError):  # missing, damaged or out of date: it is made anew
        return None


def _encode(args: argparse.Namespace, corpus: Corpus, tokenizer: MotionTokenizer, options: Any) -> None:
    """Run the pipeline, which writes shards and, last, the manifest of the set."""
    import apache_beam as beam

    from pipelines.worker_log import worker_log
    from transforms.tokens import Tokenize, TokenJob

    job = TokenJob(
        str(corpus.root.resolve()),
        corpus.shards,
        str(args.tokenizer.resolve()),
        tokenizer.fingerprint,
        tokenizer.codes,
        args.device,
    )
    _clear(job.folder)
    print(f"encoding the motions of {corpus.shards} shards with {tokenizer.fingerprint}", flush=True)
    with worker_log(corpus.log_path), beam.Pipeline(options=options) as pipeline:
        _ = pipeline | "Shards" >> beam.Create(range(corpus.shards)) | "Tokenize" >> Tokenize(job)


def _clear(folder: Path) -> None:
    """Take away what is out of date, the manifest first: it must not outlive what it tells of."""
    if folder.is_dir():
        (folder / "manifest.json").unlink(missing_ok=True)
        for path in folder.iterdir():
            path.unlink()


def _summary(found: TokenSet) -> str:
    rows = sum(shard.rows for shard in found.shards)
    return (
        f"{rows} motions of {len(found.shards)} shards have tokens of {found.codes} codes ({found.tokenizer})"
    )
