"""Time-R1 (arXiv 2506.10630) as a task: the paper's question, traces and reward over any forecasting dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import ClassVar

from data_pipelines import lines, wording
from data_pipelines.forecast import Forecast
from data_pipelines.sample import ForecastSample
from data_pipelines.settings import DatasetSettings, PromptSettings, TraceSettings
from recipes.time_r1 import methods, prompt, traces
from recipes.time_r1.reward import compute_score
from src.tasks.forecast import baselines
from src.tasks.row import Row


@dataclass
class TimeR1Traces(TraceSettings):
    """What the SFT stage imitates.

    Args:
        style: ``full``, ``short`` or ``methods`` (``recipes.time_r1.traces``).
    """

    style: str = "full"


@dataclass
class TimeR1Prompt(PromptSettings):
    """How a window is shown, and how the answer is asked for.

    Args:
        header: ask for a first line above bare values, too, as the grammar of the published code needs one.
    """

    header: bool = False


@dataclass
class TimeR1Settings(DatasetSettings):
    """A forecasting dataset's, with Time-R1's prompt and traces."""

    prompt: TimeR1Prompt = field(default_factory=TimeR1Prompt)
    traces: TimeR1Traces = field(default_factory=TimeR1Traces)


class TimeR1(Forecast):
    """The paper's question over the windows of a dataset."""

    settings_type = TimeR1Settings
    typed: TimeR1Settings
    code: ClassVar = (prompt, traces, methods, baselines, wording, lines)

    def prompt(self, one: ForecastSample) -> str:
        """The paper's five sections."""
        options = self.typed.prompt
        return prompt.render(
            one,
            horizon=self.horizon,
            timestamps=options.timestamps,
            context=options.context,
            header=options.header,
        )

    def answer(self, one: ForecastSample) -> str:
        """Reasoning, and the forecast that it leads to."""
        options = self.typed.prompt
        return traces.write(one, style=self.typed.traces.style, timestamps=options.timestamps, header=options.header)

    def right_answer(self, one: ForecastSample) -> str:
        """The true values of a window as the ``<answer>`` part of a trace, whatever its style."""
        return traces.answer(one, self.typed.prompt.timestamps, header=self.typed.prompt.header)

    def remark(self, rows: Sequence[Row], responses: Sequence[str]) -> str | None:
        """How often each method is stated, of the traces that state one."""
        return methods.stated_methods(responses) if self.typed.traces.style == "methods" else None

    def reward(self, row: Row, response: str) -> Mapping[str, float]:
        """The six terms of the strict preset, with the dataset's settings."""
        return compute_score(row.source, response, row.truth, row.info, **asdict(self.typed.reward))
