"""Where a run goes on: which of its stages are done, which one is next, and from which checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from src.config.changes import changes, fingerprint
from src.config.code import code_of
from src.config.stage_node import FIRST
from src.config.stages import Stage
from src.errors import UserError
from src.launcher.model import located
from src.record import checkpoints as checkpoint
from src.record.best import held_out
from src.record.checkpoints import Checkpoint
from src.record.cut import cut_record
from src.record.files import set_aside
from src.record.lines import read_lines
from src.record.run import Run
from src.runs import read_run


@dataclass
class Plan:
    """What is left of a run. ``models``: of the stages that are done. ``start``: of the first one that is not."""

    models: dict[str, str] = field(default_factory=dict)
    start: Checkpoint | None = None


def admit(run: Run, stages: Sequence[Stage], config: Mapping[str, Any], redo_stale: bool) -> None:
    """Accept a configuration for a run that has begun; stages may be added to it.

    Raises:
        UserError: the stages that have begun were trained with other settings, or are not asked for any more.
    """
    begun = [stage for stage in run.record["stages"] if stage["state"] != "pending"]
    names = [stage.name for stage in stages]
    if (had := [stage["name"] for stage in begun]) != names[: len(begun)]:
        raise UserError(
            f"the run {run.folder} has begun with the stages {_list(had)}, which stages={_list(names)} does not go on "
            "from: keep them and add others behind them, or choose another run.name="
        )
    for stage in begun:
        if differences := changes(run.record["config"], config, stage["name"]):
            shown = [f"  {key}: {text}" for key, text in differences.items()]
            _stale(run, stage["name"], ["it began with another configuration", *shown], redo_stale)
            break  # those after it are stale with it
    recorded = {stage["name"]: stage for stage in run.record["stages"]}
    fresh = {stage.name: {"name": stage.name, "trainer": stage.trainer, "state": "pending"} for stage in stages}
    kept = {name: stage for name, stage in recorded.items() if stage["state"] != "pending"}
    stages_now = [kept.get(name, fresh[name]) for name in names]
    run.update({"config": config, "config_fingerprint": fingerprint(config), "stages": stages_now})


def plan(run: Run, stages: Sequence[Stage], data: Mapping[str, str], model: str, redo_stale: bool) -> Plan:
    """Look through the stages in their order up to the first that is not done, and mend the record behind it.

    Args:
        data: the fingerprint of each stage's data, by the stage's name.
        model: what the first stage starts from.
        redo_stale: stages whose inputs have changed are done again, and those after them.

    Raises:
        UserError: a stage is stale, or its checkpoints cannot be used.
    """
    result, first = Plan(), model
    for stage in stages:
        record = run.stage(stage.name)
        if record["state"] == "pending":
            break
        if reasons := _changed_inputs(record.get("inputs"), inputs(stage, data[stage.name], model, first)):
            _stale(run, stage.name, reasons, redo_stale)
            break
        result.start = _newest(run, stage.name)
        if result.start is None or not result.start.last:
            _continue_record(run, stage.name, result.start)
            break
        model = result.models[stage.name] = finished_model(run, stage.name)
        _continue_record(run, stage.name, result.start)
        record |= {"state": "done", "checkpoint": model, "best": best_of(run, stage.name)}
        result.start = None
        print(f"stage {stage.name} is done (step {checkpoint_step(run, stage.name)})")
    run.save()
    return result


def reference_of(stage: Stage, first: str) -> str | None:
    """The model that the stage's KL is measured from, where it is not the one that the stage starts from.

    Args:
        first: the model that the run's first stage starts from.
    """
    if stage.reference is None:
        return None
    return first if stage.reference == FIRST else located(stage.reference)


def inputs(stage: Stage, data: str, model: str, first: str) -> dict[str, str]:
    """What a stage is made from, besides its settings: fingerprints of data, models and the code that these name.

    Args:
        data: the fingerprint of the stage's data.
        model: what it starts from.
        first: the model that the run's first stage starts from.
    """
    found = {"data": data, "model": _identity(model)}
    if (reference := reference_of(stage, first)) is not None:
        found["reference"] = _identity(reference)
    return {**found, **code_of(stage)}


def _identity(model: str) -> str:
    return checkpoint.fingerprint(Path(model)) if Path(model).is_dir() else model


def finished_model(run: Run, name: str) -> str:
    """The Hugging Face folder that a stage left behind when it came to its end.

    Raises:
        UserError: it did not, or left none that is whole.
    """
    found = checkpoint.newest(run.checkpoints(name))
    if found is None or not found.last:
        raise UserError(
            f"stage {name} ended without a complete checkpoint of its last step: set trainer.save_freq to a positive "
            f"number of steps, and see {run.log(name)}"
        )
    if found.model is None:
        raise UserError(f"the checkpoint {found.folder} of stage {name} holds no Hugging Face model")
    return str(found.model)


def best_of(run: Run, name: str) -> dict[str, Any] | None:
    """A stage's best checkpoint, for ``run.json``; None where it saved none, or validated no step that it saved."""
    recorded = read_run(run.folder)
    try:
        found = recorded.best_checkpoint(stage=name)
    except UserError:
        return None
    metric = recorded.best_metric(name)
    value = held_out(run.folder, name, metric)[found.step]
    return {"metric": metric, "value": value, "step": found.step, "model": str(found.model)}


def owes_validation(run: Run, stage: Stage, step: int) -> bool:
    """Whether ``step`` was to be followed by a validation and was not, as when SIGTERM came in it."""
    every = stage.config.trainer.test_freq
    if every <= 0 or step % every:
        return False
    lines = [line for line in read_lines(run.metrics_file) if (line["stage"], line["step"]) == (stage.name, step)]
    return not any(name.startswith("val/") for line in lines for name in line)


def checkpoint_step(run: Run, name: str) -> int | None:
    """The step of a stage's newest complete checkpoint."""
    found = checkpoint.newest(run.checkpoints(name))
    return found.step if found else None


def _newest(run: Run, name: str) -> Checkpoint | None:
    folder = run.checkpoints(name)
    for sentence in checkpoint.set_aside_unusable(folder):
        print(f"stage {name}: {sentence}")
    found = checkpoint.newest(folder)
    if found is None and (lost := checkpoint.damaged(folder)):
        raise UserError(
            f"stage {name} has checkpoints, but none that can be used ({', '.join(lost)} in {folder}): restore one "
            "under its old name, or give run.fresh=true, which sets the run aside and starts over"
        )
    return found


def _changed_inputs(before: dict[str, str] | None, now: dict[str, str]) -> list[str]:
    if before is None:  # the stage was ended before it knew them
        return []
    return [
        f"its {name} changed (fingerprint {before.get(name, '(none)')[:12]} -> {now[name][:12]})"
        for name in now
        # A stage that has begun before files were recorded says nothing of them.
        if before.get(name) != now[name] and (name in before or not name.endswith(" file"))
    ]


def _stale(run: Run, name: str, reasons: Sequence[str], redo_stale: bool) -> None:
    """Refuse a stale stage, or set it aside with those after it."""
    if not redo_stale:
        raise UserError(
            "\n".join(
                [
                    f"stage {name} of the run {run.folder} is stale: {reasons[0]}",
                    *reasons[1:],
                    "undo the change, or choose another run.name=; run.redo_stale=true does this stage and those "
                    "after it again, run.fresh=true the whole run",
                ]
            )
        )
    print("\n".join([f"stage {name} is stale and done again: {reasons[0]}", *reasons[1:]]))
    names = [stage["name"] for stage in run.record["stages"]]
    again = names[names.index(name) :]
    for one in again:
        if run.checkpoints(one).exists():
            set_aside(run.checkpoints(one), "before")
        trainer = run.stage(one)["trainer"]
        run.stage(one).clear()
        run.record["stages"][names.index(one)] |= {"name": one, "trainer": trainer, "state": "pending"}
    _cut(run, lambda stage, _step: stage in again, f"stages {_list(again)}")
    run.save()


def _continue_record(run: Run, name: str, start: Checkpoint | None) -> None:
    if start is None:
        print(f"stage {name} had not saved a checkpoint yet: it starts again from its beginning")
    elif not start.last:
        print(f"stage {name} goes on after step {start.step}")
    step = -1 if start is None else start.step
    _cut(run, lambda stage, at: stage == name and at > step, f"stage {name}" + (f" after step {step}" if start else ""))


def _cut(run: Run, drops: Any, what: str) -> None:
    launch = run.record["launches"][-1]
    aside = run.cut(len(run.record["launches"]))
    if cut := cut_record(run.folder, drops, aside):
        place = aside.relative_to(run.folder)
        launch.setdefault("cut", []).append({"what": what, "folder": str(place), **vars(cut)})
        print(f"record: {cut.lines} lines and {cut.sample_files} sample files of {what} were moved to {place}")
        if cut.unreadable:
            print(f"record: {cut.unreadable} torn line of metrics.jsonl was moved to {place}/unreadable.txt")


def _list(names: Sequence[str]) -> str:
    return f"[{','.join(names)}]"
