"""Which tokens of a session's prompts a prefix cache can share."""

from recipes.artist.prefixes import Prefixes
from recipes.artist.session import Call


def test_blocks_that_the_prompt_before_had_can_be_shared() -> None:
    prefixes = Prefixes(4)
    controller, reasoner = Call("controller", 0, 0, []), Call("reasoner", 0, 0, [])
    assert prefixes.shared(controller, list(range(10))) == 0
    assert prefixes.shared(reasoner, list(range(10))) == 0  # of another role: another conversation
    assert prefixes.shared(controller, [*range(7), 99, 98]) == 4  # seven in common, one whole block
    assert prefixes.shared(reasoner, list(range(10))) == 8
    assert prefixes.shared(reasoner, list(range(8))) == 4  # the last token is always read anew
    for shareable, cached in ((0, 8), (4, 4), (8, 4)):
        prefixes.hit(shareable, cached)
    assert prefixes.terms() == {"session/shareable_tokens": 12.0, "session/cached_tokens": 8.0}
