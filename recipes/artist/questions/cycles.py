"""How fast a burst swings."""

from collections.abc import Sequence

from recipes.artist.questions.kind import Kind, same

_SHAPES = ("two", "three", "four")


def odd_one(shapes: Sequence[str]) -> int | None:
    """Which of three differs from two that are alike."""
    alone = [place for place, shape in enumerate(shapes) if list(shapes).count(shape) == 1]
    return alone[0] if len(alone) == 1 else None


def like_which(shapes: Sequence[str]) -> int | None:
    """Which of the first two the third is like."""
    one, other, asked = shapes
    return None if one == other or asked not in (one, other) else int(asked == other)


KINDS = {
    "cycle_count": Kind(
        "How many times does the {0} burst swing up and down?",
        _SHAPES,
        _SHAPES,
        1,
        lambda shapes: _SHAPES.index(shapes[0]),
    ),
    "same_pace": Kind("Do the {0} and the {1} burst swing equally fast?", ("yes", "no"), _SHAPES, 2, same),
    "odd_pace": Kind(
        "Two of the {0}, the {1} and the {2} burst swing equally fast. Which one does not?",
        ("the {0} burst", "the {1} burst", "the {2} burst"),
        _SHAPES,
        3,
        odd_one,
    ),
}
HELD_OUT = {
    "like_which": Kind(
        "Does the {2} burst swing as fast as the {0} or as the {1} burst?",
        ("as the {0} burst", "as the {1} burst"),
        _SHAPES,
        3,
        like_which,
    )
}
