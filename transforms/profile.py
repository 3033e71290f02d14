"""Step 6, profile: statistics of every shard, by which the gate judges without reading a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.annotation_checks import ANNOTATION_CHECKS_VERSION
from motion.signature import SIGNATURE_VERSION
from prompts.claims import claims_digest
from schemas.corpus import Corpus, Output, Receipt
from schemas.fingerprint import fingerprint
from schemas.profile import KEYS, PROFILE, PROFILE_VERSION, SHOWN, Values, profile_path, write_values
from transforms.profile_keys import profile_keys
from transforms.profile_shard import Shard
from transforms.profile_tables import profile_tables
from transforms.report_tables import report_data_of
from transforms.step import STEPS, once, receipts

_READ = ("skeleton", "ladder", "wordings")  # settings that checks read

Files = Mapping[str, str]  # digest of each of a shard's files, by its name


def profile_fingerprint(config: Mapping[str, Any], files: Files) -> str:
    """Identity of a shard's statistics: the shard's bytes and what the checks read beside them."""
    versions = [PROFILE_VERSION, SIGNATURE_VERSION, ANNOTATION_CHECKS_VERSION, claims_digest()]
    return fingerprint(PROFILE, versions, [config[name] for name in _READ], sorted(files.items()))


def files_made(corpus: Corpus, index: int) -> dict[str, str]:
    """Digests of what all steps made for a shard; FileNotFoundError names a step that has not."""
    made = receipts(corpus, index, STEPS)
    return {output.file: output.sha256 for done in made for output in done.outputs}


def profile_shard(corpus: Corpus, index: int, config: Mapping[str, Any], files: Files) -> Receipt:
    """Profile a shard with these files, unless it is done; `config` holds the settings that count."""
    identity = profile_fingerprint(config, files)

    def write(found: Mapping[str, Values]) -> Receipt:
        outputs = tuple(_write(corpus, index, name, values) for name, values in found.items())
        return Receipt(PROFILE, index, identity, {}, outputs)

    return once(corpus, PROFILE, index, identity, lambda: profile_of(corpus, index, config), write)


def profile_of(corpus: Corpus, index: int, config: Mapping[str, Any]) -> dict[str, Values]:
    """Statistics of a shard, what it is compared by with others, and what the report shows of it."""
    shard = Shard(corpus, index, config)
    texts = profile_tables(shard)
    keys = profile_keys(shard)
    tables = {name: tally.as_dict() for name, tally in shard.tallies.items()}
    return {
        PROFILE: {
            "version": PROFILE_VERSION,
            "shard": index,
            "tables": tables,
            "texts": {kind: found.as_dict() for kind, found in texts.items()},
        },
        KEYS: keys,
        SHOWN: report_data_of(shard.parts, index, corpus.shards).as_dict(),
    }


def _write(corpus: Corpus, index: int, name: str, values: Values) -> Output:
    path = profile_path(corpus, name, index)
    digest = write_values(path, values)
    rows = sum(table["rows"] for table in values["tables"].values()) if name == PROFILE else 0
    return Output(name, str(path.relative_to(corpus.root)), rows, path.stat().st_size, digest)
