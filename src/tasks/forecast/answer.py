"""The one grammar of forecast answers, used by the training rewards and by the evaluation alike.

A response is *well formed* when it is ``<think>...</think><answer>...</answer>``: each tag exactly once, in
this order, and nothing but white space before, between and after the two sections.

Where the answer is::

    section  := text between <answer> and </answer>, the pair exactly once; where there is neither tag,
                the text after the last </think>, else the whole response
    body     := text inside the one ``` fence of the section (an info string such as ``csv`` after the opening
                fence is dropped, text around the fence is ignored), or the whole section if it has no fence

What the answer says, whatever the recipe (``read_values``; blank lines are skipped)::

    body     := [header] (bare rows | stamped rows | list | line | '[' (NUMBER | list | words) ']')
    header   := one first line that starts with a letter, a quote or '#', and does not end with a number
    bare     := NUMBER                                   one per line
    stamped  := TIMESTAMP (blank | ',') NUMBER           one per line
    list     := NUMBER (MARK NUMBER)* [MARK]             MARK: ',' or ';', the same all over; line breaks only beside it
    line     := at least three NUMBERs with blanks between them, on one line
    words    := NUMBERs with blanks or line breaks between them

    NUMBER    := as in src.tasks.numbers
    TIMESTAMP := date | time | date (blank | 'T') time | whole number (a row index, '17' or '17.0')
    date      := three groups of digits joined by '-', '/' or '.'
    time      := H:MM[:SS[.fff]]; a date or a time may end with 'Z'

All rows are of one kind. Not numbers, so not rows: ``nan``, ``inf``, ``12.3 kW``, ``1_000``, digits of other
scripts. Decimal commas and thousands separators are never read: ``31,5`` and ``1,234.5`` alone, which may be one
number or two, are problems (``31, 5`` and ``[31,5]`` are lists). Two answers, two fences, an unclosed tag or fence and
text over ``MAX_CHARS`` are problems. Timestamps are not checked against the question: the order of the rows counts.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from src.tasks.numbers import read_number

# Longer than any completion of the recipes, short enough to be read in milliseconds.
MAX_CHARS = 200_000

_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_DATE = r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}"
_TIMESTAMP = re.compile(rf"(?:{_DATE}(?:(?: +|T){_TIME})?|{_TIME})Z?|[0-9]+(?:\.0*)?")
_INFO_STRING = re.compile(r"[A-Za-z][\w+-]*[ \t\r]*(?:\n|$)", re.ASCII)
_SAME_DIGIT = str.maketrans("023456789", "111111111")  # 1: only zeros may follow a row index's point
_ONE_OR_TWO = re.compile(r"[+-]?[0-9]+,(?:[0-9]+|[0-9]{3}\.[0-9]*)")
_NOT_A_HEADER = {"nan", "inf", "infinity", "null", "none", "na", "n/a"}


@dataclass(frozen=True, slots=True)
class ForecastAnswer:
    """What was read from a response.

    Args:
        values: float64, shape (number of values,); empty if a row could not be read or the answer is cut off.
        well_formed: the response has the think and answer sections as the grammar wants them.
        problem: None when the answer can be used, else one phrase that says what is wrong with it.
        rows: how many rows were read before a problem, for a dense length reward; without one, len(values).
    """

    values: np.ndarray
    well_formed: bool
    problem: str | None
    rows: int


class Unreadable(Exception):
    """Text that holds no forecast.

    Args:
        problem: one phrase that says why.
        rows: how many rows were read before it.
    """

    def __init__(self, problem: str, rows: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.rows = rows


def parse_forecast(response: str, horizon: int | None = None) -> ForecastAnswer:
    """Reads the forecast out of a response by the grammar above; never raises.

    With ``horizon``, another number of values is a problem too, but the values are still returned.
    """
    if not isinstance(response, str):
        return _failed("the response is not text", False)
    if len(response) > MAX_CHARS:
        return _failed(f"the response is longer than {MAX_CHARS} characters", False)
    opened, closed = response.count("<answer>"), response.count("</answer>")
    well_formed = _is_well_formed(response, opened, closed)
    try:
        section, unclosed = _answer_section(response, opened, closed)
        body, unclosed_fence = _fenced_body(section)
        values = _read_body(body)
    except Unreadable as error:
        return _failed(error.problem, well_formed, error.rows)
    unclosed = unclosed or unclosed_fence
    if unclosed is not None:
        return _failed(unclosed, well_formed, len(values))
    problem = None
    if horizon is not None and len(values) != horizon:
        problem = f"{len(values)} values instead of {horizon}"
    return ForecastAnswer(np.array(values, dtype=np.float64), well_formed, problem, len(values))


def read_values(section: str) -> list[float]:
    """The values of an answer section, for a recipe that finds the section by rules of its own.

    Raises:
        Unreadable: it holds no values, or text that is none.
    """
    body, unclosed = _fenced_body(section)
    values = _read_body(body)
    if unclosed is not None:
        raise Unreadable(unclosed, len(values))
    return values


def _failed(problem: str, well_formed: bool, rows: int = 0) -> ForecastAnswer:
    return ForecastAnswer(np.empty(0), well_formed, problem, rows)


def _is_well_formed(response: str, opened: int, closed: int) -> bool:
    if opened != 1 or closed != 1 or response.count("<think>") != 1 or response.count("</think>") != 1:
        return False
    text = response.strip()
    think_end, answer_start = text.find("</think>"), text.find("<answer>")
    return (
        text.startswith("<think>")
        and text.endswith("</answer>")
        and think_end < answer_start
        and not text[think_end + len("</think>") : answer_start].strip()
    )


def _answer_section(response: str, opened: int, closed: int) -> tuple[str, str | None]:
    """The text that holds the answer, and the problem if it is cut off."""
    if opened > 1 or closed > 1:
        raise Unreadable("several <answer> sections")
    if opened == 0:
        if closed:
            raise Unreadable("</answer> without <answer>")
        _, think_end, after = response.rpartition("</think>")
        return (after if think_end else response), None
    start = response.find("<answer>") + len("<answer>")
    if closed == 0:
        return response[start:], "<answer> is not closed"
    end = response.find("</answer>", start)
    if end < 0:
        raise Unreadable("</answer> before <answer>")
    return response[start:end], None


def _fenced_body(section: str) -> tuple[str, str | None]:
    parts = section.split("```")
    if len(parts) == 1:
        return section, None
    if len(parts) > 3:
        raise Unreadable("several fences")
    body = parts[1]
    info = _INFO_STRING.match(body)
    return body[info.end() :] if info else body, None if len(parts) == 3 else "the fence is not closed"


def _read_body(body: str) -> list[float]:
    lines = [line for line in body.replace("\t", " ").split("\n") if line and not line.isspace()]
    if lines and _is_header(lines[0].strip()):
        del lines[0]
    if not lines:
        raise Unreadable("no rows")
    first = lines[0].strip()
    text = "\n".join(lines)
    # float() alone would accept digits of other scripts and underscores; with these two excluded it is
    # NUMBER.
    if not text.isascii() or "_" in text:
        raise Unreadable("characters that no row may hold")
    text = text.strip()
    if text[0] == "[" and text[-1] == "]":
        return _read_list(text[1:-1].strip())
    if _ONE_OR_TWO.fullmatch(text):
        raise Unreadable("a comma that may stand for a decimal point")
    if ";" in text or ("," in text and not _is_timestamp(first.partition(",")[0].strip())):
        return _read_list(text)
    words = text.split()
    if len(lines) == 1 and len(words) > 2 and _leading(words) == len(words):
        return _finite(_floats(words), words)
    if " " in first or "," in text:
        return _read_stamped(text.replace(",", " "))
    return _finite(_floats(lines), lines)


def _read_list(text: str) -> list[float]:
    """A list without its brackets: its separator is the first of ';', ',' and white space that it holds."""
    mark = next((mark for mark in ";," if mark in text), None)
    pieces = text.split() if mark is None else text.removesuffix(mark).split(mark)
    if not pieces:
        raise Unreadable("no rows")
    return _finite(_floats(pieces), pieces)


def _is_header(line: str) -> bool:
    if not (line[0].isalpha() or line[0] in "\"'#"):
        return False
    last = line.replace(",", " ").replace("]", " ").split()[-1]
    return last.lower() not in _NOT_A_HEADER and read_number(last) is None


def _is_timestamp(text: str) -> bool:
    """A date or a time; a bare number before a comma is a list item, not a row index."""
    return ("-" in text or "/" in text or ":" in text or text.count(".") > 1) and bool(_TIMESTAMP.fullmatch(text))


def _read_stamped(text: str) -> list[float]:
    # With every digit written as 1, a column of rows has a handful of forms: each is matched once, not every
    # row.
    forms = set(text.translate(_SAME_DIGIT).split("\n"))
    stamps = {form.rstrip().rpartition(" ")[0].strip() for form in forms}
    if all(map(_TIMESTAMP.fullmatch, stamps)):
        words = {stamp.count(" ") for stamp in stamps}
        width = words.pop() + 2
        tokens = text.split()
        if not words and len(tokens) == width * (text.count("\n") + 1):
            numbers = tokens[width - 1 :: width]
            return _finite(_floats(numbers), numbers)
    rows = [line.rstrip().rpartition(" ") for line in text.split("\n")]
    numbers = [number for _, _, number in rows]
    for row, (stamp, _, _) in enumerate(rows):
        if _TIMESTAMP.fullmatch(stamp.strip()) is None:
            raise Unreadable(f"row {row + 1} is not 'timestamp value'", _leading(numbers[:row]))
    return _finite(_floats(numbers), numbers)


def _floats(pieces: list[str]) -> list[float]:
    try:
        return list(map(float, pieces))
    except ValueError:
        rows = _leading(pieces)
        raise Unreadable(f"row {rows + 1} is not a number", rows) from None


def _finite(values: list[float], pieces: list[str]) -> list[float]:
    if not all(map(math.isfinite, values)):
        rows = _leading(pieces)
        raise Unreadable(f"row {rows + 1} is not a finite number", rows)
    return values


def _leading(pieces: Iterable[str]) -> int:
    """How many leading pieces are finite numbers."""
    count = 0
    for piece in pieces:
        if read_number(piece) is None:
            break
        count += 1
    return count
