"""Evaluation of a language model as a forecaster: generate, roll, parse, score. Importing it is cheap."""

from src.evaluation.job import evaluate
from src.evaluation.settings import EvaluationSettings

__all__ = ["EvaluationSettings", "evaluate"]
