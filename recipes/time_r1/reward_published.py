"""The ``paper`` and ``released`` presets of the Time-R1 reward: what was published, with its weaknesses.

Both pay accuracy only to answers with at least as many values as the truth, and cut longer ones:

    B(m) = 2 * (1 - 1 / (1 + exp(-slope * m)))     1 for m = 0, falling to 0 (arXiv 2506.10630, eq. 3)
    m    = mean squared difference of normalised answer and truth; of their seasonal parts; of their trends
"""

import math
from dataclasses import dataclass

import numpy as np

from src.errors import ConfigError
from src.tasks.forecast.answer import MAX_CHARS, ForecastAnswer
from src.tasks.forecast.series import local_extrema, moving_average

_WINDOW = 25
RELEASED_MSE = 0.6  # what the published code pays for no error
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """Equations (1) to (5) of the paper. Its numbers: slope 0.3, MSE weight 1, extrema 0.2 each.

    Chosen here, where the paper is silent: the normalisation uses mean and standard deviation of the truth;
    eq. (4) prints the bare MSE of seasonal and trend parts as a reward, which would pay for errors, so they
    go through the squashing of eq. (3) with the weights of the later published code (0.05 and 0.15); an
    extremum is what the code calls one (local_extrema); the "tolerance window" of eq. (5) is ``tolerance``
    steps to either side.
    """

    length: float = 0.1
    mse: float = 1.0
    seasonal: float = 0.05
    trend: float = 0.15
    extrema: float = 0.2
    slope: float = 0.3
    tolerance: int = 1


@dataclass(frozen=True, slots=True)
class ReleasedSettings:
    """The published code (ustc-time-series/Time-R1, reward/reward.py), ``head`` 465f3674 or ``later`` 42d44eb.

    ``head`` has no seasonal and trend term. Kept as published: the first row of the answer is always taken for
    a header and dropped, rows that do not end in a number are skipped, ``1e-05`` reads as -5, the answer's own
    mean and largest deviation are the yardstick, extrema count by recall only. Where that code raises (fewer
    than three values) or returns NaN (numbers beyond the 64-bit range), this preset returns the finite
    penalty of -1 as its format term.
    """

    version: str = "later"

    def __post_init__(self) -> None:
        if self.version not in ("head", "later"):
            raise ConfigError(f"reward setting version={self.version!r} must be 'head' or 'later'")


def paper_terms(answer: ForecastAnswer, truth: np.ndarray, settings: PaperSettings) -> dict[str, float]:
    """The weighted terms of the paper's reward; truth has shape (n,)."""
    n = len(truth)
    values = np.clip(answer.values[:n], -1e100, 1e100)
    terms = dict.fromkeys(("format", "length", "mse", "seasonal", "trend", "structural"), 0.0)
    terms["format"] = 0.0 if answer.well_formed else -1.0
    terms["length"] = settings.length * min(1.0, len(answer.values) / n)
    if len(values) == n:
        scale = max(float(truth.std()), 1e-8)
        terms |= _squashed(values / scale, truth / scale, settings)
    if len(values) >= 3:
        terms["structural"] = settings.extrema * _extrema_recall(values, truth, settings.tolerance)
    return terms


def released_terms(response: str, truth: np.ndarray, settings: ReleasedSettings) -> dict[str, float]:
    """The weighted terms of the published code; truth has shape (n,)."""
    n = len(truth)
    response = response[:MAX_CHARS]
    terms = dict.fromkeys(("format", "length", "mse", "seasonal", "trend", "structural"), 0.0)
    values = np.array(_released_values(response), dtype=np.float64)
    with np.errstate(all="ignore"):
        mean = values.mean() if len(values) else 0.0
        spread = max(float(np.abs(values - mean).max()), 1e-8) if len(values) else 0.0
    if len(values) < 3 or not math.isfinite(spread):
        terms["format"] = -1.0
        return terms
    terms["format"] = 0.0 if _released_format(response) else -1.0
    terms["length"] = 0.1 * min(1.0, len(values) / n)
    if len(values) >= n:
        weights = PaperSettings(mse=RELEASED_MSE, seasonal=0.05, trend=0.15, slope=2.0)
        terms |= _squashed((values[:n] - mean) / spread, (truth - mean) / spread, weights)
        if settings.version == "head":
            terms["seasonal"] = terms["trend"] = 0.0
    terms["structural"] = 0.1 * _extrema_recall(values, truth, 0)
    return terms


def _squashed(values: np.ndarray, truth: np.ndarray, weights: PaperSettings) -> dict[str, float]:
    """Terms mse, seasonal and trend of two normalised series; the decomposition is linear: of the error."""
    error = values - truth
    trend = moving_average(error, _WINDOW)
    seasonal = error - trend

    def squash(part: np.ndarray) -> float:
        # The exponent is bounded where exp() would overflow; the result is 0 to 300 digits there.
        return 2.0 / (1.0 + math.exp(min(weights.slope * float(part @ part) / len(part), 700.0)))

    return {
        "mse": weights.mse * squash(error),
        "seasonal": weights.seasonal * squash(seasonal),
        "trend": weights.trend * squash(trend),
    }


def _extrema_recall(values: np.ndarray, truth: np.ndarray, tolerance: int) -> float:
    """Share of the truth's maxima in the answer plus that of its minima, in [0, 2]; shapes (m,), (n,)."""
    total = 0.0
    for found, wanted in zip(local_extrema(values), local_extrema(truth), strict=True):
        near = np.zeros(len(truth), dtype=bool)
        for index in np.flatnonzero(found):
            near[max(0, index - tolerance) : index + tolerance + 1] = True
        count = int(wanted.sum())
        total += int((near & wanted).sum()) / count if count else 0.0
    return total


def _released_format(response: str) -> bool:
    """<think>...</think>, one line break, <answer>...</answer> somewhere in the response."""
    think = response.find("<think>")
    joint = response.find("</think>\n<answer>", think + len("<think>")) if think >= 0 else -1
    return joint >= 0 and response.find("</answer>", joint + len("</think>\n<answer>")) >= 0


def _released_values(response: str) -> list[float]:
    start = response.find("<answer>")
    end = response.find("</answer>", start + len("<answer>")) if start >= 0 else -1
    text = response[start + len("<answer>") : end] if end >= 0 else response
    values = []
    for line in _released_rows(text)[1:]:
        number = _trailing_number(line.strip().rstrip("|").strip())
        if number is not None:
            values.append(float(number))
    return values


def _released_rows(text: str) -> list[str]:
    """Lines of the first closed fence (two or more back-ticks open, three close), else ``|...|`` runs."""
    start = text.find("``")
    if start >= 0:
        first = len(text) - len(text[start:].lstrip("`"))
        end = text.find("```", first)
        if end >= 0:
            return text[first:end].strip().split("\n")
        if first - start >= 5:  # the closing three are taken from the run itself
            return [""]
    runs = []
    for line in text.split("\n"):
        left, right = line.find("|"), line.rfind("|")
        if left < right:
            runs.append(line[left : right + 1])
    return runs


def _trailing_number(line: str) -> str | None:
    """The longest ``-?digits[.digits]`` at the end of a line."""
    head = line.rstrip(_DIGITS)
    if len(head) == len(line):
        return None
    if head.endswith("."):
        whole = head[:-1].rstrip(_DIGITS)
        head = whole if len(whole) < len(head) - 1 else head
    return line[len(head) - 1 if head.endswith("-") else len(head) :]
