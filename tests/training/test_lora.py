"""A LoRA's merged export: an ordinary model's names, the adapters' effect, and a live model that is left alone."""

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import Qwen2Config, Qwen2ForCausalLM

from src.training.lora import merged


def _adapted(tied: bool, dtype: torch.dtype = torch.float32, **settings: object) -> tuple[Qwen2ForCausalLM, PeftModel]:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    config = Qwen2Config(vocab_size=50, tie_word_embeddings=tied, **sizes, **heads)
    base = Qwen2ForCausalLM(config).to(dtype)
    plain = Qwen2ForCausalLM(config).to(dtype)
    plain.load_state_dict(base.state_dict())
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=16, **settings))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    return plain, model.to(dtype)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("targets", ["all-linear", ["q_proj", "down_proj"]])
def test_the_merged_weights_are_those_of_a_base_model_that_answers_as_the_adapted_one(
    tied: bool, targets: object
) -> None:
    plain, model = _adapted(tied, target_modules=targets)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    weights = merged(model, model.state_dict())
    assert weights.keys() == plain.state_dict().keys()
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    changed = {
        name.split(".")[-2] for name, weight in weights.items() if not torch.equal(weight, plain.state_dict()[name])
    }
    seven = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert changed == (seven if targets == "all-linear" else set(targets))
    tokens = torch.arange(20)[None]
    adapted, alone = model(tokens).logits, plain(tokens).logits
    plain.load_state_dict(weights)
    torch.testing.assert_close(plain(tokens).logits, adapted)
    assert not torch.allclose(alone, adapted)


def test_the_type_of_the_numbers_stays() -> None:
    _, model = _adapted(True, torch.bfloat16, target_modules="all-linear")
    assert {weight.dtype for weight in merged(model, model.state_dict()).values()} == {torch.bfloat16}


def test_weights_of_another_model_are_refused() -> None:
    _, model = _adapted(True, target_modules="all-linear")
    weights = dict(model.state_dict())
    weights.pop("base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight")
    with pytest.raises(RuntimeError, match=r"lora_A\.default\.weight"):
        merged(model, weights)


def test_a_merge_that_overflows_is_refused() -> None:
    _, model = _adapted(True, target_modules=["q_proj"])
    model.base_model.model.model.layers[0].self_attn.q_proj.lora_B["default"].weight.data.fill_(float("nan"))
    with pytest.raises(ValueError, match="NaN"):
        merged(model, model.state_dict())
