"""After the last stage: every stage's model on the test split, which no training step has seen."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.errors import UserError
from src.evaluation.table import print_results
from src.launcher.stage import Interpreter
from src.processes.reaper import ending_with_this
from src.record.checkpoints import fingerprint
from src.record.evaluation import read_evaluation
from src.record.files import write_json
from src.record.run import Run


def evaluate_models(cfg: DictConfig, run: Run, models: dict[str, str], interpreter: Interpreter) -> dict[str, Any]:
    """Score the models in one process.

    The result is kept as ``evaluation.json``, and taken from there when it is of the same models and settings.

    Args:
        models: the Hugging Face folder of each stage.

    Raises:
        UserError: the process failed; the run's stages are done all the same.
    """
    request, out = run.evaluation_request, run.evaluation_file
    settings = {
        "runs": cfg.evaluation.runs,
        "max_windows": cfg.evaluation.max_windows,
        "temperature": cfg.actor_rollout_ref.rollout.val_kwargs.temperature,
        "top_p": cfg.actor_rollout_ref.rollout.val_kwargs.top_p,
        "max_tokens": cfg.data.max_response_length,
        "seed": cfg.seed,  # of the answers; which questions are asked is the dataset's to say
        "engine": OmegaConf.to_container(cfg.evaluation.engine),
        **({"variants": list(cfg.evaluation.variants)} if cfg.evaluation.variants else {}),
    }
    dataset = OmegaConf.to_container(cfg.dataset, resolve=True)
    asked: dict[str, Any] = {"models": models, "dataset": dataset, "settings": settings, "out": str(out)}
    asked["fingerprints"] = {stage: fingerprint(Path(model)) for stage, model in models.items()}
    if out.is_file() and request.is_file() and json.loads(request.read_text()) == json.loads(json.dumps(asked)):
        return read_evaluation(run.folder)
    out.unlink(missing_ok=True)
    write_json(request, asked)
    log = run.log("evaluation")
    devices = int(settings["engine"].get("tensor_parallel_size", 1))
    with log.open("ab") as output:
        code = subprocess.call(
            interpreter.command("evaluation", "src.evaluation.process", [str(request)], devices=devices),
            env={**interpreter.environment, "VLLM_ENABLE_V1_MULTIPROCESSING": "0"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=ending_with_this(),
        )
    if code or not out.is_file():
        raise UserError(f"the stages are done, but the models could not be evaluated; see {log}")
    return read_evaluation(run.folder)


def print_evaluation(results: dict[str, Any]) -> None:
    """Every stage's model beside the baselines."""
    print_results({f"after {stage}": result for stage, result in results.items()})
