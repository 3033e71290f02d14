"""The house: who may import whom, and that importing does no work."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ["motion", "schemas", "prompts", "evaluators", "transforms", "pipelines"]
# A room imports only from the rooms before it; the trainer stands beside transforms.
ALLOWED = {room: set(ROOMS[:number]) for number, room in enumerate(ROOMS)}
ALLOWED["trainer"] = set(ROOMS[:4])
ALLOWED["pipelines"] |= {"trainer"}
HEAVY = {"torch", "transformers", "apache_beam"}
# The only places below the engine that know networks; nothing imports them before they are needed.
NETWORKS = (
    ROOT / "evaluators/embedders",
    ROOT / "evaluators/builtin",
    ROOT / "motion/vqvae.py",
    ROOT / "motion/tokenizer.py",
)


def imports_of(path: Path) -> set[str]:
    """Top-level names of every import of a file, also those inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_from_rooms_above_it(room: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {other}"
        for path in (ROOT / room).rglob("*.py")
        for other in imports_of(path) & set(ALLOWED)
        if other not in ALLOWED[room] | {room}
    }
    assert not wrong


@pytest.mark.parametrize("room", ["motion", "schemas", "prompts", "evaluators"])
def test_rooms_below_the_engine_know_no_engine(room: str) -> None:
    wrong = {
        f"{path.relative_to(ROOT)} imports {other}"
        for path in (ROOT / room).rglob("*.py")
        for other in imports_of(path)
        & (HEAVY - ({"torch", "transformers"} if {path, path.parent} & set(NETWORKS) else set()))
    }
    assert not wrong


def test_evaluators_and_their_metrics_need_no_torch() -> None:
    metrics = [f"evaluators.metrics.{path.stem}" for path in (ROOT / "evaluators/metrics").glob("*.py")]
    others = [
        "evaluators.embedders",
        "evaluators.evaluation",
        "evaluators.protocol",
        "evaluators.ground_truth",
    ]
    held = modules_after(f"import evaluators, {', '.join(metrics + others)}", "evaluators.r_precision")
    assert not held & {"apache_beam", "pandas", "torch", "transformers", "torchmetrics"}


def modules_after(*lines: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after these lines."""
    code = "; ".join([*lines, "import sys", "print(' '.join(sorted(sys.modules)))"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_the_command_line_starts_without_heavy_imports() -> None:
    lines = ("from pipelines.cli import main", "import contextlib", "x = contextlib.suppress(SystemExit)")
    held = modules_after(*lines, "exec('with x: main([\"--help\"])')")
    assert not held & {"apache_beam", "pyarrow", "pandas", "numpy", "great_expectations", "torch", "scipy"}


def test_importing_motion_needs_only_arrays() -> None:
    held = modules_after("import motion.features, motion.skeleton, motion.layout")
    assert not held & {"apache_beam", "pyarrow", "pandas", "torch", "matplotlib"}


def test_no_file_is_too_long_to_have_one_subject() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for room in ALLOWED
        for path in (ROOT / room).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 420
    }
    assert not long
