"""The weights in a model's folder against its architecture: what is missing, unknown, of another shape, or torn."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from seeing import model_of_images
from transformers import Qwen2Config, Qwen2ForCausalLM

from src.evaluation.weights import adapters_problem, weights_problem

ROOT = Path(__file__).resolve().parents[2]


def _save(folder: Path, tied: bool = True, **options: object) -> Path:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    config = Qwen2Config(vocab_size=50, tie_word_embeddings=tied, **sizes, **heads)
    Qwen2ForCausalLM(config).save_pretrained(folder, **options)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return _save(tmp_path / "model")


def _weights(model: Path) -> dict[str, torch.Tensor]:
    return load_file(model / "model.safetensors")


def _put(model: Path, weights: dict[str, torch.Tensor]) -> str | None:
    save_file(weights, model / "model.safetensors", {"format": "pt"})
    return weights_problem(str(model))


@pytest.mark.parametrize("tied", [True, False])
def test_a_whole_model_has_no_problem(tmp_path: Path, tied: bool) -> None:
    assert weights_problem(str(_save(tmp_path / "whole", tied))) is None
    assert weights_problem(str(_save(tmp_path / "parts", tied, max_shard_size="5KB"))) is None
    assert len(list((tmp_path / "parts").glob("*.safetensors"))) > 1


def test_tied_weights_may_stand_there_twice_when_they_are_the_same(model: Path) -> None:
    weights = _weights(model)
    head = weights["model.embed_tokens.weight"].clone()
    assert _put(model, {**weights, "lm_head.weight": head}) is None
    problem = str(_put(model, {**weights, "lm_head.weight": head + 1}))
    assert "1 of other values than those that tie_word_embeddings makes the same (lm_head.weight)" in problem


def test_an_unmerged_export_is_refused_by_its_names(model: Path) -> None:
    """What veRL left behind SFT with LoRA: 54 names where the model has 26."""
    base = Qwen2ForCausalLM.from_pretrained(model)
    adapted = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear")).state_dict()
    problem = _put(model, {name: weight for name, weight in adapted.items() if "lm_head" not in name})
    assert problem is not None and problem.startswith(
        f"the weights in {model} are not those of its config.json (Qwen2For"
    )
    assert "27 missing (lm_head.weight, model.embed_tokens.weight, model.layers.0" in problem
    assert "54 unknown to it (base_model.model.model." in problem
    assert problem.endswith("a LoRA is merged into its base model first (PEFT's merge_and_unload)")


def test_what_is_missing_unknown_or_of_another_shape_is_named(model: Path) -> None:
    weights = _weights(model)
    norm, query = "model.norm.weight", "model.layers.1.self_attn.q_proj.weight"
    assert f"1 missing ({norm})" in str(_put(model, {name: one for name, one in weights.items() if name != norm}))
    assert "1 unknown to it (more.weight)" in str(_put(model, {**weights, "more.weight": torch.ones(2)}))
    problem = str(_put(model, {**weights, query: weights[query][:10].clone()}))
    assert f"1 of another shape ({query} [10, 16] instead of [16, 16]). Export the model again" in problem
    assert "LoRA" not in problem


@pytest.mark.parametrize("lost", [1, 1000])
def test_a_torn_file_is_refused(model: Path, lost: int) -> None:
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-lost])
    problem = str(weights_problem(str(model)))
    assert problem.startswith(f"the weights in {model} cannot be read (") and "file not fully covered" in problem


def test_a_missing_part_is_refused(tmp_path: Path) -> None:
    model = _save(tmp_path / "model", max_shard_size="5KB")
    next(model.glob("*.safetensors")).unlink()
    assert "cannot be read" in str(weights_problem(str(model)))


def test_a_name_without_a_local_copy_is_left_to_its_loader() -> None:
    assert weights_problem("nobody/has-this-model") is None
    assert adapters_problem("nobody/has-this-model", {"target_modules": "all-linear"}) is None


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ("all-linear", None),
        (["q_proj", "down_proj"], None),
        (["query"], "target_modules=['query'] fits nothing"),
        (["q_proj", "lm_head"], "lm_head shares its weights"),
        (["embed_tokens"], "embed_tokens shares its weights"),
    ],
)
def test_adapters_that_fit_nothing_or_cannot_be_merged_are_refused(
    model: Path, targets: object, message: str | None
) -> None:
    problem = adapters_problem(str(model), {"target_modules": targets, "exclude_modules": None})
    assert problem is None if message is None else message in str(problem)


def test_an_untied_head_can_have_adapters(tmp_path: Path) -> None:
    assert adapters_problem(str(_save(tmp_path / "model", tied=False)), {"target_modules": ["lm_head"]}) is None


def test_adapters_of_a_vision_tower_are_for_sft_alone(tmp_path: Path) -> None:
    """vLLM has ``enable_tower_connector_lora`` off, and says nothing of the adapters that it leaves out."""
    model = str(model_of_images(tmp_path / "model"))
    settings = {"target_modules": "all-linear", "exclude_modules": None}
    assert adapters_problem(model, settings) is None
    problem = str(adapters_problem(model, {**settings, "sampled": True}))
    assert "target_modules=all-linear puts adapters on the vision tower (model.visual.blocks.0." in problem
    assert adapters_problem(model, {**settings, "exclude_modules": ".*visual.*", "sampled": True}) is None


def test_the_process_names_the_model_and_the_stage(model: Path, tmp_path: Path) -> None:
    request = {"models": {"model.path": str(model)}, "adapters": {"sft": {"target_modules": ["query"]}}}
    words = [sys.executable, "-W", "ignore", "-m", "src.evaluation.weights"]
    done = subprocess.run([*words, json.dumps(request)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]).startswith("stage sft: target_modules=['query'] fits nothing in")
    request["models"]["stage.rl.reference"] = str(tmp_path)
    done = subprocess.run([*words, json.dumps(request)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]).startswith(
        f"stage.rl.reference: the weights in {tmp_path} cannot be"
    )
