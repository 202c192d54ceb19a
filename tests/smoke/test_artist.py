"""ARTIST on the real stack: sessions of two roles from SFT to the evaluation, killed and resumed; and in images."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from artist_traces import by_heart
from composing import compose_run
from launching import Launched, command
from omegaconf import OmegaConf
from warm import Warm

pytestmark = pytest.mark.smoke

N = 3  # answers from the final segments
MORE = ("trainer.test_freq=1", "logging.wandb=off", "logging.samples_per_step=100")


def dataset() -> dict[str, Any]:
    node: Any = OmegaConf.to_container(
        compose_run("+recipe=artist", "scale=smoke", "runtime=cpu").dataset, resolve=True
    )
    return node


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Launched:
    """Of a model that has learned by heart what to say; killed behind its first RL step, and gone on with."""
    folder = tmp_path_factory.mktemp("runs")
    traces = by_heart(dataset(), folder / "traces.parquet")
    words = command(
        folder, "run", *MORE, f"dataset.traces.file={traces}", "sft.optim.lr=1e-2", "sft.trainer.total_epochs=100",
        "sft.trainer.total_training_steps=160", "sft.trainer.save_freq=160", recipe="artist",
    )  # fmt: skip
    return warm.killed_and_gone_on_with(words, folder / "artist" / "run")


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Launched:
    """RL of a vision model that knows nothing: its reasoner answers from the whole series first."""
    folder = tmp_path_factory.mktemp("pictured")
    words = command(
        folder, "run", *MORE, "stages=[rl]", "model=tiny_vl", "dataset.view.view=image", "dataset.view.plot.width=112",
        "dataset.view.plot.height=56", "dataset.view.plot.axes=false", "dataset.view.include_full_series=true",
        "data.max_prompt_length=1536", "actor_rollout_ref.rollout.max_model_len=1584", "evaluation.variants=[]",
        "model.build.context_length=2048", "trainer.total_training_steps=1", recipe="artist",
    )  # fmt: skip
    launcher = warm.start(words)
    output, _ = launcher.communicate(timeout=900)
    return Launched(launcher.returncode, output, folder / "artist" / "run")


def sessions(run: Launched, step: int, split: str = "train") -> dict[tuple[int, int], list[dict]]:
    """The rows of each session, by question and number, in their order."""
    found = defaultdict(list)
    for one in map(json.loads, (run.folder / "samples" / f"rl_{step}.jsonl").read_text().splitlines()):
        if one["split"] == split:
            found[one["index"], one["session"]].append(one)
    return found


def test_it_runs_and_goes_on_to_the_end(run: Launched) -> None:
    assert run.code == 0, run.output
    assert [(stage["name"], stage["state"]) for stage in run.record["stages"]] == [("sft", "done"), ("rl", "done")]
    assert "stage sft is done (step 160)" in run.output
    lines = run.metrics("rl")
    assert sorted({line["step"] for line in lines}) == [0, 1, 2]
    assert Path(run.record["stages"][1]["checkpoint"]).is_dir()


def test_a_session_makes_r_plus_1_calls_of_the_controller_and_r_plus_n_minus_1_of_the_reasoner(run: Launched) -> None:
    accepted = 0
    for step in (1, 2):
        for rows in sessions(run, step).values():
            terms = rows[-1]["terms"]
            rounds, read = int(terms["session/rounds"]), int(terms["session/segments"])
            controller = [row for row in rows if row["role"] == "controller"]
            reasoner = [row for row in rows if row["role"] == "reasoner"]
            assert [row["turn"] for row in controller] == list(range(rounds))
            assert sorted(row["turn"] for row in reasoner) == list(range(N if read else 0))
            if terms["session/accepted"]:
                accepted += 1
                assert rounds == read + 1
                assert terms["session/calls"] == (read + 1) + (read + N - 1)
                assert rows[-1]["role"] == "reasoner" and rows[-1]["turn"] == 0  # the session's own answer
    assert accepted >= 4


def test_rows_of_both_roles_have_their_own_rewards_and_prompts(run: Launched) -> None:
    for rows in sessions(run, 1).values():
        controller = [row for row in rows if row["role"] == "controller"]
        (earned,) = {row["score"] for row in controller}  # the session's, in every turn
        terms = controller[0]["terms"]
        assert earned == pytest.approx(terms["reliability"] + terms["format"] + terms["rounds"])
        answers = [row for row in rows if row["role"] == "reasoner"]
        if not answers:
            continue
        assert {row["score"] for row in answers} <= {4.0, 3.5, 1.0, 0.5, -1.0}
        right = sum(row["score"] >= 3.5 for row in answers)
        assert terms["session/reliability"] == pytest.approx(right / N)
        assert len({row["prompt"] for row in answers}) == 1 and "these segments only" in answers[0]["prompt"]
        if terms["session/accepted"]:
            assert answers[-1]["response"].strip() in controller[-1]["prompt"]
            assert rows[-1]["path"]["segments"] and rows[-1]["path"]["evidence"]


def test_a_batch_is_one_update_in_which_each_row_is_seen_at_its_own_temperature(run: Launched) -> None:
    for line in run.metrics("rl"):
        if line["step"]:
            assert line["actor/updates"] == 1.0 and abs(line["actor/ppo_kl"]) < 1e-5
            assert line["logprob_gap/mean"] < 1e-5 and line["logprob_gap/max"] < 1e-3  # of 1.0 and of 0.7
            assert {"controller/reward/mean", "reasoner/reward/mean", "session/recall/mean"} <= set(line)


def test_the_cache_has_what_a_session_shares(run: Launched) -> None:
    shareable = cached = 0.0
    for rows in (rows for step in (1, 2) for rows in sessions(run, step).values()):
        shareable += rows[-1]["terms"]["session/shareable_tokens"]
        cached += rows[-1]["terms"]["session/cached_tokens"]
    assert shareable > 0 and cached >= 0.9 * shareable


def test_the_models_and_their_variants_are_evaluated(run: Launched) -> None:
    found = json.loads((run.folder / "evaluation.json").read_text())
    assert set(found) == {"sft", "rl"}
    group = found["rl"]["groups"]["artist_short"]
    assert set(group["variants"]) == {"reasoner_alone", "overview_only", "blind"}
    assert {"acc", "balanced_acc", "macro_f1", "rounds", "segments", "coverage", "evidence_recall"} <= set(
        group["metrics"]
    )
    assert 1.0 < group["metrics"]["rounds"]["value"] <= 3.0
    assert set(found["rl"]["details"]["needed segments"]) == {"1", "2"}
    for rows in sessions(run, 2, "val").values():
        assert len(rows) == 1  # of a held-out session its answer, which nothing is sampled beside


def test_sessions_are_shown_in_images(pictured: Launched) -> None:
    assert pictured.code == 0, pictured.output
    (line,) = [line for line in pictured.metrics("rl") if line["step"] == 1]
    assert line["actor/updates"] == 1.0 and line["logprob_gap/mean"] < 1e-5
    for rows in sessions(pictured, 1).values():
        assert [row["role"] for row in rows].count("reasoner") == N
        assert rows[-1]["terms"]["session/coverage"] == 1.0
        assert all("Overview of steps" in row["prompt"] for row in rows if row["role"] == "controller")
