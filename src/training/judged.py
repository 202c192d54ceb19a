"""What becomes of the judges' terms where the rollouts meet: a failure takes the term from the whole group.

A judge that failed has given 0 to one rollout. Were its siblings to keep theirs, they would gain from the failure: so
the term is taken out of the reward of every rollout of that prompt, and what was taken out is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
import transfer_queue as tq
from tensordict import TensorDict

from src.algorithms.advantages import rows_of_groups
from src.algorithms.rollouts import Rollouts


def leave_out(rollouts: Rollouts) -> Rollouts:
    """Take out of each group the terms of the judges that failed in it."""
    rewards = rollouts.rewards.copy()
    terms, left_out = [dict(one) for one in rollouts.terms], [list(one) for one in rollouts.left_out]
    for rows in rows_of_groups(rollouts.groups).values():
        judged = {row: one for row in rows if (one := rollouts.judged[row]) is not None}
        failed = {
            name
            for one in judged.values()
            for name, verdict in one.verdicts.items()
            if verdict is not None and verdict.score is None
        }
        for row, one in judged.items() if failed else ():
            terms[row] |= dict.fromkeys(failed, 0.0)
            left_out[row] = sorted(failed)
            # Anew, and as veRL holds it: rollouts that are equal without the term must stay equal to the last bit.
            rewards[row] = float(np.float32(one.base + sum(terms[row][name] for name in one.verdicts)))
    return replace(rollouts, rewards=rewards, terms=terms, left_out=left_out)


def put_back(before: Rollouts, after: Rollouts, partition: str) -> None:
    """Tell the queue the rewards that have changed: advantages are made of them."""
    rows = np.flatnonzero(before.rewards != after.rewards)
    if not rows.size:
        return
    keys = [after.keys[row] for row in rows]
    data = tq.kv_batch_get(keys=keys, partition_id=partition, select_fields=["rm_scores"])
    scores = [torch.zeros_like(one) for one in data["rm_scores"].unbind()]
    for one, reward in zip(scores, after.rewards[rows], strict=True):
        one[-1] = float(reward)
    column = torch.nested.as_nested_tensor(scores, layout=torch.jagged)
    fields = TensorDict({"rm_scores": column}, batch_size=len(keys))
    tq.kv_batch_put(keys=keys, partition_id=partition, fields=fields)


def judge_metrics(batches: Sequence[Rollouts], prefix: str = "") -> dict[str, float]:
    """``judge/<term>/...`` over the rows that could be judged, none where no judge is.

    ``mean`` and ``std`` of the scores that were given, whatever their weight; ``asked_frac``, the share of the answers
    that were to be judged; ``failed_frac``, of these without a score; ``left_out_frac``, of all answers whose group has
    lost the term.

    Args:
        prefix: of the last part of the name, ``val_`` for held-out answers.
    """
    metrics: dict[str, float] = {}
    judged = [one.verdicts for batch in batches for one in batch.judged if one is not None]
    left_out = [one for batch in batches for one in batch.left_out]
    for name in judged[0] if judged else ():
        said = [verdict for one in judged if (verdict := one[name]) is not None]
        scores = [one.score for one in said if one.score is not None]
        values = {
            "asked_frac": len(said) / len(judged),
            "failed_frac": (len(said) - len(scores)) / len(said) if said else 0.0,
            "left_out_frac": sum(name in one for one in left_out) / len(judged),
        }
        if scores:
            values |= {"mean": float(np.mean(scores)), "std": float(np.std(scores))}
        metrics |= {f"judge/{name}/{prefix}{what}": value for what, value in values.items()}
    return metrics


def words(rollouts: Rollouts, place: int) -> dict[str, str]:
    """What judges said of one row, for its sample."""
    judgement, said = rollouts.judged[place], {}
    for name, verdict in judgement.verdicts.items() if judgement else ():
        given = "not asked" if verdict is None else "failed" if verdict.score is None else f"{verdict.score:.2f}"
        why = f": {verdict.words}" if verdict and verdict.words else ""
        out = "; left out of the group" if name in rollouts.left_out[place] else ""
        said[f"judge of {name}"] = given + why + out
    return said
