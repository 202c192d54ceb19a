"""Every row of the table of ablations is a run that can start, and changes what it says."""

import pytest
from composing import compose_run
from omegaconf import OmegaConf

from src.config.checks import check
from src.config.compose import CONF

ROWS = {
    "full": {},
    "reasoner": {"dataset.session.policy": "reasoner", "algorithm.artist.roles": ["reasoner"]},
    "controller": {"algorithm.artist.roles": ["controller"]},
    "unreliable": {"reward.custom_reward_function.reward_kwargs.reliable": False},
    "turns": {
        "reward.custom_reward_function.reward_kwargs.trajectory": False,
        "algorithm.artist.trajectory": False,
    },
    "uniform": {"algorithm.artist.selection": "uniform"},
    "full_series": {"dataset.view.include_full_series": True},
}


def test_the_files_are_these_rows() -> None:
    assert {file.stem for file in (CONF / "ablation").glob("artist_*.yaml")} == {f"artist_{row}" for row in ROWS}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_changes_what_it_says_and_nothing_else(row: str) -> None:
    whole = compose_run("+recipe=artist", "scale=smoke")
    cfg = compose_run("+recipe=artist", "scale=smoke", f"+ablation=artist_{row}")
    check(cfg)
    for key, value in ROWS[row].items():
        assert OmegaConf.select(cfg, key) == value and OmegaConf.select(whole, key) != value, key
        OmegaConf.update(cfg, key, OmegaConf.select(whole, key))
    assert cfg == whole


def test_what_the_optimisation_rests_on_cannot_be_changed_in_silence() -> None:
    cfg = compose_run("+recipe=artist", "scale=smoke", "actor_rollout_ref.actor.ppo_mini_batch_size=1")
    with pytest.raises(Exception, match=r"ppo_mini_batch_size=1: algorithm=artist rests on 2; give .*size=2"):
        check(cfg)
