"""The numbers of a run as the page holds them: whole where they fit, thinned where a run is very long."""

from pathlib import Path

import numpy as np

from src.record.metrics_log import Series
from src.record.reading import RunRecord, load_run
from src.report.run.store import pack


def record(count: int) -> RunRecord:
    """A run of one stage with a spike in one metric, and two phases that add up to their total."""
    steps = np.arange(1, count + 1)
    spiky = np.zeros(count)
    spiky[count // 3] = 9.0
    gen, update = 1.0 + steps % 2, 2.0 + steps % 3
    metrics = {"spiky": spiky, "gen": gen, "update": update, "step": gen + update}
    series = {name: Series(steps, values) for name, values in metrics.items()}
    return RunRecord(Path("run"), {}, {"rl": series}, [], times={"rl": Series(steps, 1.7e9 + 0.5 + 10.0 * steps)})


def read(packed: dict, metric: str) -> tuple[list[int], list[float]]:
    steps, values = packed["stages"][0]["metrics"][metric]
    return packed["steps"][steps], values


def test_a_run_that_fits_is_whole_and_shares_its_steps() -> None:
    packed = pack(record(1000), set())
    assert packed["thinned"] == 0
    assert len(packed["steps"]) == 1
    assert read(packed, "spiky")[0] == list(range(1, 1001))


def test_the_clock_is_a_metric_in_seconds_since_the_start() -> None:
    packed = pack(record(3), set())
    assert packed["start"] == 1_700_000_010
    assert read(packed, "time") == ([1, 2, 3], [0.5, 10.5, 20.5])


def test_a_long_run_keeps_spikes_and_sums() -> None:
    packed = pack(record(9000), {"gen", "update", "step"}, budget=4000)
    assert packed["thinned"] == 1000
    steps, values = read(packed, "spiky")
    assert len(steps) <= 1000
    assert max(values) == 9.0
    assert steps[values.index(9.0)] == 3001
    gen, update, total = (read(packed, name) for name in ("gen", "update", "step"))
    assert gen[0] == update[0] == total[0]
    assert np.allclose(np.add(gen[1], update[1]), total[1])


def test_a_series_keeps_points_enough_for_a_panel() -> None:
    assert 300 < len(read(pack(record(9000), set(), budget=10), "gen")[0]) <= 400


def test_a_step_that_was_written_again_has_its_later_value(make_run) -> None:
    run = make_run(steps=4)
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"stage": "rl", "step": 2, "reward/mean": 0.125}\n{"stage": "rl", "step": 5, "reward/mean": 1.0}\n')
    series = load_run(run).metrics["rl"]["reward/mean"]
    assert series.steps.tolist() == [1, 2, 3, 4, 5]
    assert series.values[1] == 0.125
