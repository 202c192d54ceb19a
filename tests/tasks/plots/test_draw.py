"""Pictures of series: what is drawn of hard ones, that labels are not, and the same bytes from the same call."""

import inspect
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import chunks, pixels, written  # noqa: F401  (a fixture)

from src.errors import DataError
from src.tasks.plots import PlotSettings, draw
from src.tasks.plots.settings import RENDERERS

WAVE = np.sin(np.arange(500) / 9)
BARE = {"axes": False, "width": 224, "height": 56}
both = pytest.mark.parametrize("renderer", RENDERERS)


def _inked(png: bytes) -> np.ndarray:
    """(height, width): where something other than white is."""
    return (pixels(png) < 250).any(axis=2)


@both
@pytest.mark.parametrize(("width", "height"), [(560, 224), (580, 230), (224, 112)])
def test_a_picture_has_the_size_that_was_asked_for(renderer: str, width: int, height: int) -> None:
    words = {"title": "Complete Signal", "x_label": "Timestamp", "y_label": "Value"}
    picture = draw(WAVE, PlotSettings(renderer=renderer, width=width, height=height, **words))
    assert pixels(picture).shape == (height, width, 3)


@both
def test_the_same_call_gives_the_same_bytes_and_a_seed_another_style(renderer: str) -> None:
    plain, varied = (PlotSettings(renderer=renderer, vary=vary) for vary in (0.0, 0.8))
    assert draw(WAVE, plain) == draw(WAVE, plain, seed=3) == draw(WAVE, varied)
    pictures = [draw(WAVE, varied, seed=seed) for seed in (3, 3, 4, (3, 4))]
    assert pictures[0] == pictures[1]
    assert len({draw(WAVE, plain), *pictures}) == 4


@both
def test_a_picture_holds_the_words_of_the_settings_and_no_others(renderer: str, written: list[str]) -> None:  # noqa: F811
    asked = PlotSettings(
        renderer=renderer, title="Arm", x_label="Time", y_label="Level", unit="mV", height=336, vary=1.0
    )
    draw({"left": WAVE, "right": -WAVE}, asked, seed=1)
    words = {one for one in written if not one.replace("\N{MINUS SIGN}", "-").replace(".", "").lstrip("-").isdigit()}
    assert words == {"Arm", "Time", "Level (mV)", "left", "right"}
    written.clear()
    draw({"left": WAVE, "right": -WAVE}, PlotSettings(renderer=renderer, panels=True, unit="mV", height=336))
    assert {"left (mV)", "right (mV)"} <= set(written)
    written.clear()
    draw({"left": WAVE, "right": -WAVE}, PlotSettings(renderer=renderer, axes=False))
    assert not any(word.strip() for word in written)


@both
def test_nothing_but_pixels_is_in_the_file_and_a_label_has_no_way_in(renderer: str) -> None:
    assert set(chunks(draw(WAVE, PlotSettings(renderer=renderer, title="Arm")))) == {"IHDR", "IDAT", "IEND"}
    assert list(inspect.signature(draw).parameters) == ["series", "settings", "x", "seed"]


@both
def test_missing_values_are_gaps_and_a_value_between_two_is_a_dot(renderer: str) -> None:
    values = np.zeros(101)
    values[40:61] = math.nan
    values[50] = math.inf
    values[45] = 0.0
    ink = _inked(draw(values, PlotSettings(renderer=renderer, **BARE)))
    columns = np.flatnonzero(~ink.any(axis=0)) / 224 * 100
    assert columns.min() == pytest.approx(39.5, abs=1.5)
    assert columns.max() == pytest.approx(60.5, abs=1.5)
    assert ink[:, round(0.45 * 224)].any()
    assert not ink[:, round(0.5 * 224)].any()


@both
def test_a_constant_series_and_one_point_stand_in_the_middle(renderer: str) -> None:
    for values, share in (([1e6] * 50, 1.0), ([0.0], 0.05)):
        rows, columns = np.nonzero(_inked(draw(values, PlotSettings(renderer=renderer, **BARE))))
        assert rows.mean() == pytest.approx(27.5, abs=1)
        assert columns.mean() == pytest.approx(111.5, abs=1)
        assert len(set(columns)) <= 224 * share
        assert len(set(columns)) >= 0.9 * 224 * (share == 1.0)


@both
def test_without_any_value_there_is_no_line(renderer: str) -> None:
    assert not _inked(draw([math.nan] * 9, PlotSettings(renderer=renderer, **BARE))).any()


@both
def test_a_spike_in_a_very_long_series_stays_in_sight(renderer: str) -> None:
    values = np.zeros(200_000)
    values[123_456] = 1.0
    ink = _inked(draw(values, PlotSettings(renderer=renderer, **BARE)))
    highest = np.flatnonzero(ink[:8].any(axis=0))
    assert highest.mean() == pytest.approx(0.617 * 224, abs=1.5)


@both
def test_a_fixed_range_tells_small_from_large(renderer: str) -> None:
    asked = PlotSettings(renderer=renderer, y_range=[-10, 10], **BARE)
    high = [np.ptp(np.nonzero(_inked(draw(scale * WAVE, asked)))[0]) for scale in (1, 8, 1000)]
    assert high[0] < 10 < high[1] < 48 < high[2]


@both
def test_channels_have_their_colours(renderer: str) -> None:
    asked = PlotSettings(renderer=renderer, colours=["#ff0000", "#0000ff"], line_width=3, **BARE)
    found = pixels(draw(np.array([[0.0, 0.0], [1.0, 1.0]]), asked))
    assert found[4:, 112].tolist().count([255, 0, 0]) >= 2
    assert found[:20, 112].tolist().count([0, 0, 255]) >= 2


@both
def test_long_words_are_written_smaller_and_many_names_in_several_lines(renderer: str) -> None:
    long = "what a smart watch shows while people stand, walk, run or play badminton, ten times a second"
    words = {"title": long, "x_label": long, "y_label": long[:50]}
    ink = _inked(draw(WAVE, PlotSettings(renderer=renderer, **words)))
    assert ink[:14].any() and ink[-14:].any()
    assert not ink[:, 0].any() and not ink[:, -1].any()
    few, many = (
        pixels(draw({f"channel number {place}": WAVE for place in range(count)}, PlotSettings(renderer="pillow")))
        for count in (2, 8)
    )
    frames = [np.flatnonzero((image == 0).all(axis=2).mean(axis=1) > 0.5).min() for image in (few, many)]
    assert 10 <= frames[1] - frames[0] <= 15


@both
@pytest.mark.parametrize(
    ("x", "among"),
    [
        (np.datetime64("2016-07-01") + np.arange(500) * np.timedelta64(1, "h"), {"2016-07-07", "05"}),
        ([f"{1900 + year}-01-01" for year in range(500)], {"2000"}),
        (np.arange(500) / 4000, {"0.02", "0.020"}),
        (None, {"100"}),
    ],
)
def test_the_axis_counts_in_what_the_positions_are(
    renderer: str,
    x: list[str] | None,
    among: set[str],
    written: list[str],  # noqa: F811
) -> None:
    draw(WAVE, PlotSettings(renderer=renderer), x=x)
    assert among & set(written)


@pytest.mark.parametrize(
    ("series", "x", "told"),
    [
        ([], None, "at least one"),
        (np.zeros((2, 3, 4)), None, r"shape \(2, 3, 4\)"),
        ({"a": [1.0], "b": [1.0, 2.0]}, None, "different lengths.*a, b"),
        ([1.0, 2.0], [0], "1 positions for 2 points"),
        ([1.0, 2.0], ["yesterday", "today"], "2016-07-01 00:00:00"),
        ([1.0, 2.0], [0.0, math.nan], "numbers or dates"),
    ],
)
def test_what_cannot_be_drawn_is_refused(series: object, x: object, told: str) -> None:
    with pytest.raises(DataError, match=told):
        draw(series, x=x)  # type: ignore[arg-type]


@both
def test_too_little_room_is_refused(renderer: str) -> None:
    with pytest.raises(DataError, match=r"room for .*dataset\.plot\.height"):
        draw(np.zeros((30, 5)), PlotSettings(renderer=renderer, panels=True, height=112))


@settings(deadline=None, max_examples=60)
@given(
    values=st.lists(st.floats(width=64), min_size=1, max_size=40),
    axes=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_any_numbers_are_drawn(values: list[float], axes: bool, seed: int) -> None:
    asked = PlotSettings(width=224, height=112, axes=axes, vary=1.0)
    assert pixels(draw(values, asked, seed=seed)).shape == (112, 224, 3)


def test_matplotlib_comes_with_the_first_faithful_picture_only() -> None:
    code = (
        "import sys; from src.tasks.plots import PlotSettings, draw; assert 'PIL' not in sys.modules; draw([1, 2]);"
        "assert 'matplotlib' not in sys.modules; draw([1, 2], PlotSettings(renderer='matplotlib'));"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
