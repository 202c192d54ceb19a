"""How docstrings and comments quote code; ruff's rules hold the form of docstrings (pyproject.toml)."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("src", "recipes", "data_pipelines", "benchmarks", "tests")
SINGLE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Docstrings and comments, each with its first line's number."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_code_is_quoted_in_double_backticks() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line} {single}"
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        for line, text in prose(file.read_text(encoding="utf-8"))
        for single in SINGLE.findall(text)
    ]
    assert found == []


def test_single_backticks_are_found_in_docstrings_and_comments_alone() -> None:
    source = 'def f():\n    """Of `one`."""\n    text = "`two`"\n    return text  # ``three``, `four`\n'
    assert [(line, SINGLE.findall(text)) for line, text in prose(source)] == [(2, ["`one`"]), (4, ["`four`"])]
