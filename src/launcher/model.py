"""The model that the first stage starts from, built where the config says how; and whether its weights are its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.lora import adapter_settings
from src.config.stages import Stage
from src.errors import UserError
from src.launcher.stage import Interpreter
from src.processes.reaper import ending_with_this
from src.record.run import Run


def located(model: str) -> str:
    """A model's folder as a whole path; a hub name as it is."""
    path = Path(model).expanduser()
    return str(path.resolve()) if path.is_dir() else model


def starting_model(cfg: DictConfig, run: Run, texts: Sequence[Path], interpreter: Interpreter) -> str:
    """A folder or a hub name.

    Args:
        texts: files of rows, best of SFT, that a built model's tokenizer is learned from.

    Raises:
        UserError: the model could not be built.
    """
    if cfg.model.path is not None:
        return located(str(cfg.model.path))
    folder = run.model
    if (folder / "built.json").is_file():  # by an earlier launch of this run; it appears whole or not at all
        return str(folder)
    settings = {
        "settings": OmegaConf.to_container(cfg.model.build),
        "seed": cfg.seed,
        "texts": [str(file) for file in texts],
        "folder": str(folder),
    }
    vision = bool(cfg.model.build.get("vision"))
    done = _run(run, interpreter, "src.models.tiny_vl" if vision else "src.models.tiny", settings)
    if done.returncode or not (folder / "built.json").is_file():
        raise UserError(f"the model could not be built; see {run.log('model')}")
    built = json.loads((folder / "built.json").read_text())
    name, size = "Qwen2.5-VL" if vision else "Qwen2", built["parameters"] / 1e6
    print(f"model: a new {name} with {size:.2f} million weights and {built['tokens']} tokens")
    return str(folder)


def check_weights(run: Run, models: Mapping[str, str], interpreter: Interpreter, stages: Sequence[Stage] = ()) -> None:
    """Refuse models whose weights are not those of their architecture: a loader would take random ones.

    Args:
        models: folders or hub names, by what the user calls them.
        stages: those to come, whose adapters have to fit the first of the models.

    Raises:
        UserError: weights that are missing, unknown or of another shape, a torn file, or adapters that fit nothing.
    """
    adapters = {stage.name: settings for stage in stages if (settings := adapter_settings(stage))}
    done = _run(run, interpreter, "src.evaluation.weights", {"models": dict(models), "adapters": adapters})
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise UserError(f"the weights of {', '.join(models.values())} could not be looked at; see {run.log('model')}")
    if problem := json.loads(lines[-1]):
        raise UserError(problem)


def _run(
    run: Run, interpreter: Interpreter, module: str, request: Mapping[str, Any]
) -> subprocess.CompletedProcess[str]:
    """A module's process, which imports what the launcher does not."""
    interpreter.wait()
    done = subprocess.run(
        [interpreter.python, "-m", module, json.dumps(request)],
        env=interpreter.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=ending_with_this(),
    )
    with run.log("model").open("a") as log:
        log.write(done.stdout + done.stderr)
    return done
