"""One forecasting question with its answer: what a prompt renderer and a trace writer get to see."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ForecastSample:
    """A window of one channel, in original units.

    The labels are the timestamps of both parts, as texts; ``period`` is the number of steps in a season.

    Args:
        history: (L,) values rounded to ``decimals``, as the prompt shows them.
        target: (H,) exact true values.
        decimals: of the channel.
        begin: the series' row where the history begins; 0 for a history that is not the series'.
    """

    dataset: str
    title: str
    description: str
    channel: str
    meaning: str
    history: tuple[float, ...]
    history_labels: tuple[str, ...]
    target: tuple[float, ...]
    target_labels: tuple[str, ...]
    freq: str
    period: int
    decimals: int
    begin: int = 0

    def format(self, value: float) -> str:
        """Write a value as prompt and answer do; no "-0.0"."""
        return f"{round(value, self.decimals) + 0.0:.{self.decimals}f}"

    def signed(self, change: float) -> str:
        """Write a difference of two values, with its sign; no "-0.0"."""
        return f"{round(change, self.decimals) + 0.0:+.{self.decimals}f}"
