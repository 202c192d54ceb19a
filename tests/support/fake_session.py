"""Sample lines of sessions in two roles, as a recorder writes them: one through a long series, with its path."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from src.record.samples import Sample
from src.tasks.path import Path as Way
from src.tasks.path import Said

SEGMENTS = ((560, 640), (100, 180), (130, 200))
EVIDENCE = ((100, 140), (600, 632))


def way() -> Way:
    """Three segments of a series of 800 steps with two spikes; the first two hold the evidence."""
    rng = np.random.default_rng(1)
    series = 20 + 3 * np.sin(np.arange(800) / 40) + rng.normal(0, 0.4, 800)
    series[120], series[610] = 41.0, 38.0
    said = [Said("controller", "<think>The later spike first</think>", SEGMENTS[0])]
    said += [Said("reasoner", "<think>38 near 610</think>\n<answer>B</answer>")]
    said += [Said("controller", "<think>Now the earlier one</think>", SEGMENTS[1])]
    said += [Said("reasoner", "<think>41 is higher than 38</think>\n<answer>A</answer>")]
    said += [Said("controller", "<think>Once more</think>", SEGMENTS[2])]
    said += [Said("reasoner", "<think>Still 41</think>\n<answer>A</answer>")]
    said += [Said("controller", "<think>Enough</think>\n<answer>ACCEPT</answer>")]
    facts = {"reliability": 0.75, "controller reward": 3.1, "reasoner reward": 4.0}
    return Way.through(series, SEGMENTS, evidence=EVIDENCE, said=said, facts=facts)


def session(number: int, *, path: Way | None = None, split: str = "train", index: int = 0) -> list[Sample]:
    """A session's rows: four turns of the controller and two answers, the last one of which answers for it."""
    rows = []
    spoken = [("controller", turn) for turn in range(4)] + [("reasoner", turn) for turn in range(2)]
    for place, (role, turn) in enumerate(spoken):
        last = place == len(spoken) - 1
        rows.append(
            Sample(
                stage="rl",
                step=4,
                split=split,
                dataset="spikes",
                index=index,
                session=number,
                role=role,
                turn=turn,
                prompt=f"Prompt of {role} {turn}",
                response=f"<think>Why, says {role} {turn}</think>\n<answer>A</answer>",
                score=3.1 if role == "controller" else 4.0 - number,
                terms={"reliability": 2.25}
                if role == "controller"
                else {"accuracy": 3.0 - number, "session/recall": 1.0},
                ground_truth="A",
                prediction="A" if last else None,
                valid=last,
                kept=role == "controller" or number == 0,
                weight=0.5 if role == "controller" else 1.75,
                path=path.as_json() if path and last else None,
            )
        )
    return rows


def write_sessions(run: Path, *sessions: list[Sample]) -> None:
    """Put them in place of the samples of step 4."""
    lines = [json.dumps(one.row()) for rows in sessions for one in rows]
    (run / "samples" / "rl_4.jsonl").write_text("\n".join(lines) + "\n")
