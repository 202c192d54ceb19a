"""Evaluation of a language model on the questions of a task: generate, read, score. Importing it is cheap."""

from src.evaluation.job import evaluate
from src.evaluation.settings import EvaluationSettings

__all__ = ["EvaluationSettings", "evaluate"]
