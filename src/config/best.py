"""Which checkpoint of a stage can become the best one: only a step that is both validated and saved."""

from __future__ import annotations

import math

from src.config.stages import Stage
from src.record.metric_names import lower_is_better


def which_is_best(stage: Stage) -> str:
    """One sentence on what a stage keeps, and what it cannot keep because it does not save there."""
    settings = stage.config.record if stage.trainer == "sft" else stage.config.trainer.v1.sampler.sampler_kwargs
    metric, prefix = settings.best_metric, "sft." if stage.trainer == "sft" else ""
    save, test = stage.config.trainer.save_freq, stage.config.trainer.test_freq
    way = "lowest" if lower_is_better(metric) else "highest"
    best = f"stage {stage.name}: the best checkpoint is that with the {way} {metric}"
    if test <= 0:
        if stage.trainer == "sft":
            return f"{best}, validated after the last step only (sft.trainer.test_freq={test})"
        return f"stage {stage.name} has no best checkpoint: trainer.test_freq={test} validates none"
    if save <= 0:
        return f"{best}, of the last step only: no other is saved (sft.trainer.save_freq={save})"
    if test % save:
        return (
            f"{best}, of every {math.lcm(save, test)} steps and the last: it is saved every {save}, validated every "
            f"{test} ({prefix}trainer.save_freq={test} saves all that is validated)"
        )
    return f"{best}, of every {test} steps and the last"
