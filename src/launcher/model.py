"""The model that the first stage starts from; one is built where the config says how."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

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
    interpreter.wait()
    done = subprocess.run(
        [interpreter.python, "-m", "src.models.tiny", json.dumps(settings)],
        env=interpreter.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=ending_with_this(),
    )
    run.log("model").write_text(done.stdout + done.stderr)
    if done.returncode or not (folder / "built.json").is_file():
        raise UserError(f"the model could not be built; see {run.log('model')}")
    built = json.loads((folder / "built.json").read_text())
    print(f"model: a new Qwen2 with {built['parameters'] / 1e6:.2f} million weights and {built['tokens']} tokens")
    return str(folder)
