"""What plots look like, as ``dataset.plot.*`` of a dataset's YAML says."""

import math
import re
from dataclasses import dataclass, field

from src.errors import DataError
from src.tasks.plots.tokens import image_tokens

RENDERERS = ("pillow", "matplotlib")
# matplotlib's ten, so that both renderers agree.
COLOURS = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
)  # fmt: skip
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_BOUNDS = {
    "width": (28, 4096),
    "height": (28, 4096),
    "line_width": (0.5, 20),
    "font_size": (6, 48),
    "margin": (0, 1),
    "vary": (0, 1),
}


@dataclass
class PlotSettings:
    """How a series is drawn. Values that cannot be drawn are refused where an object is made.

    What stands here is the same for all pictures of a dataset, and nothing here depends on a row's truth.

    Args:
        renderer: ``pillow``, a few milliseconds a picture, or ``matplotlib``, as the figures of papers are made.
        width: of the picture in pixels. Multiples of 28 are seen as they are drawn; others are resized by the model's
            processor (580 x 230 to 588 x 224).
        height: alike.
        panels: one panel below the other for each channel, instead of all channels in one.
        axes: frame, ticks, names and legend; without them the line has the whole picture.
        grid: light lines at the ticks.
        title: above the plot; empty: none.
        x_label: below it.
        y_label: beside it, in front of ``unit``. Panels carry their channel's name there.
        unit: of the values, in brackets behind ``y_label``.
        font_size: of the labels in pixels; the title's is 9/8 of it, the ticks' 7/8. 11.11 is 8 pt at 100 dots an inch.
        margin: free space above and below the line, as a share of its range; with axes on its sides, too.
        line_width: in pixels; 2.78 is 2 pt at 100 dots an inch.
        colours: of the channels in turn, as ``#1f77b4``.
        background: alike.
        y_range: the lowest and the highest value shown, the same for all pictures; null: each picture fits its series.
        vary: how far pictures that are drawn with a seed differ in style, from 0, not at all, to 1.
    """

    renderer: str = "pillow"
    width: int = 560
    height: int = 224
    panels: bool = False
    axes: bool = True
    grid: bool = False
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    unit: str = ""
    font_size: float = 11.11
    margin: float = 0.05
    line_width: float = 1.5
    colours: list[str] = field(default_factory=lambda: list(COLOURS))
    background: str = "#ffffff"
    y_range: list[float] | None = None
    vary: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            DataError: it names the key and the fix.
        """
        if self.renderer not in RENDERERS:
            raise DataError(f"dataset.plot.renderer is '{self.renderer}': set it to {' or '.join(RENDERERS)}")
        for key, (least, most) in _BOUNDS.items():
            if not least <= getattr(self, key) <= most:  # NaN too
                raise DataError(f"dataset.plot.{key} is {getattr(self, key)}: set it to {least} up to {most}")
        if not self.colours:
            raise DataError("dataset.plot.colours is empty: name at least one, such as #1f77b4")
        for key, colour in (*(("colours", one) for one in self.colours), ("background", self.background)):
            if not _COLOUR.fullmatch(colour):
                raise DataError(f"dataset.plot.{key} holds '{colour}': write colours as #1f77b4")
        least = math.ceil(8 * self.font_size)
        if self.axes and min(self.width, self.height) < least:
            raise DataError(
                f"dataset.plot.axes=true needs {least} pixels of width and height: {self.width} x {self.height} are "
                "too few, raise them or set dataset.plot.axes=false"
            )
        shown = self.y_range
        if shown is not None and not (len(shown) == 2 and all(map(math.isfinite, shown)) and shown[0] < shown[1]):
            raise DataError(f"dataset.plot.y_range is {shown}: set it to [LOWEST, HIGHEST] or null")

    @property
    def tokens(self) -> int:
        """What each picture costs in a prompt; see ``image_tokens``."""
        return image_tokens(self.width, self.height)
