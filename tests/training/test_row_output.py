"""A row of a session keeps what is its own when veRL gives all rows what the last one has."""

from typing import Any

import pytest

from src.training.row_output import RowOutput

TOKENS: dict[str, Any] = {
    "prompt_ids": [1, 2],
    "response_ids": [3, 4, 5],
    "response_mask": [1, 1, 1],
    "response_logprobs": [-0.5, -0.25, -1.0],
    "num_turns": 2,
    "metrics": {},
    "extra_fields": {"min_global_steps": 1, "max_global_steps": 1},
}


def test_it_keeps_its_own_reward_and_terms() -> None:
    row = RowOutput(**TOKENS, role="controller", turn=1, row_reward=0.75, row_terms={"short": 0.75})
    last = RowOutput(**TOKENS, role="reasoner", row_reward=-1.0, row_terms={"right": 0.0})
    # What veRL does to all rows but the last (trainer/ppo/v1/agent_loop_tq.py, _agent_loop_postprocess).
    row.reward_score = last.reward_score
    row.extra_fields["reward_extra_info"] = last.extra_fields["reward_extra_info"]

    columns = row.as_dict()
    assert columns["rm_scores"].tolist() == [0.0, 0.0, 0.75]
    extra = columns["extra_fields"]
    assert (extra["role"], extra["turn"], extra["row_terms"]) == ("controller", 1, {"short": 0.75})
    assert extra["reward_extra_info"] == {"right": 0.0} and extra["min_global_steps"] == 1
    assert last.as_dict()["rm_scores"].tolist() == [0.0, 0.0, -1.0]
    assert set(columns) == set(last.as_dict())  # columns of one table
    assert not {"role", "turn", "row_reward", "row_terms", "reward_score"} & set(columns)


def test_the_last_row_can_leave_its_reward_to_the_configurations_function() -> None:
    row = RowOutput(**TOKENS, role="reasoner")
    assert row.reward_score is None
    row.reward_score = 0.5  # veRL's reward workers
    row.extra_fields["reward_extra_info"] = {"score": 0.5}
    columns = row.as_dict()
    assert columns["rm_scores"].tolist() == [0.0, 0.0, 0.5]
    assert columns["extra_fields"]["row_terms"] is None and columns["extra_fields"]["role"] == "reasoner"


def test_a_temperature_and_what_is_told_of_the_session_travel_with_the_row() -> None:
    told = {"segments": [[3, 9]]}
    row = RowOutput(**TOKENS, role="reasoner", row_reward=0.0, temperature=0.7, limit=64, trajectory=told)
    columns = row.as_dict()
    assert float(columns["row_temperature"]) == pytest.approx(0.7) and columns["row_temperature"].ndim == 0
    assert (columns["extra_fields"]["limit"], columns["extra_fields"]["trajectory"]) == (64, told)
    assert not {"temperature", "limit", "trajectory"} & set(columns)
    assert "row_temperature" not in RowOutput(**TOKENS, role="reasoner", row_reward=0.0).as_dict()


def test_rows_do_not_share_what_verl_writes_into_them() -> None:
    first, second = (RowOutput(**TOKENS, role=role, row_reward=0.0) for role in ("a", "b"))
    first.extra_fields["reward_extra_info"]["x"] = 1.0
    assert (
        second.extra_fields["reward_extra_info"] == {} == dict(RowOutput(**TOKENS, role="c").extra_fields.get("x", {}))
    )
    with pytest.raises(ValueError, match="role"):
        RowOutput(**TOKENS)
