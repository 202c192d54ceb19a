"""Carries out a run, or what is left of it: data, model, stages in their order, evaluation, report."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.cluster.job import stop_requests, this_job
from src.config.changes import fingerprint
from src.config.stages import Places, Stage, place, preloads, worker_environment
from src.cpu.preload import PreloadServer
from src.errors import UserError
from src.launcher import continuing
from src.launcher.data import build_data
from src.launcher.evaluation import evaluate_models, print_evaluation
from src.launcher.lengths import check_lengths
from src.launcher.model import check_weights, starting_model
from src.launcher.resources import check_models, check_resources
from src.launcher.stage import Interpreter, StageFailed, run_stage
from src.launcher.start_from import start_from
from src.processes import reaper
from src.processes.lock import sole_launcher
from src.processes.stopping import Stopping, Terminated
from src.record.layout import run_folder
from src.record.lines import read_lines
from src.record.provenance import installed_packages, provenance, uncommitted_changes
from src.record.run import Run, require_format
from src.trackers.tracker import Tracking


def carry_out(
    cfg: DictConfig, stages: Sequence[Stage], arguments: Sequence[str], repeats: dict[str, Any] | None = None
) -> float | None:
    """Run every stage in its order; a run that exists already goes on where it is.

    Args:
        arguments: of ``python -m src.launch``, for the record.
        repeats: what ``run.json`` says of the run that this one repeats.

    Returns:
        The held-out reward at the end (the mean over datasets or tasks), when there is one.

    Raises:
        UserError: with one clear message; every process of the run has ended then.
        Terminated: by SIGTERM, after a checkpoint was saved when there was time.
    """
    folder = run_folder(Path(cfg.run.folder) / cfg.recipe, cfg.run.name)
    known = {} if cfg.run.fresh else Run(folder).record
    if known:
        require_format(folder, known, "go on with it")
    source = start_from(cfg, known.get("from"))
    check_resources(cfg)
    check_models(cfg, stages)  # a job of a cluster is admitted where its files are not
    if cfg.run.fresh and Run(folder).record:
        with sole_launcher(folder):
            print(f"the run that was there is now {Run(folder).set_aside()}")
    with Stopping() as stopping, sole_launcher(folder) as lock, stop_requests(folder):
        run = Run(folder)
        config: Any = OmegaConf.to_container(cfg, resolve=False)
        this = {**provenance(arguments), "job": this_job()}
        if run.record:
            run.record.setdefault("launches", []).append(this)
            continuing.admit(run, stages, config, cfg.run.redo_stale)
            print(f"run: {run.folder} (continued)")
        else:
            run.start(_record(cfg, run.folder.name, stages, config, this, source, repeats))
            if difference := uncommitted_changes():
                run.difference_file.write_text(difference)
            print(f"run: {run.folder}")
        if source:
            print(f"the model is that of {source['run']}, stage {source['stage']}, step {source['step']}")
        _carry_out(cfg, run, stages, lock, stopping)
        return _final_reward(run)


def _carry_out(cfg: DictConfig, run: Run, stages: Sequence[Stage], lock: int, stopping: Stopping) -> None:
    started = time.time()
    reaper.adopt_orphans()
    guard = reaper.guard(lock)
    try:
        with _interpreter(cfg, run) as interpreter:
            _train(cfg, run, stages, interpreter, stopping)
    except (UserError, Terminated, KeyboardInterrupt) as end:
        _report(run)
        if not isinstance(end, UserError) or isinstance(end, StageFailed):
            print(f"to continue: the same command with run.name={run.folder.name}")
        raise
    finally:
        reaper.end_descendants(keep=frozenset({guard.pid}))
        guard.kill()
        guard.wait()
    report = _report(run)
    print(f"done in {(time.time() - started) / 60:.1f} minutes; report: {report}")


def _record(
    cfg: DictConfig,
    name: str,
    stages: Sequence[Stage],
    config: Any,
    launch: dict[str, Any],
    source: dict[str, Any] | None,
    repeats: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "recipe": cfg.recipe,
        "run": name,
        "scale": cfg.scale,
        "runtime": cfg.runtime.name,
        **launch,
        "seeds": {"seed": cfg.seed, "dataset": cfg.dataset.get("seed")},
        "wandb_id": secrets.token_hex(4),
        "from": source,
        "repeats": repeats,
        "stages": [{"name": stage.name, "trainer": stage.trainer, "state": "pending"} for stage in stages],
        "launches": [launch],
        "config": config,
        "config_fingerprint": fingerprint(config),
        "packages": installed_packages(),
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
    if not preloads(cfg):
        yield Interpreter(sys.executable, environment, lambda: None, this_job(), worker_environment(cfg))
        return
    server = PreloadServer(environment, run.log("preload"))
    try:
        yield Interpreter(str(server.python), environment, server.wait_until_ready)
    finally:
        server.stop()


def _train(cfg: DictConfig, run: Run, stages: Sequence[Stage], interpreter: Interpreter, stopping: Stopping) -> None:
    data = build_data(cfg, run, stages)
    if repeats := run.record.get("repeats"):
        same = repeats["fingerprint"] == data.fingerprint
        print("the data are those of the repeated run" if same else "the data are not those of the repeated run")
    model = first = starting_model(cfg, run, data.texts, interpreter)
    plan = continuing.plan(run, stages, data.fingerprints, first, cfg.run.redo_stale)
    models, left = plan.models, stages[len(plan.models) :]
    model = models[stages[len(models) - 1].name] if models else first
    if left:
        given = {"run.from" if cfg.run["from"] else "model.path" if cfg.model.path else "model": first}
        named = {f"stage.{stage.name}.reference": continuing.reference_of(stage, first) for stage in left}
        given |= {key: reference for key, reference in named.items() if reference not in (None, first)}
        check_weights(run, given, interpreter, left)
        data = check_lengths(run, left, data, first, interpreter)
        with Tracking(cfg, run) as tracking:
            for stage in left:
                print(f"stage {stage.name}")
                if model != first:
                    check_weights(run, {f"what stage {stage.name} starts from": model}, interpreter)
                train, val = data.files(stage)
                reference = continuing.reference_of(stage, first)
                start, plan.start = plan.start, None
                places = Places(
                    run.folder,
                    model,
                    train,
                    val,
                    interpreter.python,
                    resume_from=start.folder if start else None,
                    validates_first=start is not None and continuing.owes_validation(run, stage, start.step),
                    namespace=interpreter.namespace(stage.name),
                    reference=reference,
                    images=data.most_images(stage),
                )
                inputs = continuing.inputs(stage, data.fingerprints[stage.name], model, first)
                _run_stage(cfg, run, stage, places, inputs, interpreter, tracking, stopping)
                model = models[stage.name] = run.stage(stage.name)["checkpoint"]
    if cfg.evaluation.enable:
        print_evaluation(evaluate_models(cfg, run, models, interpreter))


def _run_stage(
    cfg: DictConfig,
    run: Run,
    stage: Stage,
    places: Places,
    inputs: dict[str, str],
    interpreter: Interpreter,
    tracking: Tracking,
    stopping: Stopping,
) -> None:
    record = run.stage(stage.name)
    record |= {"state": "running", "started": time.time(), "model": places.model, "inputs": inputs}
    run.save()
    interpreter.wait()
    config = place(stage, places)
    started = time.time()
    try:
        run_stage(run, stage, config, interpreter, cfg.launch, tracking.follow, stopping)
        record["seconds"] = round(record.get("seconds", 0.0) + time.time() - started, 1)
        record["checkpoint"] = continuing.finished_model(run, stage.name)
    except UserError:
        record |= {"state": "failed", "best": continuing.best_of(run, stage.name)}
        run.save()
        raise
    except Terminated:
        record |= {"state": "stopped", "best": continuing.best_of(run, stage.name)}
        run.save()
        raise
    best = continuing.best_of(run, stage.name)
    record |= {"state": "done", "best": best}
    run.save()
    if best:
        print(f"stage {stage.name}: step {best['step']} is the best checkpoint ({best['metric']} {best['value']:.4g})")
    stopping.end_if_asked(f"stage {stage.name} is done; the run will go on behind it")


def _report(run: Run) -> Path | None:
    from src.report.run.page import write_report

    try:
        return write_report(run.folder)
    except UserError as error:  # a run that ended before its first step has nothing to draw
        print(f"no report: {error}")
        return None


def _final_reward(run: Run) -> float | None:
    last = None
    for line in read_lines(run.metrics_file):
        found = [
            value
            for name, value in line.items()
            if name.startswith("val/") and name.endswith("/reward") and value is not None
        ]
        if found:
            last = sum(found) / len(found)
    return last
