"""A corpus of hostile answers, and random text: no preset raises, and every number it returns is finite."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.time_r1.reward import TERMS, compute_score

HISTORY = (10 + 3 * np.sin(np.arange(96) * 2 * np.pi / 24)).round(3)
TRUTH = (10.5 + 3 * np.sin(np.arange(96) * 2 * np.pi / 24 + 0.1)).round(3)
INFO = {"history": HISTORY.tolist(), "period": 24}
PRESETS = [
    ("strict", {}),
    ("paper", {}),
    ("released", {"version": "head"}),
    ("released", {"version": "later"}),
]
DATES = [f"2017-10-{24 + hour // 24} {hour % 24:02}:00:00" for hour in range(97)]
THINK = "<think>The level is about 10, with a daily cycle.</think>\n"


def rows(values: object = TRUTH, row: str = "{date} {value}", header: str = "date HUFL\n") -> str:
    return header + "\n".join(row.format(date=d, value=v) for d, v in zip(DATES, values, strict=False))  # type: ignore[call-overload]


def answer(body: str, fence: bool = True) -> str:
    return THINK + "<answer>\n" + (f"```\n{body}\n```" if fence else body) + "\n</answer>"


def with_value(value: str, where: int) -> str:
    return rows([*TRUTH[:where], value, *TRUTH[where + 1 :]])


def corpus() -> dict[str, str]:
    """Name to response, about 250 of them."""
    exact = answer(rows())
    cases: dict[str, str] = {}

    # Truncated at every sort of place.
    for cut in [*range(0, len(exact), 97), *range(len(exact) - 14, len(exact))]:
        cases[f"cut after {cut} characters"] = exact[:cut]

    # A value that is no finite number, first, in the middle and last.
    # fmt: off
    values = [
        "nan", "NaN", "inf", "-inf", "Infinity", "1e400", "-1e400", "9" * 400, "-" + "9" * 400,
        "0." + "3" * 400, "1e308", "-1e308", "1.7976931348623157e308", "5e-324", "1e-05", "1e5", "1E+5",
        "12.3 kW", "12.3kW", "12.3%", "$12", "1,234.5", "1.234,5", "1_000", "0x1F", "1/2", "10±1", "10-11",
        "~10", "?", "", "-", ".", "e", "--5", "+-5", "5.", ".5", "+5", "1e", "1e+", "1.2.3", "\u0661\u0662",
        "\uff11\uff12.\uff13", "\u221210", "\u2460", "10\u00a0", "10\u200b", "\ufeff10", "10\x00",
        "\x1b[31m10\x1b[0m",
        "None", "null", "[10]", "(10)", "'10'", '"10"', "10;", "10 # ten", "**10**", "`10`", "10\u2028",
        "10\u0085", "ten", "\U0001d7d9", "1e1e1", "٣",
    ]
    # fmt: on
    for value in values:
        for where in (0, 48, 95):
            cases[f"{value[:12]!r} as value {where}"] = answer(with_value(value, where))

    # Counts and forms.
    for count in (0, 1, 2, 3, 95, 97, 192, 10_000):
        cases[f"{count} bare values"] = answer("\n".join(["10.5"] * count), fence=False)
        cases[f"{count} values in a list"] = answer(", ".join(["10.5"] * count))
    for row in (
        "{date},{value}",
        "{date}\t{value}",
        "{date}; {value}",
        "| {date} | {value} |",
        "{value} {date}",
        "{value}",
        "{value} {value}",
        "- {value}",
        "{date}: {value}",
        "{{'date': '{date}', 'value': {value}}}",
    ):
        cases[f"rows like {row}"] = answer(rows(row=row))
        cases[f"bare rows like {row}"] = answer(rows(row=row, header=""), fence=False)
    cases["rows in one line"] = answer(rows().replace("\n", " "))
    cases["windows line ends"] = exact.replace("\n", "\r\n")
    cases["old mac line ends"] = exact.replace("\n", "\r")
    cases["ellipsis"] = answer(rows(TRUTH[:3]) + "\n...\n" + rows(TRUTH[-3:], header=""))
    cases["json"] = answer('{"forecast": [' + ", ".join(map(str, TRUTH)) + "]}")

    # Tags and fences.
    for name, text in {
        "no think": exact.removeprefix(THINK),
        "no answer tags": THINK + rows(),
        "fence only": f"```\n{rows()}\n```",
        "two answers": exact + answer(rows()).removeprefix(THINK),
        "the answer also in the thinking": "<think>" + exact + "</think>" + exact,
        "nested answers": THINK + "<answer><answer>" + rows() + "</answer></answer>",
        "answer inside the thinking": "<think><answer>" + rows() + "</answer></think>",
        "closing tags first": "</answer></think><answer><think>" + rows(),
        "upper case": exact.upper(),
        "spaces in tags": exact.replace("<", "< "),
        "attributes": exact.replace("<answer>", '<answer id="1">'),
        "escaped tags": exact.replace("<", "&lt;").replace(">", "&gt;"),
        "two fences": answer(f"{rows()}\n```\n```\n{rows()}"),
        "four back-ticks": exact.replace("```", "````"),
        "two back-ticks": exact.replace("```", "``"),
        "six back-ticks": "``````",
        "unclosed fence": exact.replace("\n```\n</answer>", "\n</answer>"),
        "language": exact.replace("```\n", "```python\n", 1),
        "text before": "Sure! " + exact,
        "text after": exact + "\nI hope this helps.",
        "end of text token": exact + "<|im_end|>",
        "chat turns": exact + "<|im_end|>\n<|im_start|>user\nthank you",
    }.items():
        cases[name] = text

    # Numbers made for the formula.
    spike, late = np.zeros(96), np.zeros(97)
    spike[17], late[96] = 1e9, 1e9
    for name, series in {
        "zeros": np.zeros(96),
        "zeros with one 1e9": spike,
        "zeros and a 97th 1e9": late,
        "one constant": np.full(96, 10.5),
        "huge": np.full(96, 1.7e308),
        "huge of both signs": 1.7e308 * (-1.0) ** np.arange(96),
        "denormal": np.full(96, 5e-324),
        "growing without bound": 10.0 ** np.arange(212, 308),
        "alternating extrema": 10 + 3 * (-1.0) ** np.arange(96),
        "copy of the history": HISTORY,
    }.items():
        cases[name] = answer(rows([repr(value) for value in series.tolist()]))

    # Echoes, emptiness, length.
    form = "<think>..</think>\n<answer>\n```\n...\n```\n</answer>"
    prompt = f"Here is the data\n```\n{rows(HISTORY)}\n```\n{form}\n"
    cases["the prompt"] = prompt
    cases["the prompt and an answer"] = prompt + exact
    cases["the format only"] = form
    for name, piece in {
        "a": "a",
        "9": "9",
        "open think": "<think>",
        "close answer": "</answer>",
        "ticks": "``",
        "rows": "10.5\n",
        "pipes": "|",
        "line ends": "\n",
        "commas": ",",
        "blanks": " ",
        "1e": "1e",
        "dates": "2017-10-24 ",
        "emoji": "\U0001f600",
        "nul": "\x00",
        "minus": "-",
    }.items():
        for size in (190_000, 3_000_000):
            cases[f"{size} characters of {name}"] = (piece * (size // len(piece) + 1))[:size]
            cases[f"an answer of {size} characters of {name}"] = answer((piece * (size // len(piece) + 1))[:size])
    for name, text in {
        "nothing": "",
        "a blank": " ",
        "a line end": "\n",
        "nul": "\x00",
        "a lone surrogate": "\ud800",
        "right to left": "\u202e" + exact,
        "refusal": "I cannot predict the future.",
    }.items():
        cases[name] = text
    return cases


CORPUS = corpus()


def check(response: str, preset: str, options: dict) -> dict[str, float]:
    scored = compute_score("x", response, TRUTH.tolist(), INFO, preset=preset, **options)
    assert list(scored) == ["score", *TERMS, "valid"]
    assert all(isinstance(value, float) and math.isfinite(value) for value in scored.values()), scored
    assert scored["score"] == pytest.approx(sum(scored[term] for term in TERMS))
    assert scored["valid"] in (0.0, 1.0)
    return scored


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 200


@pytest.mark.parametrize(("preset", "options"), PRESETS)
def test_no_answer_of_the_corpus_raises_or_scores_nan(preset: str, options: dict) -> None:
    for name, response in CORPUS.items():
        try:
            check(response, preset, options)
        except Exception as error:
            raise AssertionError(f"{name}: {error!r}") from error


def test_strict_scores_of_the_corpus_stay_within_their_bounds() -> None:
    naive = compute_score("x", answer(rows(np.tile(HISTORY[-24:], 4))), TRUTH.tolist(), INFO)["score"]
    # Known to be exact, or nearly, in another form of the grammar: those may score above the naive forecast.
    honest = {
        "windows line ends",
        "language",
        "rows like {date},{value}",
        "rows like {date}\t{value}",
        "rows like {value}",
    }
    honest |= {f"bare {name}" for name in honest if name.startswith("rows")}
    honest |= {f"{value!r} as value {where}" for value in ("5.", "+5", ".5") for where in (0, 48, 95)}
    for name, response in CORPUS.items():
        scored = compute_score("x", response, TRUTH.tolist(), INFO)
        if scored["score"] > naive:
            assert scored["valid"] == 1.0, name
            assert name in honest or "as value" in name, f"{name}: {scored['score']} > {naive}"
            if "as value" in name:
                # One other number among 95 exact ones: read as what it says, and finite.
                assert float(name.split("'")[1]) == pytest.approx(10.5, abs=12), name
    for name in honest:
        if "as value" not in name:
            assert compute_score("x", CORPUS[name], TRUTH.tolist(), INFO)["score"] > naive, name


@pytest.mark.parametrize(("preset", "options"), PRESETS)
@settings(max_examples=150, deadline=None)
@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [
                *" \n`|,<>/-.e_0123456789",
                "<think>",
                "</think>",
                "\n<answer>",
                "</answer>",
                "```",
                "nan",
                "1e999",
                "2017-10-24 00:00",
            ]
        )
    ).map("".join)
)
def test_no_text_raises_or_scores_nan(preset: str, options: dict, text: str) -> None:
    check(text, preset, options)
    check(f"<think></think>\n<answer>{text}</answer>", preset, options)


@pytest.mark.parametrize(("preset", "options"), PRESETS)
@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20),
    st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=20),
    st.lists(st.floats(), max_size=20),
)
def test_no_numbers_raise_or_score_nan(preset: str, options: dict, values: list, truth: list, history: list) -> None:
    for padded in (values, (values * 20)[: len(truth)]):
        response = "<think></think>\n<answer>\n```\nv\n" + "\n".join(map(repr, padded)) + "\n```\n</answer>"
        scored = compute_score("x", response, truth, {"history": history, "period": 2}, preset=preset, **options)
        assert all(math.isfinite(value) for value in scored.values())
