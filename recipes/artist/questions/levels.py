"""How a burst gets from low to high, and whether what was seen once comes back."""

from recipes.artist.questions.kind import Kind, same

KINDS = {
    "once_or_back": Kind(
        "Does the {0} burst step up once, or step up, back and up again?",
        ("once", "up, back and up again"),
        ("once", "back"),
        1,
        lambda shapes: int(shapes[0] == "back"),
    ),
    "ramp": Kind(
        "Does the {0} burst climb slowly and drop at once, or jump up and decay slowly?",
        ("it climbs slowly", "it decays slowly"),
        ("climbs", "decays"),
        1,
        lambda shapes: int(shapes[0] == "decays"),
    ),
    "came_back": Kind(
        "Does what happens in the {0} burst come back in the {1} burst, in the same order?",
        ("yes", "no"),
        ("up", "down", "late", "climbs"),
        2,
        same,
    ),
}
