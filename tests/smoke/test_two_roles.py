"""A user's own agent loop, algorithm and trainer, named by the configuration: rows of two roles reach the update."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from launching import ROOT
from two_roles import controllers_reward, reasoners_reward, turns_of

pytestmark = pytest.mark.smoke


def test_rows_of_two_roles_reach_the_update_with_their_own_rewards(launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "support"))
    run = launch(
        "stages=[rl]", "trainer.total_training_steps=1", "evaluation.enable=false", "logging.samples_per_step=100",
        "algorithm=grpo", "algorithm.path=two_roles.ByRole", "+algorithm.grpo.best=2",
        "trainer.v1.trainer_mode=two_roles.NotingTrainer",
        "actor_rollout_ref.rollout.agent.default_agent_loop=two_roles.TwoRoles",
    )  # fmt: skip
    assert run.code == 0, run.output

    # 4 prompts x 4 sessions are sampled, 2 sessions of each prompt are kept: 0 and 1, whose reasoners have 10 and 9.
    # Two values that are compared have advantages of +-1/sqrt(2). In two prompts session 1 has three rows: 18 in all.
    noted = json.loads((run.folder / "update_1.json").read_text())
    high = 0.5**0.5
    kept = {}
    for group in ("1x0", "1x1", "1x2", "1x3"):
        for session, weight in ((0, 20 / 19), (1, 18 / 19)):
            spoken = turns_of(group, session)
            for place, (role, _) in enumerate(spoken):
                reward, sign = (
                    (controllers_reward(session), 2 * session - 1)
                    if role == "controller"
                    else (reasoners_reward(session), 1 - 2 * session)
                )
                kept[f"{group}_{session}_{place}"] = (reward, sign * high, weight)
    assert len(kept) == 18 and sorted(noted) == sorted(kept)
    for key, values in noted.items():
        if key.startswith(("1x0", "1x2")):
            assert values == pytest.approx(kept[key], abs=1e-4), key
        else:  # three controllers' rows are compared there, not two
            assert (values[0], values[2]) == pytest.approx((kept[key][0], kept[key][2]), abs=1e-4), key

    (line,) = [line for line in run.metrics("rl") if line["step"] == 1]
    assert line["actor/updates"] == 1  # of 18 rows, where veRL counts on 8 or 16
    # The reasoner is sampled at another temperature, at which its log-probabilities are taken, too.
    assert line["logprob_gap/max"] < 1e-4
    assert line["critic/score/mean"] == pytest.approx((4 * (10.0 + 9.0) + 4 * 0.0 + 6 * 0.25) / 18)
    assert line["controller/reward/mean"] == pytest.approx(0.375)  # of all four sessions, whatever their turns
    assert line["reasoner/reward/mean"] == line["reward/mean"] == pytest.approx(6.5)
    assert line["reasoner/reward/of_reasoner/mean"] == 6.5 and "reasoner/reward/of_controller/mean" not in line
    assert line["reasoner/advantages/std"] == pytest.approx(high, abs=1e-4)
    assert line["select/kept_frac"] == 0.5

    samples = [json.loads(one) for one in (run.folder / "samples" / "rl_1.jsonl").read_text().splitlines()]
    trained = [one for one in samples if one["split"] == "train"]
    assert len(trained) == 34
    told = {(one["session"], one["role"], one["turn"], one["score"], one["kept"]) for one in trained}
    assert told == {
        (
            session,
            role,
            turn,
            controllers_reward(session) if role == "controller" else reasoners_reward(session),
            session < 2,
        )
        for session in range(4)
        for role, turn in turns_of("1x1", session)
    }
    (before,) = [line for line in run.metrics("rl") if line["step"] == 0]
    assert before["val/demand/reward"] == 10.0  # the last row answers for the session
    assert Path(run.record["stages"][0]["checkpoint"]).is_dir()
