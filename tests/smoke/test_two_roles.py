"""A user's own agent loop, algorithm and trainer, named by the configuration: rows of two roles reach the update."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from launching import ROOT

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

    # 4 prompts x 4 sessions x 2 rows are sampled, 2 sessions of each prompt are kept: 0 and 1, whose reasoners have 10
    # and 9. All of it is one update; two values that are compared have advantages of +-1/sqrt(2).
    noted = json.loads((run.folder / "update_1.json").read_text())
    high = 0.5**0.5
    expected = {
        "0_0": (0.0, -high, 20 / 19),
        "0_1": (10.0, high, 20 / 19),
        "1_0": (0.25, high, 18 / 19),
        "1_1": (9.0, -high, 18 / 19),
    }
    assert sorted(noted) == [f"1x{prompt}_{row}" for prompt in range(4) for row in sorted(expected)]
    for key, values in noted.items():
        assert values == pytest.approx(expected[key.partition("_")[2]], abs=1e-4), key

    (line,) = [line for line in run.metrics("rl") if line["step"] == 1]
    assert line["critic/score/mean"] == pytest.approx((0.0 + 10.0 + 0.25 + 9.0) / 4)
    assert line["controller/reward/mean"] == pytest.approx(0.375)  # of all four sessions
    assert line["reasoner/reward/mean"] == line["reward/mean"] == pytest.approx(6.5)
    assert line["reasoner/reward/of_reasoner/mean"] == 6.5 and "reasoner/reward/of_controller/mean" not in line
    assert line["select/kept_frac"] == 0.5

    samples = [json.loads(one) for one in (run.folder / "samples" / "rl_1.jsonl").read_text().splitlines()]
    trained = [one for one in samples if one["split"] == "train"]
    assert len(trained) == 32
    assert {(one["session"], one["role"], one["turn"], one["score"], one["kept"]) for one in trained} == {
        (session, role, 0, reward, session < 2)
        for session in range(4)
        for role, reward in (("controller", 0.25 * session), ("reasoner", 10.0 - session**2))
    }
    (before,) = [line for line in run.metrics("rl") if line["step"] == 0]
    assert before["val/demand/reward"] == 10.0  # the last row answers for the session
    assert Path(run.record["stages"][0]["checkpoint"]).is_dir()
