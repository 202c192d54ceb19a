"""Mirrors a run's record to Weights & Biases: one W&B run through all stages and resumes, offline without an API key.

Line n of ``metrics.jsonl`` is step n of the W&B run. A resume goes on with the run's identity. Online, the steps that
W&B has already are not sent again. Offline, W&B starts a folder of its own each time: the whole record is written into
the new one, and the older ones are moved to ``wandb/superseded``, so that ``wandb sync`` finds one curve.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.errors import UserError
from src.record.run import Run
from src.trackers.tracker import End

# By a stage's trainer, the metrics that only such a stage records.
METRICS = {"sft": ("train/*", "val/loss"), "ppo": ("*",)}


class WandbTracker:
    """The W&B run of ``run``, when ``logging.wandb`` asks for one.

    Raises:
        UserError: W&B cannot be reached, or refuses the key; a view is asked for and its package is missing.
    """

    title = "Weights & Biases"

    def __init__(self, cfg: DictConfig, run: Run) -> None:
        self.wandb_run: Any = None
        self.folder = run.folder
        self._lines = 0  # of the record, so far
        self.known = 0  # of them, those that W&B has from an earlier launch
        mode: Any = wandb_mode(cfg.logging.wandb)
        if cfg.logging.wandb_view:
            from src.report.parts.wandb_view import require_workspaces

            require_workspaces()
        self.save_view = cfg.logging.wandb_view and mode == "online"
        if mode is None:
            return
        os.environ.setdefault("WANDB_SILENT", "true")
        import wandb

        identity = run.record["wandb_id"]
        if mode == "offline":
            _supersede(run.wandb, identity)
        settings: Any = OmegaConf.to_container(cfg, resolve=False)
        try:
            self.wandb_run = wandb.init(
                project=cfg.logging.project,
                name=run.folder.name,
                group=cfg.recipe,
                id=identity,
                resume="allow",
                mode=mode,
                dir=str(run.folder),
                config=settings,
            )
            self.wandb_run.define_metric("stage_step/*")
            for metric, axis in axes(run.record["stages"]):
                self.wandb_run.define_metric(metric, step_metric=axis, step_sync=False)
        except BaseException as error:  # a signal, too
            wandb.teardown(exit_code=1)  # its service ends with the run's processes, and it would complain at the exit
            if isinstance(error, wandb.Error):
                raise UserError(f"Weights & Biases: {error}; give logging.wandb=offline to go on without it") from None
            raise
        self.known = int(self.wandb_run.step)

    def follow(self, line: dict[str, Any]) -> None:
        """Send the next line of ``metrics.jsonl``."""
        if self.wandb_run is None:
            return
        self._lines += 1
        if self._lines <= self.known:
            return
        values = {name: value for name, value in line.items() if isinstance(value, int | float)}
        step = values.pop("step")
        self.wandb_run.log({**values, f"stage_step/{line['stage']}": step})

    def finish(self, end: End) -> None:
        """Close the W&B run with exit code 0 or 1, and save its view when all went well."""
        if self.wandb_run is None:
            return
        import wandb

        code = 0 if end is End.WELL else 1
        if end is End.PREEMPTED:
            self.wandb_run.mark_preempting()
        elif self.save_view:
            self._save_view()
        self.wandb_run.finish(exit_code=code)
        wandb.teardown(exit_code=code)  # waits for its service, which may still be writing

    def _save_view(self) -> None:
        """Save the panels as a view of the project; no reason to end a run badly when that fails."""
        from src.record.reading import load_run
        from src.report.parts.dashboard import load_dashboard
        from src.report.parts.wandb_view import save_view, specification

        try:
            record = load_run(self.folder)
            spec = specification(load_dashboard(), record.metrics, record.trainers)
            if spec["sections"]:
                address, _ = save_view(spec, self.wandb_run.entity, self.wandb_run.project)
                print(f"W&B view: {address}")
        except UserError as error:
            print(f"no W&B view: {error}")


def axes(stages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Which metrics are drawn over which steps: those of a trainer over the steps of its stage.

    Where several stages have the same trainer, their metrics stay on W&B's own step, as one curve through all of them.

    Args:
        stages: as ``run.json`` lists them, each with ``name`` and ``trainer``.

    Returns:
        Pairs of a metric, with ``*`` for any, and the metric that counts its steps; the first that fits a name counts.
    """
    for trainer, metrics in METRICS.items():
        names = [stage["name"] for stage in stages if stage["trainer"] == trainer]
        if len(names) == 1:
            yield from ((metric, f"stage_step/{names[0]}") for metric in metrics)


def _supersede(folder: Path, identity: str) -> None:
    for earlier in folder.glob(f"offline-run-*-{identity}"):
        (folder / "superseded").mkdir(exist_ok=True)
        earlier.rename(folder / "superseded" / earlier.name)


def wandb_mode(setting: str) -> str | None:
    """W&B's mode for ``logging.wandb``, or None for no W&B at all.

    ``auto`` is online where an API key is found, in the environment or in the netrc file, and offline elsewhere.
    """
    if setting == "off":
        return None
    if setting != "auto":
        return setting
    netrc = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    has_key = bool(os.environ.get("WANDB_API_KEY")) or (netrc.is_file() and "wandb" in netrc.read_text())
    return "online" if has_key else "offline"
