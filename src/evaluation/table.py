"""An evaluation as tables for people."""

from typing import Any

from rich.console import Console
from rich.table import Table


def print_result(result: dict[str, Any], console: Console | None = None) -> None:
    """Print the model beside the baselines, the channels if there are several, and why answers failed."""
    console = console or Console()
    model, failed = result["model"], result["model"]["failed"]
    console.print(_against_baselines(result))
    if len(result["channels"]) > 1:
        console.print(_by_channel(result))
    if failed:
        console.print(
            f"{failed} of {model['answers']} answers failed and have no error; "
            f"{model['answered_windows']} of {model['windows']} windows have at least one usable answer."
        )
        for problem, count in result["problems"].items():
            console.print(f"  {count} x {problem}", markup=False)
    speed = result["speed"]
    rate = f", {speed['tokens_per_second']:.0f} tokens/s" if speed["tokens_per_second"] else ""
    console.print(
        f"{speed['tokens']} tokens in {speed['generate_seconds']:.1f} s{rate}; "
        f"{speed['seconds']:.1f} s in all"
    )


def _against_baselines(result: dict[str, Any]) -> Table:
    model = result["model"]
    table = Table(
        title=f"{result['dataset']} ({result['split']}), horizon {result['horizon']}: {model['windows']} "
        f"windows, mean of {result['runs']} run(s), original units"
    )
    # The model has no error on windows that it did not answer: say so, and show the baselines beside.
    partly = model["answered_windows"] < model["windows"]
    star = "*" if partly else ""
    names = ["", "MSE", "95 % interval of MSE", "MAE", "failed", *(["MSE*", "MAE*"] if partly else [])]
    for name in names:
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    errors = [number(model["mse"]) + star, _interval(model["mse_interval"]), number(model["mae"]) + star]
    table.add_row("model", *errors, f"{model['fail_frac']:.1%}", *(["", ""] if partly else []))
    for name, one in result["baselines"].items():
        same = one["answered"] or {"mse": None, "mae": None}
        errors = [number(one["mse"]), _interval(one["mse_interval"]), number(one["mae"])]
        table.add_row(name, *errors, "", *([number(same["mse"]), number(same["mae"])] if partly else []))
    if partly:
        table.caption = f"* on the {model['answered_windows']} windows that the model answered"
    return table


def _by_channel(result: dict[str, Any]) -> Table:
    names = list(result["baselines"])
    table = Table(title="MSE by channel")
    for name in ("channel", "windows", "model", "failed", *names):
        table.add_column(name, justify="left" if name == "channel" else "right")
    for channel, one in result["channels"].items():
        beside = [number(one["baselines"][name]["mse"]) for name in names]
        table.add_row(channel, str(one["windows"]), number(one["mse"]), f"{one['fail_frac']:.1%}", *beside)
    return table


def number(value: float | None) -> str:
    """Five significant digits, "-" for a value that does not exist."""
    return "-" if value is None else f"{value:.5g}"


def _interval(bounds: list[float] | None) -> str:
    return "-" if bounds is None else f"{number(bounds[0])} to {number(bounds[1])}"
