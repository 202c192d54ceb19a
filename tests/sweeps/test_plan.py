"""From the words of a command to the cells of a sweep."""

import json
from pathlib import Path

import pytest

from src.sweeps.plan import plan_cell


@pytest.mark.parametrize("swept", [False, True])
def test_a_cell_finds_the_run_that_it_starts_from(tmp_path: Path, swept: bool) -> None:
    """RECIPE/NAME is a run of the user's folder; a cell's own run.folder is that of the sweep."""
    run = tmp_path / "time_r1" / "base"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"stages": []}))
    source, fixed = "run.from=time_r1/base@sft", ["+recipe=time_r1", "stages=[rl]"]
    if swept:
        cell = plan_cell(fixed, [*fixed, source], tmp_path)
    else:
        cell = plan_cell([*fixed, source], [*fixed, source, "seed=2"], tmp_path)
    assert f"run.from={run}@sft" in cell.arguments and source not in cell.arguments
