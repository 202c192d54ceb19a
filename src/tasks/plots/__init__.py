"""Series as pictures, for models that look: one face, ``draw``, over a fast and a faithful renderer.

Importing this package imports neither of the two; matplotlib comes with the first picture that asks for it.
"""

from src.tasks.plots.draw import draw
from src.tasks.plots.settings import PlotSettings
from src.tasks.plots.tokens import image_tokens

__all__ = ["PlotSettings", "draw", "image_tokens"]
