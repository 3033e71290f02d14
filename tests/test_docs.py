"""The documents keep up with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evaluators.chain_checks import REASONS
from pipelines.cli import COMMANDS
from schemas.config import settings
from schemas.tables import TABLES

ROOT = Path(__file__).resolve().parents[1]


def document(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_column_is_described(table) -> None:
    sections = dict(
        re.findall(r"^### (\w+)[^\n]*\n(.*?)(?=^### |^## |\Z)", document("docs/corpus.md"), re.M | re.S)
    )
    missing = [name for name, _ in table.columns if f"`{name}`" not in sections[table.name]]
    assert not missing


def test_every_reason_is_explained() -> None:
    code = "".join(document(f"{name}.py") for name in ("motion/layout", "transforms/read"))
    raised = set(re.findall(r'MotionProblem\(\s*"(\w+)"', code)) | {"repeated_id"}
    explained = set(re.findall(r"`(\w+)`", document("docs/reasons.md")))
    assert raised | set(REASONS) | {"caption_contradicted", "ladder_too_short"} <= explained


def test_every_setting_that_does_not_count_is_named_with_its_reason() -> None:
    text = document("docs/architecture.md")
    for name, counts, why in settings():
        assert counts or f"| {name} | {why} |" in text


def test_the_readme_names_every_command_and_only_files_that_exist() -> None:
    text = document("README.md")
    assert all(command in text for command in COMMANDS)
    for name in re.findall(r"docs/\w+\.md|CHANGELOG\.md", text):
        assert (ROOT / name).is_file(), name


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", document("Makefile"), re.M))
    assert set(re.findall(r"`?make ([a-z0-9-]+)", document("README.md"))) <= targets
