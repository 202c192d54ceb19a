"""How much of a session's prompts the server has read before, of what it could have: its prefix cache at work.

The server shares whole blocks of tokens. What a session lets it share are the beginnings that a prompt has in common
with the one before it of the same role, and, of a further answer, all of the prompt but its last token, which is always
read anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from recipes.artist.session import Call


class Prefixes:
    """Counts over one session.

    Args:
        block: tokens of a block.
    """

    def __init__(self, block: int) -> None:
        self.block = block
        self.before: dict[str, Sequence[int]] = {}
        self.shareable = self.cached = 0

    def shared(self, call: Call, prompt: Sequence[int]) -> int:
        """Tokens of a prompt that are in the cache if the prompt before it is, whose place it takes."""
        before = self.before.get(call.role, ())
        self.before[call.role] = prompt
        common = next((place for place, (a, b) in enumerate(zip(before, prompt, strict=False)) if a != b), None)
        common = min(len(before), len(prompt)) if common is None else common
        return min(common, len(prompt) - 1) // self.block * self.block

    def hit(self, shareable: int, cached: int) -> None:
        """Count a call, of which the server had so many tokens."""
        self.shareable += shareable
        self.cached += min(shareable, cached)

    def terms(self) -> dict[str, float]:
        """Under the names of metrics: tokens that could be shared, and that were."""
        return {"session/shareable_tokens": float(self.shareable), "session/cached_tokens": float(self.cached)}
