"""What a launch, a dry run and a sweep's plan check before anything starts: the configuration, and what it names."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from src.config.stages import Stage
from src.errors import UserError
from src.evaluation.variants import check_variants
from src.launcher.resources import check_models
from src.launcher.start_from import start_from
from src.record.layout import run_folder
from src.record.run import Run
from src.rewards.belonging import accept
from src.tasks.task import load_task


def admit(cfg: DictConfig, choices: Mapping[str, Any]) -> list[Stage]:
    """The stages of a composed configuration, all of which can be carried out as far as is known.

    What lies on a disk is not looked for here where the run is another machine's (``ray.address``): its job does.

    Args:
        cfg: options that its stages name are put into it.
        choices: Hydra's, group -> option.

    Raises:
        UserError: in one sentence.
    """
    stages = accept(cfg, choices)
    run = Run(run_folder(Path(cfg.run.folder) / cfg.recipe, cfg.run.name))
    here = cfg.ray.address is None
    own = load_task(cfg.dataset, download=cfg.launch.download)
    if here:
        own.find()
    if cfg.evaluation.enable:
        check_variants(own, cfg.evaluation.variants)
    for stage in stages:
        with _of(stage):
            same = stage.dataset == cfg.dataset
            task = own if same else load_task(stage.dataset, download=cfg.launch.download)
            if here and not same:
                task.find()
            if stage.trainer == "sft" and not task.has_traces:
                task.traces("sft")  # which says why it has none
            _check_lengths(stage, *task.least_tokens)
    if here:
        start_from(with_source := copy.deepcopy(cfg), None if cfg.run.fresh else run.record.get("from"))
        check_models(with_source, stages)
    return stages


@contextmanager
def _of(stage: Stage) -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise UserError(f"stage {stage.name}: {error}") from None


def _check_lengths(stage: Stage, prompt: int, answer: int) -> None:
    """Refuse lengths that no row can have; the launch counts all rows, with the run's tokenizer."""
    data = stage.config.data
    if stage.trainer == "sft":
        least = {"sft.data.max_length": (data.max_length, prompt + answer)}
    else:
        least = {
            "data.max_prompt_length": (data.max_prompt_length, prompt),
            "data.max_response_length": (data.max_response_length, answer),
        }
    for key, (given, needed) in least.items():
        if given < needed:
            raise UserError(
                f"{key}={given} is too short: the dataset shows {prompt} values and asks for {answer}, "
                f"which take {needed} tokens at least"
            )
