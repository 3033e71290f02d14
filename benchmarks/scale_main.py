"""What the main process does alone at the end of a build, by the number of shards: receipts, manifest, gate.

The receipts and profiles of a real corpus, written again and again under the numbers of other shards, stand
for a corpus of so many: as many files as of a corpus of 220 goals a shard, of the same sizes. No rows lie
behind them, so that this costs seconds where the corpus itself would take days.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from common import report

from schemas.corpus import Corpus, open_corpus
from schemas.profile import PROFILE, across_path, profile_path
from transforms.step import RECEIPTS

_MEASURE = """
import json, resource, sys, time
from pathlib import Path
from pipelines.gate import run_gate
from pipelines.judging import Judge
from pipelines.manifest import build_manifest, check_conservation, read_receipts
from pipelines.thresholds import defaults
from schemas.config import config
from schemas.corpus import Corpus
from schemas.storage import read_json, write_json

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

root, shards = Path(sys.argv[1]), int(sys.argv[2])
asked = config({**read_json(root / "identity.json"), "shards": shards}, "", str(root))
judge, before = Judge(), peak()
times = [time.perf_counter()]
receipts = read_receipts(asked)
times.append(time.perf_counter())
check_conservation(asked, receipts)
manifest = build_manifest(asked, "", receipts)
times.append(time.perf_counter())
manifest["gate"] = run_gate(Corpus(root, shards), manifest["config"], manifest["steps"], defaults(), judge)
times.append(time.perf_counter())
write_json(root / "manifest.json", manifest)
times.append(time.perf_counter())
print(json.dumps([*(after - first for first, after in zip(times, times[1:])), before, peak()]))
"""


def enlarge(corpus: Corpus, config: dict[str, object], folder: Path, shards: int) -> None:
    """Receipts and profiles of so many shards, of the sizes that those of a real corpus have."""
    for folder_name in ("receipts", "quality/profile"):
        (folder / folder_name).mkdir(parents=True)
    (folder / "identity.json").write_text(json.dumps(config))
    large = Corpus(folder, shards)
    texts = {
        (step, index): corpus.receipt_path(step, index).read_text()
        for step in RECEIPTS
        for index in range(corpus.shards)
    }
    profiles = [profile_path(corpus, PROFILE, index).read_bytes() for index in range(corpus.shards)]
    for index in range(shards):
        one = index % corpus.shards
        before, after = f"-{one:05d}-of-{corpus.shards:05d}", f"-{index:05d}-of-{shards:05d}"
        for step in RECEIPTS:
            text = texts[step, one].replace(f'"shard": {one},', f'"shard": {index},').replace(before, after)
            large.receipt_path(step, index).write_text(text)
        profile_path(large, PROFILE, index).write_bytes(profiles[one])
    across_path(large).write_bytes(across_path(corpus).read_bytes())


def measure(corpus: Corpus, config: dict[str, object], shards: int, goals: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        enlarge(corpus, config, Path(folder), shards)
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, folder, str(shards)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        receipts, made, judged, written, before, after = json.loads(done.stdout)
        size = (Path(folder) / "manifest.json").stat().st_size
    return {
        "shards": shards,
        "goals": round(shards * goals),
        "receipts, s": receipts,
        "manifest, s": made + written,
        "gate, s": judged,
        "ms a shard": 1000 * (receipts + made + judged + written) / shards,
        "peak MB more": (after - before) / 1e6,
        "manifest, kB": size / 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="folder that `irmogen build` wrote")
    parser.add_argument("--shards", type=int, nargs="+", default=[45, 450, 4_500])
    args = parser.parse_args()
    corpus, manifest = open_corpus(args.corpus)
    goals = manifest["tables"]["goals"]["rows"] / corpus.shards
    report("scale_main", [measure(corpus, manifest["config"], shards, goals) for shards in args.shards])


if __name__ == "__main__":
    main()
