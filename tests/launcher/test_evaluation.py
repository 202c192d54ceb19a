"""The evaluation after the last stage is not repeated when it is there."""

import json
import os
import sys
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from src.errors import UserError
from src.launcher.evaluation import evaluate_models
from src.launcher.stage import Interpreter
from src.record.run import Run

# Stands for the process that evaluates: counts its calls, and answers.
EVALUATE = """#!{python}
import json, sys
request = json.load(open(sys.argv[-1]))
calls = open(request["out"] + ".calls", "a")
calls.write("x")
json.dump({{stage: len(model) for stage, model in request["models"].items()}}, open(request["out"], "w"))
"""


@pytest.fixture
def cfg() -> DictConfig:
    return OmegaConf.create(
        {
            "evaluation": {"runs": 3, "max_windows": 4, "engine": {}, "variants": []},
            "actor_rollout_ref": {"rollout": {"val_kwargs": {"temperature": 1.0, "top_p": 1.0}}},
            "data": {"max_response_length": 8},
            "dataset": {"name": "demand"},
            "seed": 1,
        }
    )


def test_it_is_done_once_for_the_same_models_and_settings(cfg: DictConfig, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.start({})
    program = tmp_path / "python"
    program.write_text(EVALUATE.format(python=sys.executable))
    program.chmod(0o755)
    interpreter = Interpreter(str(program), dict(os.environ), lambda: None)
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_text("first")

    def calls() -> int:
        evaluate_models(cfg, run, {"rl": str(model)}, interpreter)
        return len((run.folder / "evaluation.json.calls").read_text())

    assert [calls(), calls()] == [1, 1]
    (model / "model.safetensors").write_text("other")
    assert [calls(), calls()] == [2, 2]
    cfg.evaluation.runs = 5
    assert [calls(), calls()] == [3, 3]
    cfg.evaluation.variants = ["blind"]
    assert [calls(), calls()] == [4, 4]
    assert json.loads((run.folder / "evaluation.json").read_text()) == {"rl": len(str(model))}


def test_the_dataset_draws_the_questions_whatever_the_seed(cfg: DictConfig, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.start({})
    cfg.dataset.seed, cfg.seed = 5, 7
    with pytest.raises(UserError):
        evaluate_models(cfg, run, {}, Interpreter("/bin/false", {}, lambda: None))
    asked = json.loads(run.evaluation_request.read_text())
    assert (asked["settings"]["seed"], asked["dataset"]["seed"]) == (7, 5)


def test_a_failure_is_one_clear_error(cfg: DictConfig, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.start({})
    with pytest.raises(UserError, match=r"the models could not be evaluated; see .*evaluation\.log"):
        evaluate_models(cfg, run, {}, Interpreter("/bin/false", {}, lambda: None))
