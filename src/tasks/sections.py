"""The one grammar of answers in named sections, for rewards, judges and evaluation alike.

    response  := section section ...      well formed: each asked section once, in the asked order, none empty, and
                                          nothing but white space around them
    section   := <name> text </name>      the tags to the letter, in lower case

A section is read also where the response is not well formed, but only one that stands there once, outside of all
others: what is hidden in the reasoning, repeated, or never closed counts for nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from src.tasks.choice.answer import MAX_CHARS


@dataclass(frozen=True, slots=True)
class Sections:
    """The texts of the sections that can be read, by name, without white space around; and whether all is in form."""

    texts: Mapping[str, str]
    well_formed: bool


def read_sections(response: object, names: Sequence[str]) -> Sections:
    """Find the sections of a response; never raises, and takes time in proportion to its length.

    >>> read_sections("<think>flat</think> <class>a</class>", ["think", "class"])
    Sections(texts={'think': 'flat', 'class': 'a'}, well_formed=True)
    """
    if not isinstance(response, str) or len(response) > MAX_CHARS:
        return Sections({}, False)
    tags = list(re.finditer(f"</?({'|'.join(map(re.escape, names))})>", response))
    found = [tag.group() for tag in tags]
    times = Counter(found)
    texts, depth = {}, 0
    for place, tag in enumerate(tags):
        opening, closing = f"<{tag.group(1)}>", f"</{tag.group(1)}>"
        closed = found[place + 1 : place + 2] == [closing]
        if depth == 0 and tag.group() == opening and closed and times[opening] == times[closing] == 1:
            texts[tag.group(1)] = response[tag.end() : tags[place + 1].start()].strip()
        depth += 1 if tag.group() == opening else -1
    in_order = found == [tag for name in names for tag in (f"<{name}>", f"</{name}>")]
    # White space alone before the first section, between two, and after the last.
    edges = [0, *(tag.end() for tag in tags[1::2])], [*(tag.start() for tag in tags[::2]), len(response)]
    alone = in_order and not any(response[start:end].strip() for start, end in zip(*edges, strict=True))
    return Sections(texts, alone and all(texts.get(name) for name in names))
