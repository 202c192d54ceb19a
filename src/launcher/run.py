"""Carries out a run: data, model, stages in their order, evaluation, report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from src.config.compose import as_typed
from src.config.stages import Places, Stage, place, worker_environment
from src.cpu.preload import PreloadServer
from src.errors import UserError
from src.launcher import reaper
from src.launcher.evaluation import evaluate_models, print_evaluation
from src.launcher.resources import check_resources
from src.launcher.stage import Interpreter, run_stage
from src.launcher.tracking import Tracking
from src.rewards.loading import load_function
from src.run import Run, provenance, run_name


def carry_out(cfg: DictConfig, stages: Sequence[Stage]) -> float | None:
    """Run every stage in its order.

    Returns:
        The held-out reward at the end (the mean over datasets or tasks), when there is one.

    Raises:
        UserError: with one clear message; every process of the run has ended then.
    """
    check_resources(cfg)
    run = Run(Path(cfg.run.folder) / cfg.recipe / run_name(cfg.run.name))
    if cfg.run.fresh:
        run.set_aside()
    run.start(_record(cfg, run.folder.name, stages))
    print(f"run: {run.folder}")
    started = time.time()
    reaper.adopt_orphans()
    guard = reaper.guard()
    try:
        with _interpreter(cfg, run) as interpreter, Tracking(cfg, run) as tracking:
            _train(cfg, run, stages, interpreter, tracking)
    except UserError:
        _report(run)
        raise
    finally:
        reaper.end_descendants(keep=frozenset({guard.pid}))
        guard.kill()
        guard.wait()
    report = _report(run)
    print(f"done in {(time.time() - started) / 60:.1f} minutes; report: {report}")
    return _final_reward(run)


def _record(cfg: DictConfig, name: str, stages: Sequence[Stage]) -> dict[str, Any]:
    return {
        "recipe": cfg.recipe,
        "run": name,
        "scale": cfg.scale,
        "runtime": cfg.runtime.name,
        **provenance(as_typed(HydraConfig.get().overrides.task)),
        "seeds": {"seed": cfg.seed, "dataset": cfg.dataset.seed},
        "config": OmegaConf.to_container(cfg, resolve=False),
        "stages": [{"name": stage.name, "trainer": stage.trainer, "state": "pending"} for stage in stages],
    }


@contextmanager
def _interpreter(cfg: DictConfig, run: Run) -> Iterator[Interpreter]:
    """Python itself, or the preload server's stand-in for it."""
    environment = {
        **os.environ,
        **worker_environment(cfg),
        "RAY_DEDUP_LOGS": "0",
        "TOKENIZERS_PARALLELISM": "false",
    }
    if not cfg.runtime.preload:
        yield Interpreter(sys.executable, environment, lambda: None)
        return
    server = PreloadServer(environment, run.log("preload"))
    try:
        yield Interpreter(str(server.python), environment, server.wait_until_ready)
    finally:
        server.stop()


def _train(cfg: DictConfig, run: Run, stages: Sequence[Stage], interpreter: Interpreter, tracking: Tracking) -> None:
    data = load_function(cfg.dataset.builder)(cfg.dataset, run.folder / "data", download=cfg.launch.download)
    run.record["fingerprint"] = data.fingerprint
    run.record["data"] = {"counts": data.counts, "fingerprint": data.fingerprint}
    run.save()
    _check_sizes(cfg, stages, data.counts)
    interpreter.wait()
    model = _model(cfg, run, data.sft, interpreter)
    models = {}
    for stage in stages:
        print(f"stage {stage.name}")
        train, val = (data.sft, data.sft_val) if stage.trainer == "sft" else (data.train, data.val)
        config = place(stage, Places(run.folder, model, train, val, interpreter.python))
        record = run.stage(stage.name)
        record |= {"state": "running", "started": time.time(), "model": model}
        run.save()
        try:
            seconds = run_stage(run, stage, config, interpreter, cfg.launch.stall_timeout_s, tracking.follow)
            model = models[stage.name] = str(exported_model(run, stage))
        except UserError:
            record["state"] = "failed"
            run.save()
            raise
        record |= {"state": "done", "seconds": round(seconds, 1), "checkpoint": model}
        run.save()
    if cfg.evaluation.enable:
        print_evaluation(evaluate_models(cfg, run, models, interpreter))


def _check_sizes(cfg: DictConfig, stages: Sequence[Stage], counts: dict[str, int]) -> None:
    """Refuse a batch that is larger than the data: veRL drops what does not fill a batch.

    Raises:
        UserError: with the key to lower.
    """
    for stage in stages:
        key, rows = ("sft.data", counts["sft"]) if stage.trainer == "sft" else ("data", counts["train"])
        batch = stage.config.data.train_batch_size
        if rows < batch:
            raise UserError(
                f"stage {stage.name}: {key}.train_batch_size={batch} is more than the {rows} rows of "
                f"dataset {cfg.dataset.name}: lower it, or build more of them (dataset.max_windows or dataset.rows)"
            )


def _model(cfg: DictConfig, run: Run, texts: Path, interpreter: Interpreter) -> str:
    """The folder or name that the first stage starts from; a model is built where the config says how."""
    if cfg.model.path is not None:
        path = Path(str(cfg.model.path)).expanduser()
        return str(path.resolve()) if path.is_dir() else str(cfg.model.path)
    folder = run.folder / "model"
    settings = {
        "settings": OmegaConf.to_container(cfg.model.build),
        "seed": cfg.seed,
        "texts": str(texts),
        "folder": str(folder),
    }
    done = subprocess.run(
        [interpreter.python, "-m", "src.models.tiny", json.dumps(settings)],
        env=interpreter.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    run.log("model").write_text(done.stdout + done.stderr)
    if done.returncode or not (folder / "config.json").is_file():
        raise UserError(f"the model could not be built; see {run.log('model')}")
    built = json.loads((folder / "built.json").read_text())
    print(f"model: a new Qwen2 with {built['parameters'] / 1e6:.2f} million weights and {built['tokens']} tokens")
    return str(folder)


def exported_model(run: Run, stage: Stage) -> Path:
    """The Hugging Face folder that a stage left behind.

    Raises:
        UserError: there is none, or it is not complete.
    """
    inside = "huggingface" if stage.trainer == "sft" else "actor/huggingface"
    folders = sorted(
        (run.folder / "checkpoints" / stage.name).glob(f"global_step_*/{inside}"),
        key=lambda folder: int(str(folder).split("global_step_")[1].split("/")[0]),
    )
    if not folders:
        raise UserError(f"stage {stage.name} saved no model: set trainer.save_freq to a positive number of steps")
    folder = folders[-1]
    if not (folder / "config.json").is_file() or not list(folder.glob("*.safetensors")):
        raise UserError(f"the model that stage {stage.name} saved in {folder} is not complete")
    return folder


def _report(run: Run) -> Path | None:
    from src.report import write_report

    try:
        return write_report(run.folder)
    except UserError as error:  # a run that ended before its first step has nothing to draw
        print(f"no report: {error}")
        return None


def _final_reward(run: Run) -> float | None:
    last = None
    if run.metrics_file.exists():
        for line in run.metrics_file.read_text().splitlines():
            found = [
                value
                for name, value in json.loads(line).items()
                if name.startswith("val/") and name.endswith("/reward") and value is not None
            ]
            if found:
                last = sum(found) / len(found)
    return last
