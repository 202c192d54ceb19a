"""Mirrors a run's record to Weights & Biases: one W&B run through all stages and resumes, offline without an API key.

Line n of ``metrics.jsonl`` is step n of the W&B run. A resume goes on with the run's identity. Online, the steps that
W&B has already are not sent again. Offline, W&B starts a folder of its own each time: the whole record is written into
the new one, and the older ones are moved to ``wandb/superseded``, so that `wandb sync` finds one curve.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.errors import ConfigError, UserError
from src.processes.stopping import Terminated
from src.record.run import Run, read_lines

MODES = ("auto", "online", "offline", "off")


class Tracking:
    """Opens the W&B run of ``run`` when ``logging.wandb`` asks for one; a context, which closes it.

    Raises:
        UserError: W&B cannot be reached, or refuses the key; a view is asked for and its package is missing.
    """

    def __init__(self, cfg: DictConfig, run: Run) -> None:
        self.wandb_run: Any = None
        self.folder = run.folder
        self._lines = 0  # of the record, so far
        self.known = 0  # of them, those that W&B has from an earlier launch
        mode: Any = wandb_mode(cfg.logging.wandb)
        if cfg.logging.wandb_view:
            from src.report.wandb_view import require_workspaces

            require_workspaces()
        self.save_view = cfg.logging.wandb_view and mode == "online"
        if mode is None:
            return
        os.environ.setdefault("WANDB_SILENT", "true")
        import wandb

        identity = run.record["wandb_id"]
        if mode == "offline":
            _supersede(run.folder / "wandb", identity)
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
        except wandb.Error as error:
            raise UserError(f"Weights & Biases: {error}; give logging.wandb=offline to go on without it") from None
        self.wandb_run.define_metric("stage_step/*")
        for name in ("train/*", "val/loss"):
            self.wandb_run.define_metric(name, step_metric="stage_step/sft", step_sync=False)
        self.wandb_run.define_metric("*", step_metric="stage_step/rl", step_sync=False)
        self.known = int(self.wandb_run.step)
        for line in read_lines(run.metrics_file):
            self.follow(line)

    def __enter__(self) -> Tracking:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.wandb_run is None:
            return
        import wandb

        code = 0 if kind is None else 1
        try:
            if kind is Terminated:
                self.wandb_run.mark_preempting()
            elif self.save_view:
                self._save_view()
            self.wandb_run.finish(exit_code=code)
            wandb.teardown(exit_code=code)  # waits for its service, which may still be writing
        except Exception as failure:  # SIGTERM to all processes of the run ends its service first
            print(f"Weights & Biases had stopped ({type(failure).__name__}); the next launch sends it what it lacks")

    def _save_view(self) -> None:
        """Save the panels as a view of the project; no reason to end a run badly when that fails."""
        from src.report.parts.dashboard import load_dashboard
        from src.report.run.loading import load_run
        from src.report.wandb_view import save_view, specification

        try:
            spec = specification(load_dashboard(), load_run(self.folder).metrics)
            if spec["sections"]:
                address, _ = save_view(spec, self.wandb_run.entity, self.wandb_run.project)
                print(f"W&B view: {address}")
        except UserError as error:
            print(f"no W&B view: {error}")

    def follow(self, line: dict[str, Any]) -> None:
        """Send the next line of ``metrics.jsonl``."""
        if self.wandb_run is None:
            return
        self._lines += 1
        if self._lines <= self.known:
            return
        values = {name: value for name, value in line.items() if isinstance(value, int | float)}
        step = values.pop("step")
        try:
            self.wandb_run.log({**values, f"stage_step/{line['stage']}": step})
        except Exception as error:  # its service has died: no reason to end a training
            print(f"Weights & Biases has stopped ({error}); the run goes on without it")
            self.wandb_run = None


def _supersede(folder: Path, identity: str) -> None:
    for earlier in folder.glob(f"offline-run-*-{identity}"):
        (folder / "superseded").mkdir(exist_ok=True)
        earlier.rename(folder / "superseded" / earlier.name)


def wandb_mode(setting: str) -> str | None:
    """W&B's mode for ``logging.wandb``, or None for no W&B at all.

    ``auto`` is online where an API key is found, in the environment or in the netrc file, and offline elsewhere.
    """
    if setting not in MODES:
        raise ConfigError(f"logging.wandb={setting}: choose one of {', '.join(MODES)}")
    if setting == "off":
        return None
    if setting != "auto":
        return setting
    netrc = Path(os.environ.get("NETRC", "~/.netrc")).expanduser()
    has_key = bool(os.environ.get("WANDB_API_KEY")) or (netrc.is_file() and "wandb" in netrc.read_text())
    return "online" if has_key else "offline"
