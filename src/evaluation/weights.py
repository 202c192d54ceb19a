"""Holds the weights in a model's folder against its architecture: their names and their shapes.

Loaders take random numbers for a weight that they miss and leave out one that they do not know, with a line in a log.
Here nothing but the headers of the files is read: a second for 15 GB.

``python -m src.evaluation.weights REQUEST`` looks at several models in a process of its own, for a launcher that
imports nothing heavy. REQUEST is JSON: ``models``, by what they are called; ``adapters``, by stage, the settings of its
LoRA. What it prints last is JSON, too: a sentence, or null when all is well.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_SHOWN = 3
_TOWER = re.compile(r"\.(visual|vision_tower|vision_model)\.")  # in the names that transformers gives its layers
_MERGE = "; a LoRA is merged into its base model first (PEFT's merge_and_unload)"


def weights_problem(model: str) -> str | None:
    """What is wrong with the weights of a folder, or of a hub name's local copy, in words; None where nothing is.

    A hub name that has no local copy is left to its loader, and so is an architecture that transformers does not have.
    """
    folder = _folder(model)
    if folder is None:
        return None
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder)
        architecture = _class(config)
        if architecture is None:
            return None
        found = _compare(architecture, folder, config)
    except Exception as error:  # a torn file, a missing shard, a broken config: whatever it is, it cannot be loaded
        return f"the weights in {folder} cannot be read ({_first_line(error)}): copy or export the model again"
    missing, unexpected, wrong, untied = found
    parts = [
        *_part(missing, "missing"),
        *_part(unexpected, "unknown to it"),
        *_part([f"{name} {list(has)} instead of {list(wants)}" for name, has, wants in wrong], "of another shape"),
        *_part(untied, "of other values than those that tie_word_embeddings makes the same"),
    ]
    if not parts:
        return None
    adapters = _MERGE if any("lora_" in name for name in unexpected) else ""
    return (
        f"the weights in {folder} are not those of its config.json ({architecture.__name__}): {'; '.join(parts)}. "
        f"Export the model again{adapters}"
    )


def adapters_problem(model: str, settings: Mapping[str, Any]) -> str | None:
    """Why adapters cannot be put on a model, not be merged into it, or not be sampled with; None where they can.

    Args:
        model: a folder or hub name.
        settings: ``target_modules``, ``exclude_modules`` and ``target_parameters``, as veRL gives them to PEFT; and
            ``sampled``, whether vLLM is to sample with them.
    """
    settings = dict(settings)
    sampled = settings.pop("sampled", False)
    folder = _folder(model)
    if folder is None:
        return None
    import torch
    from peft import LoraConfig, get_peft_model
    from peft.tuners.lora import LoraLayer
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder)
    if (architecture := _class(config)) is None:
        return None
    with torch.device("meta"):
        base = architecture(config)
    chosen = f"target_modules={settings.get('target_modules')}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tied weights, which are refused below
            adapted = get_peft_model(base, LoraConfig(r=1, task_type="CAUSAL_LM", **settings))
    except ValueError as error:
        return f"{chosen} fits nothing in {folder} ({_first_line(error)}): name its linear layers, or give all-linear"
    layers = [name for name, module in adapted.named_modules() if isinstance(module, LoraLayer)]
    if not layers:
        return f"{chosen} fits nothing in {folder}: name its linear layers, or give all-linear"
    ends = [name for name in layers if name.endswith(("embed_tokens", "lm_head"))]
    if ends and getattr(config, "tie_word_embeddings", False):
        return (
            f"{chosen}: {ends[0].rpartition('.')[2]} shares its weights in {folder} (tie_word_embeddings), so that a "
            "LoRA of it cannot be merged: leave it out"
        )
    if sampled and (tower := [name for name in layers if _TOWER.search(name)]):
        return (
            f"{chosen} puts adapters on the vision tower ({tower[0].removeprefix('base_model.model.')}), and vLLM "
            "samples without these, in silence: leave the tower out with "
            "actor_rollout_ref.model.exclude_modules='.*visual.*' (the part of its layers' names)"
        )
    return None


def _folder(model: str) -> Path | None:
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except Exception:  # it was not downloaded yet, or in parts
        return None


def _class(config: Any) -> Any:
    import transformers

    names = getattr(config, "architectures", None) or []
    return getattr(transformers, names[0], None) if names else None


def _compare(
    architecture: Any, folder: Path, config: Any
) -> tuple[list[str], list[str], list[tuple[str, Sequence[int], Sequence[int]]], list[str]]:
    """Names that are missing, names too many, names with both shapes, and names of tied weights that differ.

    The first three are as transformers' loader finds them.
    """
    from transformers.utils import logging

    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    options: dict[str, Any] = {"device_map": "meta", "output_loading_info": True, "ignore_mismatched_sizes": True}
    untied: list[str] = []
    try:
        _, info = architecture.from_pretrained(folder, config=config, **options)
    except NotImplementedError:  # both of two tied weights are there, and cannot be compared without reading them
        untied = _untied(architecture, folder)
        config.tie_word_embeddings = False
        _, info = architecture.from_pretrained(folder, config=config, **options)
    return sorted(info["missing_keys"]), sorted(info["unexpected_keys"]), sorted(info["mismatched_keys"]), untied


def _untied(architecture: Any, folder: Path) -> list[str]:
    """Names of weights that differ from those they are tied to: loaders take the one, the other, or both."""
    import torch
    from safetensors import safe_open

    pairs: dict[str, str] = dict(architecture._tied_weights_keys or {})
    read: dict[str, Any] = {}
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            wanted = {*pairs, *pairs.values()} & set(file.keys())
            read |= {name: file.get_tensor(name) for name in wanted}
    return [
        name
        for name, other in pairs.items()
        if {name, other} <= read.keys() and not torch.equal(read[name], read[other])
    ]


def _part(names: Sequence[str], what: str) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"{len(names)} {what} ({', '.join(names[:_SHOWN])}{more})"]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")


def main() -> None:
    request = json.loads(sys.argv[1])
    models: dict[str, str] = request["models"]
    found = [f"{key}: {problem}" for key, model in models.items() if (problem := weights_problem(model))]
    if not found:
        first = next(iter(models.values()))
        found = [
            f"stage {stage}: {problem}"
            for stage, settings in request["adapters"].items()
            if (problem := adapters_problem(first, settings))
        ]
    print(json.dumps(found[0] if found else None))


if __name__ == "__main__":
    main()
