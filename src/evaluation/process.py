"""The process that scores a run's models on the test split: ``python -m src.evaluation.process REQUEST.json``.

The request names the models by stage, the dataset's settings and the evaluation's; ``out`` receives one result per
stage, as ``python -m src.evaluate`` writes it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from src.evaluation.job import evaluate
from src.evaluation.settings import EvaluationSettings
from src.evaluation.stages import compare_stages
from src.record.files import write_json


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text())
    settings = EvaluationSettings(**request["settings"])
    results = {stage: evaluate(model, request["dataset"], settings) for stage, model in request["models"].items()}
    write_json(Path(request["out"]), compare_stages(results))


if __name__ == "__main__":
    main()
