"""An evaluation as tables for people, readable at 80 columns."""

from typing import Any

from rich.console import Console
from rich.table import Table


def print_result(result: dict[str, Any], console: Console | None = None) -> None:
    """Print the model beside the baselines, the channels if there are several, and why answers failed."""
    console = console or Console(highlight=False)
    if result.get("kind") == "questions":
        _print_questions(result, console)
        return
    model, failed = result["model"], result["model"]["failed"]
    console.print(
        f"\n{result['dataset']} ({result['split']}), horizon {result['horizon']}: {model['windows']} "
        f"windows, mean of {result['runs']} run(s), original units",
        markup=False,
    )
    console.print(_against_baselines(result))
    if len(result["channels"]) > 1:
        console.print("MSE by channel")
        console.print(_by_channel(result))
    if failed:
        console.print(
            f"{failed} of {model['answers']} answers failed and have no error; {model['answered_windows']} "
            f"of {model['windows']} windows have at least one usable answer."
        )
        for problem, count in result["problems"].items():
            console.print(f"  {count} x {problem}", markup=False)
    console.print(_speed(result))


def _speed(result: dict[str, Any]) -> str:
    speed = result["speed"]
    rate = f", {speed['tokens_per_second']:.0f} tokens/s" if speed["tokens_per_second"] else ""
    return f"{speed['tokens']} tokens in {speed['generate_seconds']:.1f} s{rate}; {speed['seconds']:.1f} s in all"


def _print_questions(result: dict[str, Any], console: Console) -> None:
    """One line per group and metric, with the baselines of that metric beside."""
    console.print(
        f"\n{result['dataset']} ({result['split']}), mean of {result['runs']} run(s) per question", markup=False
    )
    table = _table("", "questions", "metric", "model", "95 % interval", "baselines")
    for name, group in result["groups"].items():
        for place, (metric, one) in enumerate(group["metrics"].items()):
            beside = ", ".join(
                f"{_words(baseline)} {number(values[metric])}"
                for baseline, values in group["baselines"].items()
                if metric in values
            )
            head = (name, str(group["questions"])) if place == 0 else ("", "")
            table.add_row(*head, _words(metric), number(one["value"]), _interval(one["interval"]), beside)
    console.print(table)
    console.print(_speed(result))


def _against_baselines(result: dict[str, Any]) -> Table:
    model = result["model"]
    # The model has no error on windows that it did not answer: say so, and show the baselines beside.
    partly = model["answered_windows"] < model["windows"]
    star = "*" if partly else ""
    names = ["", "MSE", "95 % interval", "MAE", "failed", *(["MSE*"] if partly else [])]
    table = _table(*names)
    errors = [number(model["mse"]) + star, _interval(model["mse_interval"]), number(model["mae"]) + star]
    table.add_row("model", *errors, _percent(model["fail_frac"]), *([""] if partly else []))
    for name, one in result["baselines"].items():
        same = one["answered"] or {"mse": None}
        errors = [number(one["mse"]), _interval(one["mse_interval"]), number(one["mae"])]
        table.add_row(_words(name), *errors, "", *([number(same["mse"])] if partly else []))
    if partly:
        table.caption = f"* on the {model['answered_windows']} windows that the model answered"
    return table


def _by_channel(result: dict[str, Any]) -> Table:
    names = list(result["baselines"])
    table = _table("channel", "windows", "model", "failed", *map(_words, names))
    for channel, one in result["channels"].items():
        beside = [number(one["baselines"][name]["mse"]) for name in names]
        counts = [str(one["windows"]), number(one["mse"]), _percent(one["fail_frac"])]
        table.add_row(channel, *counts, *beside)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table


def number(value: float | None) -> str:
    """Four significant digits, "-" for a value that does not exist."""
    return "-" if value is None else f"{value:.4g}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _interval(bounds: list[float] | None) -> str:
    return "-" if bounds is None else f"{number(bounds[0])} to {number(bounds[1])}"


def _words(name: str) -> str:
    return name.replace("_", " ")
