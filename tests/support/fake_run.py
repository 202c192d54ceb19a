"""A run of two stages that trains nothing, but keeps its record and checkpoints with the project's own code.

``python fake_run.py FOLDER``. The "weights" are a chain of hashes, so that a stage which goes on from anything but its
own checkpoint records another chain. Files are written in small pieces: an end strikes inside of them.
"""

import hashlib
import json
import sys
import time
from pathlib import Path

from omegaconf import OmegaConf

from src.config.stages import Stage
from src.launcher import continuing
from src.processes.lock import sole_launcher
from src.record.best import HELD_OUT_REWARD
from src.record.checkpoints import Checkpoint
from src.record.layout import checkpoint_folder
from src.record.lines import append_line
from src.record.phase import write_phase
from src.record.run import Run
from src.training.saving import Saver

STEPS = 90
SAVE_EVERY = 3
CONFIG = {"stage": {"sft": {"kind": "sft"}, "rl": {"kind": "rl"}}}
STAGES = [Stage("sft", "sft", OmegaConf.create({})), Stage("rl", "ppo", OmegaConf.create({}))]


def next_weights(stage: str, step: int, weights: str) -> str:
    return hashlib.sha256(f"{stage} {step} {weights}".encode()).hexdigest()


def held_out(weights: str) -> float:
    """What a step is validated at, between 0 and 1."""
    return int(weights[:8], 16) / 2**32


def expected() -> list[tuple[str, int, str]]:
    """The record of a run that was never ended."""
    lines, weights = [], "start"
    for stage in ("sft", "rl"):
        for step in range(1, STEPS + 1):
            weights = next_weights(stage, step, weights)
            lines.append((stage, step, weights))
    return lines


def main() -> None:
    folder = Path(sys.argv[1])
    with sole_launcher(folder):
        run = Run(folder)
        if run.record:
            run.record["launches"].append({})
            continuing.admit(run, STAGES, CONFIG, redo_stale=False)
        else:
            stages = [{"name": stage.name, "trainer": stage.trainer, "state": "pending"} for stage in STAGES]
            run.start({"config": CONFIG, "stages": stages, "launches": [{}]})
        plan = continuing.plan(run, STAGES, {"sft": "data", "rl": "data"}, "start", redo_stale=False)
        print("training", flush=True)
        model, start = "start", plan.start
        for stage in STAGES:
            if stage.name not in plan.models:
                run.stage(stage.name).update(state="running", inputs=continuing.inputs(stage, "data", model, model))
                run.save()
                train(run, stage.name, model, start)
                start = None
                plan.models[stage.name] = continuing.finished_model(run, stage.name)
                run.stage(stage.name)["state"] = "done"
                run.save()
            model = plan.models[stage.name]


def train(run: Run, stage: str, model: str, start: Checkpoint | None) -> None:
    source = start.folder / "huggingface" if start else Path(model)
    weights = (source / "model.safetensors").read_text()[:64] if source.is_dir() else model
    saver = Saver(run.folder, stage, keep=2, best_metric=HELD_OUT_REWARD)
    for step in range((start.step if start else 0) + 1, STEPS + 1):
        weights = next_weights(stage, step, weights)
        write_phase(run.folder, stage, "training")
        time.sleep(0.02)  # or a quick machine is done before it was killed often enough
        for _ in range(3):
            append_line(run.sample_file(stage, step), {"stage": stage, "step": step})
        line = {"stage": stage, "step": step, "weights": weights, "val/series/reward": held_out(weights)}
        append_line(run.metrics_file, {**line, "more": "x" * 20_000})
        if step % SAVE_EVERY == 0:
            save(saver, step, weights)
            saver.seal(step, last=step == STEPS)


def save(saver: Saver, step: int, weights: str) -> None:
    saver.begin(step)
    folder = checkpoint_folder(saver.folder, step)
    (folder / "huggingface").mkdir(parents=True, exist_ok=True)
    (folder / "huggingface" / "config.json").write_text(json.dumps({"step": step}))
    for name in ("optim.pt", "huggingface/model.safetensors"):
        with (folder / name).open("w") as file:
            for _ in range(20):
                file.write(weights * 200)
                file.flush()
                time.sleep(0.001)


if __name__ == "__main__":
    main()
