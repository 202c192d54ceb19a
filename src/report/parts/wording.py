"""Numbers and times in words, and HTML escaping, for the parts of the page that Python writes."""

import html
import math
from typing import Any

DASH = "\N{EN DASH}"


def number(value: float | None) -> str:
    """Write a number with about three significant digits; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-4:
        return f"{value:.2e}"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.1f}"
    if size >= 1 or size == 0:
        return f"{value:.2f}"
    return f"{value:.3f}" if size >= 0.01 else f"{value:.3g}"


def percent(share: float | None) -> str:
    """Write a share as a percentage, one decimal only where it tells something: near nothing and near all."""
    if share is None or not math.isfinite(share):
        return DASH
    value = 100 * share
    return f"{value:.0f} %" if value == round(value) or 1 < value < 95 or value > 100 else f"{value:.1f} %"


def duration(seconds: float | None) -> str:
    """Write a time span in the two largest units that matter, such as ``4 min 12 s``."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def text(value: Any) -> str:
    """Escape anything for use in HTML text and attributes."""
    return html.escape(str(value), quote=True)


def words(name: str) -> str:
    """Return a metric's or baseline's name in words."""
    return name.replace("_", " ")
