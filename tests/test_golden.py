"""The bytes of a small corpus are known: what changes them raises a version and this record.

`python tests/test_golden.py` writes the record anew. Features are left out: their last bits may
depend on the processor.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
from conftest import irmogen

from schemas.corpus import open_corpus
from schemas.tables import TABLES

RECORD = Path(__file__).with_name("golden.json")


def measured(folder: Path) -> dict[str, object]:
    """Versions and digests of the rows of a corpus of 24 demo clips."""
    irmogen("demo-data", "--output", folder / "data", "--motions", 24)
    irmogen("build", "--input", folder / "data", "--output", folder / "corpus")
    corpus, manifest = open_corpus(folder / "corpus")
    digests = {}
    for name, table in TABLES.items():
        columns = [column for column in table.light_columns if not column.endswith("_sha256")]
        if name == "dead_letters":
            continue
        tables = [corpus.read(name, index, columns) for index in range(corpus.shards)]
        rows = json.dumps(pa.concat_tables(tables).to_pylist(), sort_keys=True)
        digests[name] = hashlib.sha256(rows.encode()).hexdigest()[:16]
    versions = {key: value for key, value in manifest["identity"].items() if "version" in key}
    return {"versions": versions, "digests": digests}


def test_the_same_versions_give_the_same_rows(tmp_path: Path) -> None:
    known, now = json.loads(RECORD.read_text()), measured(tmp_path)
    remedy = "raise the version of what changed, then write the record anew: python tests/test_golden.py"
    assert now == known, remedy


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        RECORD.write_text(json.dumps(measured(Path(folder)), indent=2) + "\n")
    sys.exit(0)
