"""The data of a run: every distinct dataset of its stages is built once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config.stages import Stage
from src.errors import UserError
from src.record.run import Run
from src.tasks.build import BuildResult, build
from src.tasks.stored import most_images
from src.tasks.task import load_task


@dataclass(frozen=True)
class Data:
    """What was built: ``own`` of the run's dataset, ``of`` each stage by its name.

    Args:
        fitting: of a stage and one of its files, the file that it reads instead: without the rows that are too long.
    """

    own: BuildResult
    of: dict[str, BuildResult]
    fitting: dict[tuple[str, Path], Path] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Of all that the run is trained on."""
        distinct = list(dict.fromkeys([self.own.fingerprint, *(built.fingerprint for built in self.of.values())]))
        return distinct[0] if len(distinct) == 1 else hashlib.sha256("\0".join(distinct).encode()).hexdigest()

    @property
    def fingerprints(self) -> dict[str, str]:
        """Stage -> of its data."""
        return {name: built.fingerprint for name, built in self.of.items()}

    @property
    def texts(self) -> list[Path]:
        """The file with the most text of every dataset."""
        return list(dict.fromkeys([self.own.texts, *(built.texts for built in self.of.values())]))

    def files(self, stage: Stage) -> tuple[Path, Path]:
        """A stage's rows for training and for validation."""
        built = self.of[stage.name]
        if stage.trainer != "sft":
            train, val = (self.fitting.get((stage.name, file), file) for file in (built.train, built.val))
            return train, val
        assert built.sft is not None and built.sft_val is not None, "src.rewards.belonging has refused it"
        return built.sft, built.sft_val

    def most_images(self, stage: Stage) -> int:
        """How many images a row of a stage has at most."""
        return max(most_images(file) for file in self.files(stage))


def build_data(cfg: DictConfig, run: Run, stages: Sequence[Stage]) -> Data:
    """Build the run's dataset in ``<run>/data``, and what stages have of their own in ``<run>/data/<stage>``.

    Stages with the same dataset share the first one's build. What was built before is found again.

    Raises:
        UserError: data that cannot be used, or fewer rows than a batch.
    """
    own = _build(cfg.dataset, run.data, cfg.launch.download)
    known = [(_plain(cfg.dataset), own)]
    of = {}
    for stage in stages:
        settings = _plain(stage.dataset)
        built = next((built for other, built in known if other == settings), None)
        if built is None:
            print(f"data of stage {stage.name}")
            built = _build(stage.dataset, run.data_of(stage.name), cfg.launch.download)
            known.append((settings, built))
        of[stage.name] = built
        _check_size(stage, built.counts)
    data = Data(own, of)
    run.record["fingerprint"] = data.fingerprint
    run.record["data"] = {"counts": own.counts, "fingerprint": own.fingerprint}
    for stage in stages:
        if (built := of[stage.name]) is not own:
            run.stage(stage.name)["data"] = {
                "dataset": stage.dataset.name,
                "folder": str(built.train.parent.relative_to(run.folder)),
                "counts": built.counts,
                "fingerprint": built.fingerprint,
            }
    run.save()
    return data


def _build(dataset: DictConfig, folder: Path, download: bool) -> BuildResult:
    return build(load_task(dataset, download=download), folder)


def _plain(dataset: DictConfig) -> Any:
    return OmegaConf.to_container(dataset, resolve=True)


def _check_size(stage: Stage, counts: dict[str, int]) -> None:
    """Refuse a batch that is larger than the data: veRL drops what does not fill a batch."""
    key, rows = ("sft.data", counts["sft"]) if stage.trainer == "sft" else ("data", counts["train"])
    batch = stage.config.data.train_batch_size
    if rows < batch:
        raise UserError(
            f"stage {stage.name}: {key}.train_batch_size={batch} is more than the {rows} rows of "
            f"dataset {stage.dataset.name}: lower it, or build more of them (dataset.max_windows or dataset.rows)"
        )
