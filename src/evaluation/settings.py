"""The settings of an evaluation, typed and checked."""

from dataclasses import dataclass, field
from typing import Any

from src.errors import ConfigError

SPLITS = ("train", "val", "test")


@dataclass
class EvaluationSettings:
    """What is asked of the model, and how it answers.

    Args:
        runs: answers per question, over which metrics are averaged.
        max_tokens: longest answer of one turn.
        variants: names of other ways to ask the same questions (``Task.variants``).
        max_windows: a random subset of the questions of each source, fixed by the dataset's seed, so that runs with
            other seeds are asked the same ones.
        seed: of the answers that are sampled.
        engine: arguments of ``vllm.LLM``, such as tensor_parallel_size.
    """

    runs: int = 3
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 3000
    max_windows: int | None = None
    split: str = "test"
    seed: int = 0
    download: bool = False
    variants: list[str] = field(default_factory=list)
    engine: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raise ConfigError for a value out of range; the message names the key and the range."""
        for key in ("runs", "max_tokens", "max_windows"):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise ConfigError(f"{key}={value} is too small: set it to at least 1")
        if not 0 <= self.temperature <= 10:
            raise ConfigError(f"temperature={self.temperature} is out of range: set it from 0 (greedy) to 10")
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p={self.top_p} is out of range: set it above 0 and at most to 1")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed={self.seed} is out of range: set it from 0 to 4294967295")
        if self.split not in SPLITS:
            raise ConfigError(f"split={self.split} does not exist: choose one of {', '.join(SPLITS)}")

    @property
    def distinct_runs(self) -> int:
        """Greedy answers are all alike, so one run says everything."""
        return 1 if self.temperature == 0 else self.runs
