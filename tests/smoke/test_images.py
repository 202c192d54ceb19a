"""Rows without an image, with one and with two, in one dataset, from SFT to the evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from launching import ROOT, Launched, command
from warm import Warm

pytestmark = pytest.mark.smoke

# The settings of a recipe on text, but for what follows.
SEEING = (
    f"--config-dir={ROOT / 'tests' / 'support' / 'plots_conf'}", "dataset=plots", "reward=own", "model=tiny_vl",
    "model.build.vision={layers:1,width:32,heads:2,feed_forward:32,patch_size:14,max_pixels:50176,mean:1.0,std:0.3}",
    "model.build.layers=2", "model.build.width=64", "model.build.heads=2", "model.build.feed_forward=128",
    "sft.data.max_length=128", "data.max_prompt_length=96", "actor_rollout_ref.rollout.max_model_len=128",
    "trainer.test_freq=1", "logging.wandb=off", "logging.samples_per_step=100",
    "evaluation.variants=[blind]",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Launched:
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT / "tests" / "support"))
        launcher = warm.start(command(folder, "run", *SEEING, recipe="timeomni1"))
        output, _ = launcher.communicate(timeout=900)
    return Launched(launcher.returncode, output, folder / "timeomni1" / "run")


def test_every_stage_and_the_evaluation_see_the_images(run: Launched) -> None:
    assert run.code == 0, run.output
    assert [(stage["name"], stage["state"]) for stage in run.record["stages"]] == [("sft", "done"), ("rl", "done")]
    assert "a new Qwen2.5-VL with" in run.output
    found = json.loads((run.folder / "evaluation.json").read_text())
    assert {stage: one["groups"]["lines"]["answers"] for stage, one in found.items()} == {"sft": 6, "rl": 6}
    groups = {stage: one["groups"]["lines"] for stage, one in found.items()}
    assert groups["sft"]["variants"] == {}, "it is asked of the run's own model"
    assert groups["rl"]["variants"]["blind"]["answers"] == 6
    assert all("the prompt fills" not in problem for one in found.values() for problem in one["details"]["problems"])


def test_rollout_and_trainer_see_the_same_pixels(run: Launched) -> None:
    steps = [line for line in run.metrics("rl") if "logprob_gap/mean" in line]
    assert [line["step"] for line in steps] == [1, 2]
    for line in steps:
        assert line["logprob_gap/mean"] < 2e-6 and line["logprob_gap/max"] < 5e-5, line


def test_rows_of_each_kind_are_trained_and_validated(run: Launched) -> None:
    for step in (1, 2):
        lines = (run.folder / "samples" / f"rl_{step}.jsonl").read_text().splitlines()
        kinds = {split: set() for split in ("train", "val")}
        for one in map(json.loads, lines):
            kinds[one["split"]].add(one["task"])
        assert kinds["val"] == {"images0", "images1", "images2"}
        assert len(kinds["train"]) >= 2


def test_the_export_keeps_its_processor(run: Launched) -> None:
    exported = Path(run.record["stages"][1]["checkpoint"])
    assert (exported / "processor_config.json").is_file() and (exported / "chat_template.jinja").is_file()
