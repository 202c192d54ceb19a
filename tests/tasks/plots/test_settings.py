"""Settings of plots: what a dataset's YAML may say, and one sentence for what it may not."""

from dataclasses import asdict
from typing import Any

import pytest
from omegaconf import OmegaConf

from src.config.compose import CONF
from src.errors import DataError
from src.tasks.plots import PlotSettings


def test_the_settings_are_a_node_of_a_yaml_file() -> None:
    node = OmegaConf.create({"width": 580, "height": 230, "title": "Complete Signal", "y_range": [0, 5]})
    read = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(PlotSettings), node))
    assert read == PlotSettings(width=580, height=230, title="Complete Signal", y_range=[0.0, 5.0])
    assert (read.tokens, PlotSettings(width=224, height=28, axes=False).tokens) == (168, 8)


def test_the_yaml_of_drawn_datasets_has_all_keys_with_their_defaults() -> None:
    assert OmegaConf.load(CONF / "dataset" / "_plot.yaml") == {"plot": asdict(PlotSettings())}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"renderer": "plotly"}, "dataset.plot.renderer is 'plotly': set it to pillow or matplotlib"),
        ({"width": 5}, "dataset.plot.width is 5: set it to 28 up to 4096"),
        ({"line_width": float("nan")}, "dataset.plot.line_width is nan: set it to 0.5 up to 20"),
        ({"vary": 1.5}, "dataset.plot.vary is 1.5: set it to 0 up to 1"),
        ({"colours": []}, "dataset.plot.colours is empty: name at least one, such as #1f77b4"),
        ({"colours": ["red"]}, "dataset.plot.colours holds 'red': write colours as #1f77b4"),
        ({"background": "white"}, "dataset.plot.background holds 'white': write colours as #1f77b4"),
        ({"y_range": [1.0, 1.0]}, "dataset.plot.y_range is [1.0, 1.0]: set it to [LOWEST, HIGHEST] or null"),
        (
            {"width": 224, "height": 28},
            "dataset.plot.axes=true needs 89 pixels of width and height: 224 x 28 are too few, "
            "raise them or set dataset.plot.axes=false",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(given: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError) as caught:
        PlotSettings(**given)
    assert str(caught.value) == told
    with pytest.raises(DataError):
        OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(PlotSettings), given))
