"""What is said before a run about its best checkpoint: by which metric, and of which steps."""

import pytest
from composing import compose_run

from src.config.best import which_is_best
from src.config.checks import check
from src.config.stages import build_stages
from src.errors import ConfigError

BASE = ("+recipe=time_r1", "scale=smoke", "runtime=cpu")


@pytest.mark.parametrize(
    ("words", "sft", "rl"),
    [
        ((), "validated after the last step only", "the highest val/*/reward, of every 2 steps and the last"),
        (("trainer.save_freq=3",), "lowest val/loss", "of every 6 steps and the last: it is saved every 3, validated "
         "every 2 (trainer.save_freq=2 saves all that is validated)"),
        (("run.best_metric=val/*/mse",), "lowest val/loss", "the lowest val/*/mse, of every 2 steps"),
        (("trainer.test_freq=-1", "sft.trainer.test_freq=2", "sft.trainer.save_freq=-1"), "of the last step only",
         "stage rl has no best checkpoint: trainer.test_freq=-1 validates none"),
        (("sft.trainer.test_freq=4", "sft.trainer.save_freq=6"), "of every 12 steps and the last: it is saved every 6, "
         "validated every 4 (sft.trainer.save_freq=4 saves all that is validated)", "val/*/reward"),
    ],
)  # fmt: skip
def test_the_steps_of_which_one_is_the_best_are_named(words: tuple[str, ...], sft: str, rl: str) -> None:
    said = [which_is_best(stage) for stage in build_stages(compose_run(*BASE, *words))]
    assert sft in said[0] and rl in said[1]


def test_a_metric_of_training_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"run\.best_metric=reward/mean: give a held-out metric"):
        check(compose_run(*BASE, "run.best_metric=reward/mean"))
