"""Overrides that Hydra's grammar cannot read: show the quoted form to type.

A value with parentheses, ``#``, ``~``, ``=``, quotes or letters beyond ASCII has to be quoted for Hydra, and the whole
word for the shell.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from src.errors import ConfigError

# What Hydra reads as text without quotes, apart from words and numbers that it takes for other than text.
_PLAIN = re.compile(r"[A-Za-z_/][\w./-]*", re.ASCII)
_HOME = re.compile(r"""(\+*(?:run|sweep)\.folder)=(["'])(~.*)\2""")
_WORDS = ("null", "true", "false", "inf", "nan")


def typed(key: str, value: str | Sequence[str]) -> str:
    """An override as a user types it in a POSIX shell, so that Hydra reads this text or list of texts.

    >>> print(typed("dataset.target", "CO(mg)"), typed("dataset.target", "load"))
    'dataset.target="CO(mg)"' dataset.target=load
    """
    text = _quoted(value) if isinstance(value, str) else f"[{','.join(map(_quoted, value))}]"
    return shlex.quote(f"{key}={text}")


def expand_home(word: str) -> str:
    """An override whose ``~`` is the user's home folder, where it says where runs are kept: Hydra leaves it as it is.

    Other keys that are paths are expanded where they are read.
    """
    found = _HOME.fullmatch(word)
    return f"{found[1]}={_quoted(os.path.expanduser(found[3]))}" if found else word


def check_grammar(overrides: Iterable[str], sweeps: bool = True) -> None:
    """Refuse overrides that Hydra cannot parse.

    Args:
        overrides: words of a command line, ``key=value``.
        sweeps: whether a key may have several values, ``a,b``.

    Raises:
        ConfigError: the first one, with the form to type instead.
    """
    parser = OverridesParser.create()
    for word in overrides:
        try:
            (parsed,) = parser.parse_overrides([word])
            if parsed.is_sweep_override() and not sweeps:
                key, _, value = word.partition("=")
                parts = [part.strip() for part in value.split(",")]
                raise ConfigError(f"{word}: for one text type {typed(key, value)}, for a list {typed(key, parts)}")
        except HydraException as error:
            key, equals, value = word.partition("=")
            if not equals:
                raise ConfigError(f"{word}: it is not of the form KEY=VALUE") from None
            fix = _instead(key, value, parser)
            reason = f"if its value is text, type {fix}" if fix else f"correct it ({_first(error)})"
            raise ConfigError(f"{word}: Hydra cannot read it: {reason}") from None


def _instead(key: str, value: str, parser: OverridesParser) -> str | None:
    """The form that Hydra reads; None where the key is what it cannot read."""
    inside = re.fullmatch(r"\[(.*)\]", value)
    meant = [one.strip().strip("'\"") for one in inside[1].split(",")] if inside else value
    form = typed(key, meant)
    try:
        parser.parse_overrides(shlex.split(form))
    except HydraException:
        return None
    return form


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    # Hydra keeps a backslash as it is, but where quotes follow.
    escaped = re.sub(r'(\\*)("|$)', lambda found: found[1] * 2 + ('\\"' if found[2] else ""), text)
    return f'"{escaped}"'


def _first(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
