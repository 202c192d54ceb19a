"""Dataset, task and reward that do not belong together are refused in one sentence, before anything starts."""

import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from src.config.compose import CONF, order_arguments, register_search_path
from src.config.stages import views
from src.errors import ConfigError
from src.rewards.belonging import check_belonging

ROOT = Path(__file__).resolve().parents[2]


def composed(*arguments: str) -> DictConfig:
    ordered, _ = order_arguments([*arguments, "runtime=cpu", "scale=smoke"])
    register_search_path()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", overrides=ordered)


@pytest.mark.parametrize(
    "arguments",
    [
        ["+recipe=time_r1"],
        ["+recipe=timeomni1"],
        ["+recipe=time_r1", "reward=own"],
        ["+recipe=time_r1", "dataset=etth1", "reward=time_r1_paper"],
        ["+recipe=timeomni1", "stages=[rl]", "reward=timeomni1_paper"],
        ["+recipe=timeomni1", "stages=[sft]", "reward=time_r1"],  # not asked for
        ["+recipe=time_r1", "dataset.task=toy_task.Sums", "stages=[rl]", "reward=own"],
        ["+recipe=time_r1", "dataset.task=toy_task.Sums", "stages=[rl]", "reward.kinds=null"],
    ],
)
def test_what_belongs_together_passes(arguments: list[str]) -> None:
    cfg = composed(*arguments)
    check_belonging(cfg, views(cfg))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["+recipe=timeomni1", "reward=time_r1"],
            "the reward compute_score of pkg://recipes.time_r1.reward scores forecast, but dataset timeomni1",
        ),
        (
            ["+recipe=time_r1", "reward=timeomni1"],
            "scores timeomni1, but dataset demand asks forecast (recipes.",
        ),
        (
            ["+recipe=time_r1", "reward=timeomni1"],
            "choose a reward= for it, reward=own for the task's, or",
        ),
        (
            ["+recipe=time_r1", "dataset.task=src.errors.UserError"],
            "dataset.task: 'src.errors.UserError' is not a T",
        ),
        (["+recipe=time_r1", "dataset.task=recipes.time_r1.task.Nothing"], "has no function 'Nothing'"),
        (["+recipe=time_r1", "dataset.task=null"], "dataset.task=None is not the dotted path of a task"),
        (["+recipe=time_r1", "dataset.task=toy_task.Sums"], "dataset demand has no traces to imitate (toy_task.Sums)"),
        (
            ["+recipe=time_r1", "reward.custom_reward_function.path=/no/such.py"],
            "reward.custom_reward_function: there is no file '/no/such.py'",
        ),
    ],
)
def test_what_does_not_is_refused_in_one_sentence(arguments: list[str], message: str) -> None:
    cfg = composed(*arguments)
    with pytest.raises(ConfigError) as error:
        check_belonging(cfg, views(cfg))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_dry_run_and_the_plan_of_a_sweep_refuse_it_too() -> None:
    words = ["+recipe=timeomni1", "runtime=cpu", "scale=smoke", "launch.dry_run=true"]
    for more in (["reward=time_r1"], ["-m", "reward=timeomni1,time_r1"]):
        done = subprocess.run(
            [sys.executable, "-m", "src.launch", *words, *more], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2, done.stderr
        assert "scores forecast, but dataset timeomni1" in done.stderr
        assert "Traceback" not in done.stderr


def test_naming_a_task_imports_no_heavy_library() -> None:
    code = (
        "import sys\nfrom omegaconf import OmegaConf\nfrom src.tasks.task import task_class\n"
        "for task in ('recipes.time_r1.task.TimeR1', 'recipes.timeomni1.task.TimeOmni1'):\n"
        "    task_class(OmegaConf.create({'task': task}))\n"
        "print(sorted({'torch', 'verl', 'vllm', 'ray', 'transformers', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
