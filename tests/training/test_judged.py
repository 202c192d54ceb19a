"""A judge that fails loses its term for the whole group, in the queue too; and how veRL's reward loop asks one."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from chat_endpoint import endpoints
from tensordict import TensorDict
from verl import DataProto
from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
from verl.trainer.ppo.reward import get_custom_reward_fn

from src.algorithms.advantages import group_advantages
from src.algorithms.rollouts import Rollouts
from src.rewards.adapter import JUDGED
from src.rewards.judge import Judgement, Verdict
from src.tasks.row import Row
from src.training import judged
from src.training.judged import judge_metrics, leave_out, put_back, words

FAILED = Verdict(None, "gave up")


def rollouts(*groups: list[tuple[float, Verdict | None]]) -> Rollouts:
    """Rollouts of (score without the judge, what it said), one list per group; the weight is 0.5."""
    rows = [(group, session, *one) for group, some in enumerate(groups) for session, one in enumerate(some)]
    terms = [
        {"acc": base, "extension": 0.5 * verdict.score if verdict and verdict.score is not None else 0.0}
        for _, _, base, verdict in rows
    ]
    return Rollouts(
        keys=[f"7x{group}_{session}_0" for group, session, _, _ in rows],
        rewards=np.array([np.float32(sum(one.values())) for one in terms], dtype=float),
        terms=terms,
        judged=[Judgement(base, {"extension": verdict}) for _, _, base, verdict in rows],
        roles=[""] * len(rows),
        turns=np.zeros(len(rows), dtype=int),
        lengths=np.ones(len(rows)),
        rows=[Row("emg", "", "train", group, [], "Healthy") for group, _, _, _ in rows],
    )


def test_no_sibling_gains_from_a_failure() -> None:
    good, better = Verdict(0.3, "thin"), Verdict(0.9, "a plan")
    before = rollouts([(1.0, good), (1.0, FAILED), (0.1, None), (1.0, better)], [(1.0, good), (0.1, None)])
    after = leave_out(before)
    assert after.rewards.tolist() == [1.0, 1.0, float(np.float32(0.1)), 1.0, *before.rewards[4:]]
    assert [one["extension"] for one in after.terms] == [0.0, 0.0, 0.0, 0.0, 0.15, 0.0]
    assert after.left_out == [["extension"]] * 4 + [[]] * 2
    advantages = group_advantages(after.rewards, after.groups)
    assert advantages[0] == advantages[1] == advantages[3]
    assert before.terms[0]["extension"] == 0.15 and before.rewards[0] > 1.0  # what was read is as it was


@pytest.mark.parametrize("base", [0.1, 0.7, 1.0, 1 / 3, 123.456])
def test_equals_stay_equal_to_the_last_bit(base: float) -> None:
    scores = [Verdict(score) for score in (0.1, 0.35, 1 / 3, 0.9)]
    after = leave_out(rollouts([(base, FAILED), *((base, one) for one in scores)]))
    assert len(set(after.rewards)) == 1
    assert not group_advantages(after.rewards, after.groups).any()


def test_one_of_two_judges_is_left_out_alone() -> None:
    said = {"extension": FAILED, "style": Verdict(1.0)}
    one = replace(
        rollouts([(1.0, FAILED)]), terms=[{"extension": 0.0, "style": 0.25}], judged=[Judgement(1.0, said)],
        rewards=np.array([1.25]),
    )  # fmt: skip
    assert leave_out(one).rewards.tolist() == [1.25]
    assert leave_out(one).left_out == [["extension"]]


def test_rows_without_a_judge_are_left_alone() -> None:
    own = replace(rollouts([(1.0, FAILED), (0.5, None)]), judged=[Judgement(1.0, {"extension": FAILED}), None])
    after = leave_out(own)
    assert after.terms[1] == own.terms[1] and after.left_out == [["extension"], []]


def test_failures_are_counted() -> None:
    one = leave_out(rollouts([(1.0, Verdict(0.5)), (1.0, FAILED), (0.1, None), (0.1, None)], [(1.0, Verdict(1.0))]))
    assert judge_metrics([one]) == {
        "judge/extension/asked_frac": pytest.approx(3 / 5),
        "judge/extension/failed_frac": pytest.approx(1 / 3),
        "judge/extension/left_out_frac": pytest.approx(4 / 5),
        "judge/extension/mean": 0.75,
        "judge/extension/std": 0.25,
    }
    nobody = judge_metrics([rollouts([(0.1, None)])], "val_")
    assert nobody == {f"judge/extension/val_{name}_frac": 0.0 for name in ("asked", "failed", "left_out")}
    assert judge_metrics([replace(one, judged=[None] * 5)]) == {}


def test_the_sample_has_the_judges_words() -> None:
    one = leave_out(rollouts([(1.0, FAILED), (1.0, Verdict(0.5, "thin")), (0.1, None)], [(1.0, Verdict(0.25))]))
    assert words(one, 0) == {"judge of extension": "failed: gave up; left out of the group"}
    assert words(one, 1) == {"judge of extension": "0.50: thin; left out of the group"}
    assert words(one, 2) == {"judge of extension": "not asked; left out of the group"}
    assert words(one, 3) == {"judge of extension": "0.25"}


def test_the_queue_is_told_what_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rollouts([(1.0, Verdict(0.5)), (1.0, FAILED)], [(1.0, Verdict(1.0))])
    held = {key: torch.tensor([0.0] * 3 + [reward]) for key, reward in zip(before.keys, before.rewards, strict=True)}
    put: dict[str, torch.Tensor] = {}

    class Queue:
        @staticmethod
        def kv_batch_get(keys: list[str], **_: object) -> dict[str, torch.Tensor]:
            return {"rm_scores": torch.nested.as_nested_tensor([held[key] for key in keys], layout=torch.jagged)}

        @staticmethod
        def kv_batch_put(keys: list[str], partition_id: str, fields: TensorDict) -> None:
            assert partition_id == "train"
            put.update(zip(keys, fields["rm_scores"].unbind(), strict=True))

    monkeypatch.setattr(judged, "tq", Queue)
    put_back(before, leave_out(before), "train")
    assert {key: one.tolist() for key, one in put.items()} == {"7x0_0_0": [0.0, 0.0, 0.0, 1.0]}
    put.clear()
    put_back(before, before, "train")
    assert not put


def test_verls_reward_loop_asks_for_many_answers_at_a_time(tmp_path: Path) -> None:
    together = threading.Barrier(40)

    def meet(_prompt: str, _earlier: int) -> str:
        together.wait(60)  # until all are here: more than the threads that veRL scores with
        return '{"score": 0.5}'

    class Tokens:
        def decode(self, ids: torch.Tensor, **_: object) -> str:
            return f"<think>r</think><extension>{ids.tolist()[0]}</extension>"

    (tmp_path / "mine.py").write_text("def compute_score(**_):\n    return {'score': 1.0}\n")
    with endpoints() as start:
        endpoint = {"model": "j", "base_url": start(meet).url, "cache": str(tmp_path / "c.sqlite"), "concurrency": 40}
        judge = {"by": "endpoint", "section": "extension", "sections": ["think", "extension"], "endpoint": endpoint}
        kwargs = {
            "dataset": {"name": "sums", "task": "toy_task.Sums", "rows": 5, "seed": 0},
            "function": {"path": str(tmp_path / "mine.py")},
            "judges": {"extension": judge},
        }
        config = {"path": "pkg://src.rewards.adapter", "name": "compute_score", "reward_kwargs": kwargs}

        async def loop() -> list[dict]:
            from omegaconf import OmegaConf

            found = OmegaConf.create({"reward": {"custom_reward_function": config}})
            manager = NaiveRewardManager(found, Tokens(), get_custom_reward_fn(found))
            return await asyncio.gather(*(manager.run_single(_answer(n)) for n in range(40)))

        scored = asyncio.run(loop())
    assert [one["reward_score"] for one in scored] == [1.25] * 40
    said = Judgement.of_text(scored[0]["reward_extra_info"][JUDGED])
    assert said == Judgement(1.0, {"extension": Verdict(0.5, "score 0.5")})


def _answer(number: int) -> DataProto:
    columns = Row("sums", "", "train", number, [], 1).columns()
    return DataProto.from_dict(
        tensors={"responses": torch.tensor([[number]]), "attention_mask": torch.ones(1, 1, dtype=torch.int64)},
        non_tensors={
            name: np.array([columns[name]], dtype=object) for name in ("data_source", "reward_model", "extra_info")
        },
    )
