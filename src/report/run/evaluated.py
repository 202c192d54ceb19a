"""The section on the test split: what ``evaluation.json`` says, which is what a paper reports."""

from collections.abc import Iterator, Mapping
from typing import Any

from src.errors import UserError
from src.record.evaluation import read_evaluation
from src.record.reading import RunRecord
from src.report.parts.wording import percent, text
from src.report.run.comparison import on_test_split, stage_label
from src.report.run.confusion import matrices
from src.report.run.tables import comparison_tables, part_tables, scored_apart


def evaluation_of(record: RunRecord, notes: list[str]) -> dict[str, Any]:
    """Stage -> result on the test split; empty for none, and for a file that cannot be read, which ``notes`` says."""
    try:
        return read_evaluation(record.folder)
    except UserError as error:
        notes.append(f"The scores on the test split are left out: {error}.")
        return {}


def section_of(record: RunRecord, evaluation: Mapping[str, Any]) -> str:
    """Return the tables of all groups, what a task scores apart, and why answers failed; or how to get them."""
    if not evaluation:
        return f'<p class="empty">{text(_how_to_get_it(record))}</p>'
    final = list(evaluation.values())[-1]
    settings = final.get("settings") or {}
    parts = [
        f"mean of {final['runs']} answers to each question" if final["runs"] != 1 else "one answer to each question"
    ]
    if "temperature" in settings:
        parts.append(f"temperature {settings['temperature']:g}")
    lead = (
        f"The model of each stage on questions that no training step and no choice has seen: {', '.join(parts)}. "
        "In small print the 95 % interval over independent questions; the spread over training seeds is not in it."
    )
    tables = comparison_tables(on_test_split(evaluation))
    return f'<p class="lead">{text(lead)}</p>{tables}{"".join(_apart(evaluation))}{_problems(evaluation)}'


def _how_to_get_it(record: RunRecord) -> str:
    config = record.meta.get("config")
    settings = config.get("evaluation") if isinstance(config, Mapping) else None
    if isinstance(settings, Mapping) and settings.get("enable") is False:
        return (
            "The models of this run were not evaluated on the test split (evaluation.enable=false). Give the command "
            "again with evaluation.enable=true and the run's run.name: stages that are done stay as they are."
        )
    if any(stage.get("state") != "done" for stage in record.stages):
        return "The models are evaluated on the test split after the last stage."
    return (
        "The models of this run were not evaluated on the test split. The same command with the run's run.name does "
        "it; python -m src.evaluate scores any checkpoint."
    )


def _apart(evaluation: Mapping[str, Any]) -> Iterator[str]:
    """Of each dataset tables of parts, such as channels, where it has several, and what is taken for what."""
    final = list(evaluation.values())[-1]
    several = final["details"].get("datasets")
    for dataset in several if isinstance(several, Mapping) else [None]:
        of_stage = {stage: _details(result, dataset) for stage, result in evaluation.items()}
        for title, _ in scored_apart(_details(final, dataset)):
            models = {f"after {stage_label(stage)}": one[title] for stage, one in of_stage.items() if title in one}
            yield part_tables(f"{title} of {dataset}" if dataset else title, models)
        yield matrices(of_stage, dataset)


def _details(result: Mapping[str, Any], dataset: str | None) -> Mapping[str, Any]:
    details = result["details"]
    return details if dataset is None else details.get("datasets", {}).get(dataset, {})


def _problems(evaluation: Mapping[str, Any]) -> str:
    """Why answers could not be used, and how often, by stage."""
    items = ""
    for stage, result in evaluation.items():
        groups = result["groups"].values()
        failed, answers = sum(one["failed"] for one in groups), sum(one["answers"] for one in groups)
        counts = result["details"].get("problems") or {}
        if failed:
            why = ", ".join(f"{count} \N{MULTIPLICATION SIGN} {problem}" for problem, count in counts.items())
            items += (
                f"<li>after {text(stage_label(stage))}: {failed} of {answers} answers "
                f"({percent(failed / answers)}) cannot be used{': ' if why else ''}{text(why)}</li>"
            )
    return f'<ul class="problems">{items}</ul>' if items else ""
