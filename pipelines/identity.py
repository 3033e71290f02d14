"""What a corpus was built with, and what has changed since: nothing is mixed in silently."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluators.annotation_checks import ANNOTATION_CHECKS_VERSION
from evaluators.support import CHECKS_VERSION
from motion.compare import COMPARE_VERSION
from motion.facts import FACTS_VERSION
from motion.perturb import PERTURB_VERSION
from pipelines.run_notes import note
from prompts.claims import claims_digest
from prompts.claims.assessment import reading_digest
from schemas.config import BuildConfig
from schemas.corpus import Corpus
from schemas.fingerprint import changes, fingerprint
from schemas.storage import read_json, write_json
from schemas.tables import SCHEMA_VERSIONS
from transforms import annotate, assemble, ladder, measure, read
from transforms.annotators import annotator
from transforms.corpus_source import CLIP, clips_in
from transforms.read import Source
from transforms.step import corpus_of

STEP_VERSIONS = {
    "read": read.VERSION,
    "measure": measure.VERSION,
    "ladder": ladder.VERSION,
    "annotate": annotate.VERSION,
    "assemble": assemble.VERSION,
}


_EXAMPLES = 8  # clips that a refusal names


class RefusedError(ValueError):
    """The corpus in the output folder is another one; the message shows the difference."""


@dataclass(frozen=True)
class Changes:
    """How a wanted build differs from the corpus in its output folder."""

    settings: tuple[str, ...] = ()
    clips: int = 0  # whose files, or whose split, are not those that were read
    examples: tuple[str, ...] = ()  # the first of their ids

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.settings or self.clips)


def identity(config: BuildConfig) -> dict[str, Any]:
    """Everything but the dataset's content that makes the corpus what it is, flat."""
    values = config.identity()
    values |= {f"version of step {step}": version for step, version in STEP_VERSIONS.items()}
    values |= {f"version of table {table}": version for table, version in SCHEMA_VERSIONS.items()}
    values |= {
        "version of facts": FACTS_VERSION,
        "version of perturbations": PERTURB_VERSION,
        "version of comparison": COMPARE_VERSION,
        "version of checks": CHECKS_VERSION,
        "version of annotation checks": ANNOTATION_CHECKS_VERSION,
        "reader of claims": claims_digest(),
        "reader of annotations": reading_digest(),
    }
    values |= {f"annotator's {key}": value for key, value in annotator(config).identity().items()}
    return values


def begin(config: BuildConfig, listing: str, arguments: list[str]) -> None:
    """Write down what the corpus is being built with, and how it was asked for, before the first shard."""
    corpus = corpus_of(config)
    values = identity(config)
    write_json(corpus.build_path, {"identity": values, "fingerprint": fingerprint(values)})
    note(corpus, listing=listing, input=config.input, arguments=arguments, folder=str(Path.cwd()))


def same_listing(config: BuildConfig, listing: str) -> bool:
    """Whether the dataset's names, sizes and times are those of the last run."""
    run = read_json(corpus_of(config).run_path)
    return bool(run) and run.get("listing") == listing


def compare(config: BuildConfig, source: Source, listing: str, keep_listings: bool = False) -> Changes | None:
    """How the wanted build differs from what was begun; None where nothing was begun.

    Contents are only read again where names, sizes or times differ from those that were read.
    `keep_listings` notes the new ones where contents are equal, so that they are read once: for builds.
    """
    path = corpus_of(config).build_path
    begun = read_json(path)
    if begun is None:
        return None
    if not isinstance(begun, dict) or not isinstance(begun.get("identity"), dict):
        raise ValueError(f"{path}: names no identity; delete the file's folder or give another --output")
    settings = tuple(changes(begun["identity"], identity(config)))
    if settings or same_listing(config, listing):
        return Changes(settings)
    return _changed_clips(config, source, keep_listings)


def _changed_clips(config: BuildConfig, source: Source, keep_listings: bool) -> Changes:
    """Shard by shard: how many clips changed, and the first ids of them."""
    corpus = corpus_of(config)
    count, first = 0, list[str]()
    for work in source.works(config):
        done = corpus.read_receipt("read", work.index)
        if done is None:
            continue
        if not corpus.is_current(done, source.wanted(config, work, done)):
            changed = _changed_in_shard(corpus, work.index, source.clips_now(config, work))
            count += len(changed)
            first = sorted([*first, *changed])[:_EXAMPLES]
        elif keep_listings:
            source.keep_listing(config, work, done)
    return Changes((), count, tuple(first))


def _changed_in_shard(corpus: Corpus, index: int, now: dict[str, tuple[str, ...]]) -> list[str]:
    if not corpus.shard_path("motions", index).is_file():
        return list(now)
    before = clips_in(corpus.read("motions", index, CLIP))
    changed = sorted(motion_id for motion_id in before if before[motion_id] != now.get(motion_id))
    # Clips that were left out have no row: one of them changed, or came, where nothing else did.
    return changed or sorted(set(now) - set(before)) or [f"shard {index}"]


def refusal(config: BuildConfig, found: Changes) -> str:
    """What to tell somebody whose build differs from the corpus in its output folder."""
    lines = [f"{config.output} holds a corpus that was built differently:"]
    lines += [f"  {line}" for line in found.settings[:20]]
    if found.clips:
        shown, more = ", ".join(found.examples), found.clips - len(found.examples)
        lines.append(f"  input: {found.clips} clips changed: {shown}" + (f" and {more} more" if more else ""))
    lines.append("Give --rebuild to make again what changed, or another --output.")
    return "\n".join(lines)
