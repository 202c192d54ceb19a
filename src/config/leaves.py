"""A configuration as a flat list of keys and values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key ``a.b.c`` below ``prefix`` that holds no further keys, with its value; an empty mapping is one.

    Args:
        node: plain containers.
    """
    if isinstance(node, dict) and node:
        for name, value in node.items():
            yield from leaves(value, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, node
