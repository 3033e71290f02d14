"""Published checkpoints: files of every form, made from tiny random models, say the same when imported."""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    Gemma2Config,
    Gemma2ForCausalLM,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from motion.tokenizer import load_tokenizer
from motion.vqvae import TokenizerShape, VqVae
from pipelines.import_checkpoint import add_arguments, run
from trainer.published import LORA_LAYERS, published_model, read_checkpoint
from trainer.run_folder import read_record
from trainer.vocabulary import TOKENS, vocabulary_of

SIZE = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
SIZE |= {"num_key_value_heads": 1, "head_dim": 8}
Weights = dict[str, Any]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of tiny base models: gemma ties its tables and is kept in bfloat16, llama does neither."""
    root = tmp_path_factory.mktemp("bases")
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel()
    special = ["<pad>", "<eos>", "<bos>"]
    words.train_from_iterator(["a man walks"], trainers.BpeTrainer(vocab_size=300, special_tokens=special))
    named = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, **named)
    torch.manual_seed(0)
    shape = SIZE | {"vocab_size": len(tokenizer)}
    gemma = Gemma2ForCausalLM(Gemma2Config(**shape, query_pre_attn_scalar=8)).to(torch.bfloat16)
    gemma.generation_config = GenerationConfig(eos_token_id=[1, 7], max_length=33)
    for name, model in {"gemma": gemma, "llama": LlamaForCausalLM(LlamaConfig(**shape))}.items():
        model.save_pretrained(root / name)
        tokenizer.save_pretrained(root / name)
    return {"gemma": root / "gemma", "llama": root / "llama"}


def trained(base: Path, *adapters: tuple[str, int], seed: int = 1) -> tuple[Any, Any]:
    """A base with the motion vocabulary and adapters of random weights, as the authors' code makes it."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager")
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.add_tokens(list(TOKENS))
    for name, rank in adapters:
        config = LoraConfig(r=rank, lora_alpha=rank, target_modules=list(LORA_LAYERS), task_type="CAUSAL_LM")
        if hasattr(model, "peft_config"):
            model.add_adapter(name, config)
        else:
            model = get_peft_model(model, config, adapter_name=name)
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "lora" in name or "embed" in name or "lm_head" in name:
                kept = len(tokenizer) - len(TOKENS) if "lora" not in name else 0
                value[kept:] = torch.randn_like(value[kept:]) / 4
    return model.eval(), len(tokenizer) - len(TOKENS)


def saved(model: Any, first: int = 0, only: str = "") -> Weights:
    """What their `save_model` holds: named parameters, and both tables from row `first` on."""
    held = {name: value for name, value in model.named_parameters() if only in name}
    tables = {"embeddings": model.get_input_embeddings().weight, "lm_head": model.lm_head.weight}
    return held | {name: value[first:] for name, value in tables.items()}


def logits(model: Any, tokens: int) -> torch.Tensor:
    ids = torch.arange(0, tokens, 7)[None]  # text and motion
    with torch.no_grad():
        return model(ids).logits


class Agent(torch.nn.Module):
    """The authors' module around the language model and the frozen motion tokenizer."""

    def __init__(self, llm: Any) -> None:
        super().__init__()
        self.llm = llm
        self.net = torch.nn.ModuleDict({"vqvae": torch.nn.Linear(3, 3)})


def whole(base: Path) -> tuple[Any, Weights]:
    model = trained(base, ("shared", 4))[0].merge_and_unload()
    return model, {"epoch": 11, "step": 400, "state_dict": saved(model)}


def reinforced(base: Path) -> tuple[Any, Weights]:
    model = trained(base, ("shared", 4))[0].merge_and_unload()
    return model, Agent(model).state_dict()


def base_stage(base: Path) -> tuple[Any, Weights]:
    model, _ = trained(base, ("shared", 4))
    return model, {"epoch": 2, "state_dict": saved(model, only="lora")}


def base_stage_with_all_weights(base: Path) -> tuple[Any, Weights]:
    model, _ = trained(base, ("shared", 4))
    return model, {"epoch": 2, "state_dict": saved(model)}


def agent_one(base: Path) -> tuple[Any, Weights]:
    model, first = trained(base, ("t2m", 4))
    return model, saved(model, first, only="lora")


def agent_t2m(base: Path) -> tuple[Any, Weights]:
    model, first = trained(base, ("t2m", 4), ("m2t", 2))
    model.set_adapter("t2m")
    return model, saved(model, first, only="lora")


def agent_m2t(base: Path) -> tuple[Any, Weights]:
    model, first = trained(base, ("t2m", 4), ("m2t", 2))
    model.set_adapter("m2t")
    return model, saved(model, first, only="lora")


def ended(base: Path, checkpoint: Path, output: Path, *flags: str) -> dict[str, Any]:
    """Run the command; the record that it wrote."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = [checkpoint, "--base", base, "--output", output, *flags]
    assert run(parser.parse_args([str(word) for word in words])) == 0
    return read_record(output)


FORMS = [whole, reinforced, base_stage, base_stage_with_all_weights, agent_t2m, agent_m2t]


@pytest.mark.parametrize("name", ["gemma", "llama"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_the_folder_says_what_the_published_model_says(
    form: Any, name: str, bases: dict[str, Path], tmp_path: Path
) -> None:
    model, held = form(bases[name])
    torch.save(held, tmp_path / "published.pth")
    adapter = {"agent_t2m": "t2m", "agent_m2t": "m2t"}.get(form.__name__, "")
    ended(bases[name], tmp_path / "published.pth", tmp_path / "out", "--adapter", adapter)

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    kept = AutoConfig.from_pretrained(tmp_path / "out").dtype
    found = AutoModelForCausalLM.from_pretrained(
        tmp_path / "out", dtype=torch.float32, attn_implementation="eager"
    )
    first = len(tokenizer) - len(TOKENS)
    assert vocabulary_of(tokenizer).ids([0, 511]) == [first, first + 2, first + 513, first + 1]
    assert found.config.tie_word_embeddings == (name == "gemma")
    if name == "gemma":
        assert found.generation_config.eos_token_id == [1, 7]
    rounded = kept == torch.bfloat16  # LoRA goes into the base's own precision
    assert rounded == (name == "gemma" and form in (base_stage, agent_t2m, agent_m2t))
    if rounded:
        model = model.merge_and_unload()
        for value in model.parameters():
            value.data = value.data.to(kept).float()
    torch.testing.assert_close(logits(found, len(tokenizer)), logits(model, len(tokenizer)))


def test_the_motion_tokenizer_and_a_record_lie_beside_the_model(
    bases: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(reinforced(bases["llama"])[1], tmp_path / "stage3.bin")
    network = VqVae(TokenizerShape(features=251, codes=512, code_size=4, width=4, depth=1))
    net = {f"vqvae.{name}": value for name, value in network.state_dict().items()}
    torch.save({"net": net}, tmp_path / "vqvae.pth")
    for name in ("mean", "std"):
        np.save(tmp_path / f"{name}.npy", np.ones(251))
    flags = [f"--{name}={tmp_path / name}.npy" for name in ("mean", "std")]
    record = ended(
        bases["llama"],
        tmp_path / "stage3.bin",
        tmp_path / "out",
        *flags,
        f"--motion-tokenizer={tmp_path / 'vqvae.pth'}",
    )
    tokenizer = load_tokenizer(tmp_path / "out/motion-tokenizer")
    assert (tokenizer.skeleton, tokenizer.codes) == ("kit", 512)
    assert record["motion_tokenizer"] == tokenizer.fingerprint
    assert record["stage"] == "imported"
    assert record["imported"]["checkpoint"] == "stage3.bin"
    assert "left out" not in capsys.readouterr().out

    record = ended(bases["llama"], tmp_path / "stage3.bin", tmp_path / "bare")
    assert record["motion_tokenizer"] == ""
    assert "2 tensors of the frozen motion tokenizer were left out" in capsys.readouterr().out
    with pytest.raises(ValueError, match="not empty"):
        ended(bases["llama"], tmp_path / "stage3.bin", tmp_path / "bare")
    with pytest.raises(ValueError, match="--std: missing"):
        ended(bases["llama"], tmp_path / "stage3.bin", tmp_path / "more", flags[0], "--motion-tokenizer=x")


LAYER = "model.layers.0.self_attn.q_proj"
LORA = f"base_model.model.{LAYER}.lora_A.shared.weight"


def without(key: str) -> Any:
    return lambda held: {name: value for name, value in held.items() if name != key}


def put(key: str, value: Any) -> Any:
    return lambda held: held | {key: value}


@pytest.mark.parametrize(
    ("form", "name", "change", "told"),
    [
        (base_stage, "gemma", without(LORA), f"{LAYER}.lora_A.shared.weight: is missing"),
        (base_stage, "gemma", put(LORA, torch.ones(4, 15)), r"has shape \(4, 15\), not \(4, 16\)"),
        (base_stage, "gemma", put(LORA, torch.ones(3, 16)), "has shape"),
        (base_stage, "gemma", put(LORA.replace("q_proj", "gate"), torch.ones(4, 16)), "gate.*: is unknown"),
        (base_stage, "gemma", without("lm_head"), "lm_head: is missing"),
        (base_stage, "gemma", put("embeddings", torch.ones(514, 15)), r"embeddings: has shape \(514, 15\)"),
        (agent_one, "gemma", put("embeddings", torch.ones(514, 16)), "lm_head: is another table"),
        (base_stage, "llama", put("embeddings", torch.ones(500, 16)), r"embeddings: has shape \(500, 16\)"),
        (agent_t2m, "llama", without(""), "holds the adapters m2t, t2m"),
        (whole, "llama", without("model.norm.weight"), "model.norm.weight: is missing"),
        (whole, "llama", put("model.extra", torch.ones(3)), "model.extra: is unknown"),
        (whole, "llama", put("lm_head.weight", torch.ones(3, 3)), r"lm_head.weight: has shape \(3, 3\)"),
        (whole, "llama", put("llm.model.norm.weight", torch.ones(16)), "is there twice"),
        (whole, "llama", put("model.norm.weight", torch.ones(16).int()), "torch.int32, not a weight"),
        (whole, "llama", put("model.norm.weight", [1.0]), "a list, not a weight"),
        (
            whole,
            "llama",
            put("model.norm.weight", torch.ones(16) / 0),
            "norm.weight: holds values that are not",
        ),
        (whole, "gemma", put("lm_head.weight", torch.ones(3, 16)), "lm_head.weight: is another table"),
        (whole, "llama", put("embeddings", torch.ones(514, 16)), "embeddings: differs"),
        (whole, "llama", lambda held: {"net.vqvae.weight": torch.ones(3)}, "no weight of a language model"),
    ],
)
def test_what_is_not_as_published_is_refused_by_its_name(
    form: Any, name: str, change: Any, told: str, bases: dict[str, Path], tmp_path: Path
) -> None:
    held = form(bases[name])[1]
    torch.save(change(held.get("state_dict", held)), tmp_path / "published.pth")
    with pytest.raises(ValueError, match=told):
        published_model(read_checkpoint(tmp_path / "published.pth"), str(bases[name]))


def test_a_file_that_is_no_checkpoint_is_refused_and_nothing_of_it_is_run(
    bases: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / "published.pth"
    with file.open("wb") as stream:
        pickle.dump({"state_dict": Path("a")}, stream)
    with pytest.raises(ValueError, match=r"as weights only; it is damaged or not published$"):
        read_checkpoint(file)
    for held, told in (([1], "a list, not a state dict"), ({"state_dict": [1]}, "no state dict")):
        torch.save(held, file)
        with pytest.raises(ValueError, match=told):
            read_checkpoint(file)
    torch.save({"state_dict": {}, "optimizer": [1]}, file)
    with pytest.raises(ValueError, match="optimizer: is a list beside"):
        read_checkpoint(file)
    with pytest.raises(FileNotFoundError):
        read_checkpoint(tmp_path / "none.pth")


def test_a_wrong_base_is_refused(bases: dict[str, Path], tmp_path: Path) -> None:
    torch.save(whole(bases["llama"])[1], tmp_path / "published.pth")
    checkpoint = read_checkpoint(tmp_path / "published.pth")
    with pytest.raises(ValueError, match=r"does not fit the base model: .*layernorm"):
        published_model(checkpoint, str(bases["gemma"]))
    with pytest.raises(ValueError, match=f"--base {tmp_path}: holds no model"):
        published_model(checkpoint, str(tmp_path))
    with pytest.raises(ValueError, match="holds no adapter, not --adapter t2m"):
        published_model(checkpoint, str(bases["llama"]), "t2m")
    ended(bases["llama"], tmp_path / "published.pth", tmp_path / "out")
    with pytest.raises(ValueError, match="has a motion vocabulary already"):
        published_model(checkpoint, str(tmp_path / "out"))
