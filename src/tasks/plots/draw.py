"""The one door to pictures of series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from src.tasks.plots.series import drawable
from src.tasks.plots.settings import PlotSettings
from src.tasks.plots.variation import varied


def draw(
    series: ArrayLike | Mapping[str, ArrayLike],
    settings: PlotSettings | None = None,
    *,
    x: Sequence[Any] | NDArray[Any] | None = None,
    seed: int | Sequence[int] | None = None,
) -> bytes:
    """A series as a PNG file (RGB, without metadata), the same bytes for the same arguments.

    A row's label has no way into the picture: there is no argument for it. What is hard to draw:

    * a missing value (NaN, and infinity) is a gap in the line, and a value between two gaps is a dot; a series without
      any value is an empty plot;
    * a constant series is a line through the middle, with 5 % of its level above and below it;
    * one point is a dot in the middle;
    * of a series with more than four points to each pixel of the width, the lowest and the highest point of every half
      pixel are drawn, with lines between them: no peak is lost.

    Args:
        series: (N,) values, (C, N) channels without names, or (N,) values by channel name.
        settings: how it looks; None: the defaults.
        x: (N,) positions: numbers, or dates as text or ``datetime64``; None: 0, 1, 2, ...
        seed: of the variation in style, where ``settings.vary`` allows any; several numbers are one seed, such as
            dataset's seed and row. None: as the settings say, for pictures that answers are scored on.

    Raises:
        DataError: nothing to draw, or channels and positions that do not fit together.
    """
    settings = settings or PlotSettings()
    if seed is not None and settings.vary:
        settings = varied(settings, seed)
    given = drawable(series, x)
    if settings.renderer == "matplotlib":  # only then: it takes a second and 50 MB to import
        from src.tasks.plots import with_matplotlib

        return with_matplotlib.render(given, settings)
    from src.tasks.plots import with_pillow

    return with_pillow.render(given, settings)
