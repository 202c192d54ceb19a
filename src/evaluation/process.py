"""The process that scores a run's models on the test split: ``python -m src.evaluation.process REQUEST.json``.

The request names the models by stage, the dataset's settings and the evaluation's; ``out`` receives one result per
stage, as ``python -m src.evaluate`` writes it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from src.evaluation.job import evaluate
from src.evaluation.settings import EvaluationSettings
from src.evaluation.stages import compare_stages
from src.record.files import write_json


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text())
    settings = EvaluationSettings(**request["settings"])
    *earlier, last = request["models"]
    plain = replace(settings, variants=[])  # what a part of the questions is worth is asked of the run's own model
    asked = {**dict.fromkeys(earlier, plain), last: settings}
    results = {stage: evaluate(request["models"][stage], request["dataset"], one) for stage, one in asked.items()}
    write_json(Path(request["out"]), compare_stages(results))


if __name__ == "__main__":
    main()
