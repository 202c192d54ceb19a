"""A run starts no stage from weights that are not those of the model's architecture, and with adapters that fit it."""

import os
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from transformers import Qwen2Config, Qwen2ForCausalLM

from src.config.stages import Stage
from src.errors import UserError
from src.launcher.model import check_weights
from src.launcher.stage import Interpreter
from src.record.run import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path / "run")
    run.start({"stages": []})
    return run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    Qwen2ForCausalLM(Qwen2Config(vocab_size=50, num_attention_heads=2, num_key_value_heads=1, **sizes)).save_pretrained(
        tmp_path / "model"
    )
    return tmp_path / "model"


def _interpreter(python: str = sys.executable) -> Interpreter:
    root = str(Path(__file__).resolve().parents[2])
    return Interpreter(python, {**os.environ, "PYTHONPATH": root}, lambda: None)


def _stage(targets: object) -> Stage:
    return Stage("sft", "sft", OmegaConf.create({"model": {"lora_rank": 4, "target_modules": targets}}))


def test_a_whole_model_and_adapters_that_fit_it_are_accepted(run: Run, model: Path) -> None:
    check_weights(run, {"model.path": str(model)}, _interpreter(), [_stage("all-linear")])


def test_adapters_that_fit_nothing_are_refused(run: Run, model: Path) -> None:
    with pytest.raises(UserError, match=r"^stage sft: target_modules=\['query'\] fits nothing in .*model"):
        check_weights(run, {"model.path": str(model)}, _interpreter(), [_stage(["query"])])


def test_a_torn_model_is_refused_by_what_the_user_calls_it(run: Run, model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(UserError, match=r"^run\.from: the weights in .*model cannot be read"):
        check_weights(run, {"run.from": str(model)}, _interpreter())


def test_a_process_that_fails_says_where_it_says_why(run: Run, model: Path) -> None:
    with pytest.raises(UserError, match=r"could not be looked at; see .*logs/model\.log"):
        check_weights(run, {"model.path": str(model)}, _interpreter("/bin/false"))
