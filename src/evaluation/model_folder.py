"""Checks a model before the heavy libraries are imported, so that a mistake shows within a second."""

import json
import re
from pathlib import Path

from src.errors import ConfigError

# One set of files of each kind is enough.
_TOKENIZERS = (("tokenizer.json",), ("vocab.json", "merges.txt"), ("tokenizer.model",), ("spiece.model",))
_WEIGHTS = ("*.safetensors", "*.bin", "*.pt")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?", re.ASCII)


def check_model(model: str) -> str:
    """Return the local folder or the hub name that ``model`` means.

    Raises ConfigError: no such folder, a folder without config, tokenizer or weights, or a name that the hub
    (or its local cache) does not have.
    """
    folder = Path(model).expanduser()
    if model.strip() and folder.is_dir():
        _check_folder(folder)
        return str(folder)
    if folder.exists() or not _HUB_NAME.fullmatch(model):
        raise ConfigError(f"model={model} is not a folder: give the folder of a Hugging Face model, or a hub name")
    _check_hub(model)
    return model


def _check_folder(folder: Path) -> None:
    config = folder / "config.json"
    if not config.is_file():
        nested = sorted(folder.glob("*/config.json"))
        hint = f"; did you mean {nested[0].parent}?" if nested else ": give the folder of a Hugging Face export"
        raise ConfigError(f"model folder {folder} has no config.json{hint}")
    try:
        known = isinstance(json.loads(config.read_text("utf-8")), dict)
    except (OSError, ValueError):
        known = False
    if not known:
        raise ConfigError(f"{config} is not a JSON object: export the model again")
    if not any(all((folder / name).is_file() for name in names) for names in _TOKENIZERS):
        raise ConfigError(
            f"model folder {folder} has no tokenizer (tokenizer.json): copy those files of its base model"
        )
    if not any(True for pattern in _WEIGHTS for _ in folder.glob(pattern)):
        raise ConfigError(f"model folder {folder} has no weights (*.safetensors): export the model again")


def _check_hub(name: str) -> None:
    from huggingface_hub import hf_hub_download

    try:
        hf_hub_download(name, "config.json")
    except Exception as error:  # offline, no such model, no access: whatever it is, the user can choose another
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConfigError(
            f"model={name} is not a folder here, and the hub does not give it ({reason.rstrip('.')}): "
            "give a folder, or the name of a model you can download"
        ) from None
