"""One size of the benchmark of growth: a dataset, its build in processes of its own, what is measured."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scale_watch import Watched, watched

from schemas.corpus import Corpus, open_corpus
from schemas.tables import TABLES

GOALS_A_CLIP = 3.47  # of the demo data, to ask for the right number of clips
WORKERS = 2
_BUILT = (0, 3)  # exit codes of a build that went to its end: the gate passed, or refused
_IRMOGEN = [sys.executable, "-m", "pipelines.cli"]
_PACKAGES = ("apache-beam", "numpy", "pyarrow")
_OBJECTS = """
import sys, tracemalloc
from pathlib import Path
from pipelines.manifest import build_manifest, read_receipts
from schemas.config import config
from schemas.corpus import open_corpus
corpus, manifest = open_corpus(Path(sys.argv[1]))
asked = config(manifest["config"], "", sys.argv[1])
tracemalloc.start()
receipts = read_receipts(asked)
made = build_manifest(asked, "", receipts)
print(tracemalloc.get_traced_memory()[0] / corpus.shards)
"""


def measured_row(goals: int, folder: Path, keep: bool) -> dict[str, Any]:
    """Measure a corpus of about so many goals. RuntimeError tells what a command said that failed."""
    clips = 2 * max(1, round(goals / GOALS_A_CLIP / 2))
    data, root = folder / f"data-{clips}", folder / f"corpus-{clips}"
    making = _dataset(data, clips)
    shutil.rmtree(root, ignore_errors=True)  # of a benchmark that was killed: only a whole build can be timed
    build = _built(data, root, folder / f"build-{clips}.log")
    row = {"wanted": goals, "data_seconds": making, **_row(root, build)}
    row["llm"] = _asked(root)
    if not keep:
        shutil.rmtree(data)
        shutil.rmtree(root)
    return row


def _dataset(data: Path, clips: int) -> float:
    """Write the demo data, or find them; returns the seconds, which count for nothing."""
    if data.is_dir() and not (data / "demo.json").is_file():
        shutil.rmtree(data)  # the note comes last
    started = time.perf_counter()
    done = subprocess.run(
        [*_IRMOGEN, "demo-data", "--output", str(data), "--motions", str(clips)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"demo-data ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.perf_counter() - started


def _built(data: Path, root: Path, log: Path) -> Watched:
    flags = [f"--direct_num_workers={WORKERS}", "--direct_running_mode=multi_processing"]
    command = [*_IRMOGEN, "build", "--input", str(data), "--output", str(root), *flags]
    build = watched(command, log)
    if build.code not in _BUILT:
        raise RuntimeError(f"the build ended with {build.code}: {log.read_text()[-2000:]}")
    return build


def _row(root: Path, build: Watched) -> dict[str, Any]:
    corpus, manifest = open_corpus(root)
    notes = json.loads(corpus.run_path.read_text())
    objects = subprocess.run(
        [sys.executable, "-c", _OBJECTS, str(root)], capture_output=True, text=True, check=True
    )
    frames, goal_frames = _frames(corpus)
    return {
        "measured": about(),
        "goals": manifest["tables"]["goals"]["rows"],
        "clips": manifest["tables"]["motions"]["rows"],
        "frames": frames,
        "goal_frames": goal_frames,
        "shards": corpus.shards,
        "workers": WORKERS,
        "gate": build.code == 0,
        "refused": [
            f"{name}: {failure['column']}"
            for name, suite in manifest["gate"]["suites"].items()
            for failure in suite["failed"]
        ],
        "seconds": build.seconds,
        "phases": notes["phase_seconds"],
        "steps": notes["step_seconds"],
        "shuffled": notes.get("shuffled"),
        "main_memory": build.main,
        "worker_memory": build.workers,
        "objects_a_shard": float(objects.stdout),
        "bytes": _sizes(corpus),
        "files_a_shard": _files(corpus),
    }


def _frames(corpus: Corpus) -> tuple[int, int]:
    """Frames of all clips, and of the motions that goals are about, each goal's counted."""
    clips = goals = 0
    for index in range(corpus.shards):
        clips += sum(corpus.read("motions", index, ["frames"]).column("frames").to_pylist())
        goals += sum(corpus.read("facts", index, ["frames"]).column("frames").to_pylist())
    return clips, goals


def _sizes(corpus: Corpus) -> dict[str, int]:
    """Bytes by table, and of what is no table."""
    sizes = {name: _bytes(corpus.root / name) for name in TABLES}
    sizes["receipts"] = _bytes(corpus.root / "receipts")
    sizes["profile"] = _bytes(corpus.root / "quality" / "profile")
    sizes["manifest"] = corpus.manifest_path.stat().st_size
    return {**sizes, "others": _bytes(corpus.root) - sum(sizes.values())}


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _files(corpus: Corpus) -> float:
    shard_files = [path for path in corpus.root.rglob("*-of-*") if path.is_file()]
    return len(shard_files) / corpus.shards


def _asked(root: Path) -> dict[str, dict[str, float]]:
    """What a language model would be asked a goal, by --requests, out of the first shard's goals."""
    from pipelines.plan_requests import of_views
    from schemas.config import config
    from schemas.ledger import Ledger
    from schemas.llm_settings import REQUESTS, LlmSettings
    from transforms.annotate import goal_views

    corpus, manifest = open_corpus(root)
    asked = config(manifest["config"], "", str(root))
    views = goal_views(asked, corpus, 0)
    found = {}
    for mode in REQUESTS:
        one = asdict(
            of_views(LlmSettings("any", requests=mode), Ledger(root / "none"), views, asked.wordings)
        )
        found[mode] = {name: one[name] / len(views) for name in ("requests", "input_tokens", "output_tokens")}
    return found


def about() -> dict[str, Any]:
    """When and on what: for people who read the constants."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.machine()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {model}",
        "workers": WORKERS,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def code_digest(
    rooms: Sequence[str] = ("motion", "schemas", "prompts", "evaluators", "transforms", "pipelines"),
) -> str:
    """Digest of the engine's code: what was measured with other code is measured again."""
    house = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(path for room in rooms for path in (house / room).rglob("*.py")):
        digest.update(str(path.relative_to(house)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
