"""What comes first inside a burst, a rise or a fall."""

from recipes.artist.questions.kind import Kind, same

_SHAPES = ("up", "down")

KINDS = {
    "first_move": Kind(
        "Does the {0} burst go up first or down first?",
        ("up", "down"),
        _SHAPES,
        1,
        lambda shapes: _SHAPES.index(shapes[0]),
    ),
    "same_move": Kind("Do the {0} and the {1} burst begin in the same direction?", ("yes", "no"), _SHAPES, 2, same),
    "moves_up": Kind(
        "How many of the {0}, the {1} and the {2} burst go up first?",
        ("none", "one", "two", "all three"),
        _SHAPES,
        3,
        lambda shapes: shapes.count("up"),
    ),
}
