"""Time of the Time-R1 reward per response, against a plain loop that parses and compares number by number.

Run from the repository root:  python -m benchmarks.reward_speed
The strict preset is to take at most 250 microseconds per 96-step response.
"""

import re
import statistics
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from recipes.time_r1.reward import compute_score

HORIZON, GROUPS, ROLLOUTS, ROUNDS = 96, 16, 48, 3
ROW = re.compile(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\s+(-?\d+(?:\.\d+)?)$")


def plain_loop(response: str, truth: list[float], history: list[float]) -> float:
    """The strict formula without its comparison to the naive forecast, as one would first write it."""
    body = re.search(r"<answer>(.*?)</answer>", response, re.DOTALL).group(1)  # type: ignore[union-attr]
    values = [float(match.group(1)) for line in body.splitlines() if (match := ROW.match(line.strip()))]
    error = [value - wanted for value, wanted in zip(values, truth, strict=True)]
    trend = []
    for i in range(len(error)):
        around = [error[min(max(j, 0), len(error) - 1)] for j in range(i - 12, i + 13)]
        trend.append(sum(around) / 25)
    spread = statistics.pvariance(history + truth)

    def fit(parts: list[float]) -> float:
        return 1 / (1 + 4 * sum(part**2 for part in parts) / len(parts) / spread)

    turns = [0]
    for i in range(1, len(truth) - 1):
        near = [truth[j] for j in (i - 2, i - 1, i + 1, i + 2) if 0 <= j < len(truth)]
        if all(truth[i] >= other for other in near) != all(truth[i] <= other for other in near):
            turns.append(i)
    turns.append(len(truth) - 1)
    moves = [(values[b] - values[a], truth[b] - truth[a]) for a, b in pairwise(turns)]
    norm = (sum(x * x for x, _ in moves) * sum(g * g for _, g in moves)) ** 0.5
    agreement = max(0.0, sum(x * g for x, g in moves) / norm) if norm else 0.0
    seasonal = [e - t for e, t in zip(error, trend, strict=True)]
    return 0.1 + fit(error) * (0.6 + 0.05 * fit(seasonal) + 0.15 * fit(trend) + 0.2 * agreement)


def samples() -> list[tuple[str, list[float], list[float]]]:
    """Responses of about 6,000 characters, grouped as in training: a prompt's rollouts share the truth."""
    random = np.random.default_rng(0)
    think = "The series has a daily cycle around a level of 10.5 and a weak trend upwards. " * 45
    steps = np.arange(2 * HORIZON)
    batch = []
    for _ in range(GROUPS):
        series = 10 + 3 * np.sin(steps * 2 * np.pi / 24) + random.normal(0, 0.5, len(steps))
        history, truth = series[:HORIZON].round(3).tolist(), series[HORIZON:].tolist()
        for _ in range(ROLLOUTS):
            values = np.array(truth) + random.normal(0, 1, HORIZON)
            rows = [f"2017-10-{24 + i // 24} {i % 24:02}:00:00 {value:.3f}" for i, value in enumerate(values)]
            answer = "\n".join(["date HUFL", *rows])
            batch.append((f"<think>{think}</think>\n<answer>\n```\n{answer}\n```\n</answer>", truth, history))
    return batch


def measure(function: Callable[[str, list[float], list[float]], object]) -> np.ndarray:
    """Microseconds per response; one uncounted pass over a few responses before."""
    batch = samples()
    for sample in batch[:5]:
        function(*sample)
    times = []
    for _ in range(ROUNDS):
        for sample in batch:
            start = time.perf_counter()
            function(*sample)
            times.append(1e6 * (time.perf_counter() - start))
    return np.array(times)


def score_with(preset: str) -> Callable[[str, list[float], list[float]], object]:
    def score(response: str, truth: list[float], history: list[float]) -> object:
        return compute_score("etth1", response, truth, {"history": history, "period": 24}, preset=preset)

    return score


def main() -> None:
    loop = measure(plain_loop)
    print(f"{'preset':<12}{'median us':>10}{'p95 us':>10}{'plain loop / preset':>22}")
    print(f"{'plain loop':<12}{np.median(loop):>10.0f}{np.percentile(loop, 95):>10.0f}{1.0:>22.1f}")
    for preset in ("strict", "paper", "released"):
        times = measure(score_with(preset))
        ratio = np.median(loop) / np.median(times)
        print(f"{preset:<12}{np.median(times):>10.0f}{np.percentile(times, 95):>10.0f}{ratio:>22.1f}")
    limit, reached = 250.0, float(np.median(measure(score_with("strict"))))
    print(f"strict: {reached:.0f} us, {'within' if reached <= limit else 'OVER'} the limit of {limit:.0f} us")


if __name__ == "__main__":
    main()
