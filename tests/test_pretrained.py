"""The small pretrained model: out of a wheel, where that is installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from trainer.pretrained import READER, WHEEL, save_smollm2, smollm2_file, smollm2_form

MISSING = [name for name in (WHEEL, READER) if importlib.util.find_spec(name) is None]


def test_what_is_not_installed_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    for name in (WHEEL, READER):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(ValueError, match=f"{WHEEL} and {READER}: not installed; `make local-llm`"):
        save_smollm2(tmp_path / "model")
    for name in (WHEEL, READER):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    importlib.invalidate_caches()
    with pytest.raises(ValueError, match=r"holds no \.gguf file"):
        smollm2_file()


@pytest.mark.skipif(bool(MISSING), reason=f"{' and '.join(MISSING)}: not installed; make local-llm")
def test_its_form_is_read_without_its_weights() -> None:
    config, tokenizer = smollm2_form()
    assert (config.model_type, config.num_hidden_layers, config.hidden_size) == ("llama", 30, 576)
    assert config.vocab_size == len(tokenizer)
    assert tokenizer.eos_token == "<|im_end|>"


@pytest.mark.slow
@pytest.mark.skipif(bool(MISSING), reason=f"{' and '.join(MISSING)}: not installed; make local-llm")
def test_the_model_is_written_once_and_speaks_english(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = save_smollm2(tmp_path / "models/smollm2")
    written = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert save_smollm2(folder) == folder
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == written
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    prompt = tokenizer("The capital of France is", return_tensors="pt")
    said = tokenizer.decode(model.generate(**prompt, max_new_tokens=3, do_sample=False)[0])
    assert "Paris" in said
    assert tokenizer.bos_token == "<|im_start|>"
    assert tokenizer.eos_token == "<|im_end|>"


def test_a_folder_of_something_else_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="not empty" if not MISSING else "not installed"):
        save_smollm2(tmp_path)
