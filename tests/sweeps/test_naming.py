"""Names of sweeps and cells: the same for the same command, different for different ones, and fit for folders."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.sweeps.naming import LONGEST, cell_name, sweep_name, value_of

KEYS = st.sampled_from(["seed", "algorithm", "actor_rollout_ref.actor.optim.lr", "sft.optim.lr", "stages"])
VALUES = st.text("ab1._-[], '/é", min_size=1, max_size=40)
SETTINGS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"seed": "2", "algorithm": "grip"}, "algorithm-grip__seed-2"),
        ({"actor_rollout_ref.actor.optim.lr": "1e-6"}, "lr-1e-6"),
        (
            {"sft.optim.lr": "1e-4", "actor_rollout_ref.actor.optim.lr": "1e-6"},
            "actor_rollout_ref.actor.optim.lr-1e-6__sft.optim.lr-1e-4",
        ),
    ],
)
def test_a_cell_is_named_by_its_settings(settings: dict[str, str], name: str) -> None:
    assert cell_name(settings) == name


def test_a_value_that_is_no_folder_name_keeps_a_name_of_its_own() -> None:
    names = [cell_name({"stages": value}) for value in ("[sft,rl]", "[sft rl]", "[sft]")]
    assert names[0].startswith("stages-sft-rl__") and len(set(names)) == 3


@given(SETTINGS)
def test_every_cell_has_a_name_that_a_run_can_have(settings: dict[str, str]) -> None:
    name = cell_name(settings)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name)
    assert len(name) <= LONGEST + 8
    assert cell_name(dict(reversed(settings.items()))) == name


@given(SETTINGS, SETTINGS)
def test_different_cells_have_different_names(one: dict[str, str], other: dict[str, str]) -> None:
    shared_keys = one.keys() == other.keys()  # within a sweep; others are told apart by their record
    assert one == other or not shared_keys or cell_name(one) != cell_name(other)


def test_a_sweep_is_named_by_what_decides_its_cells() -> None:
    command = ["+recipe=time_r1", "scale=smoke", "algorithm=grpo,grip", "seed=1,2"]
    name = sweep_name("time_r1", command, ["algorithm", "seed"])
    assert re.fullmatch(r"time_r1-algorithm-seed-[0-9a-f]{8}", name)
    assert sweep_name("time_r1", command[::-1], ["seed", "algorithm"]) == name
    assert sweep_name("time_r1", [*command, "sweep.jobs=4", "sweep.metric=val/*/mse"], ["algorithm", "seed"]) == name
    for change in ("seed=1,2,3", "trainer.total_training_steps=9"):
        assert sweep_name("time_r1", [*command, change], ["algorithm", "seed"]) != name
    assert sweep_name("time_r1", command, ["algorithm", "seed"], "optuna") != name


def test_a_value_is_taken_out_of_its_quotes() -> None:
    assert [value_of(one) for one in ("a='x y'", 'a="1,2"', "a=[1]", "+a=b=c", "a=")] == [
        "x y",
        "1,2",
        "[1]",
        "b=c",
        "",
    ]


def test_the_longest_name_is_still_one() -> None:
    assert len(cell_name({"algorithm": "x" * 500})) < 255
