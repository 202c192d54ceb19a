"""Where inside a burst its highest value stands."""

from collections.abc import Sequence

from recipes.artist.questions.kind import Kind, same

_SHAPES = ("early", "middle", "late")


def later(shapes: Sequence[str]) -> int | None:
    """Which of two comes later."""
    one, other = map(_SHAPES.index, shapes)
    return None if one == other else int(other > one)


KINDS = {
    "peak_third": Kind(
        "In which third of the {0} burst is its highest value?",
        ("the first", "the second", "the last"),
        _SHAPES,
        1,
        lambda shapes: _SHAPES.index(shapes[0]),
    ),
    "later_peak": Kind(
        "Which burst has its highest value later, counted from its own beginning: the {0} or the {1}?",
        ("the {0} burst", "the {1} burst"),
        _SHAPES,
        2,
        later,
    ),
}
HELD_OUT = {
    "same_half": Kind(
        "Do the {0} and the {1} burst have their highest values in the same half of their lengths?",
        ("yes", "no"),
        ("early", "late"),
        2,
        same,
    )
}
