"""A session of several rows is one thing in the sample browser, with its way through the series."""

from __future__ import annotations

import json

import pytest
from fake_session import EVIDENCE, SEGMENTS, session, way, write_sessions

from src.record.layout import Layout
from src.report.run.page import write_report
from src.report.run.samples import collect_samples

LISTED = "#sample-list li[role=option]"
SPANS = "[...document.querySelectorAll('#sample-detail .plot rect.span')]"


def test_rows_of_a_session_stay_together_and_its_last_one_stands_for_it(make_run) -> None:
    run = make_run(steps=4)
    single = session(7)[-1]
    write_sessions(run, session(0, path=way()), session(1), session(1, split="val", index=3)[-1:], [single])
    data = collect_samples(run, Layout(run).sample_files()[-1:], [])
    assert (data["found"], len(data["samples"])) == (4, 4)
    by_score = {(one["split"], one["score"]): one for one in data["samples"]}
    first, second = by_score["train", 4.0], by_score["train", 3.0]
    assert [(row["role"], row["turn"]) for row in first["rows"]] == [
        ("controller", 0), ("controller", 1), ("controller", 2), ("controller", 3), ("reasoner", 0), ("reasoner", 1),
    ]  # fmt: skip
    assert first["rows"][0]["weight"] == 0.5 and first["rows"][5]["terms"] == {"accuracy": 3.0}
    assert second["kept"] is True and [row["kept"] for row in second["rows"]] == [True] * 4 + [False] * 2
    assert first["path"]["segments"] == [list(one) for one in SEGMENTS] and second["path"] is None
    assert "role" not in first["more"] and by_score["val", 3.0]["more"]["role"] == "reasoner"
    assert by_score["val", 3.0]["rows"] == []


@pytest.mark.parametrize("broken", [{}, {"places": [1], "values": []}, {"places": "a"}, {"segments": [1]}])
def test_a_path_that_cannot_be_drawn_is_left_out(make_run, broken: dict) -> None:
    run = make_run(steps=4)
    rows = session(0, path=way())
    write_sessions(run, rows)
    file = run / "samples" / "rl_4.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines[-1]["path"] = lines[-1]["path"] | broken if broken else broken
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (sample,) = collect_samples(run, Layout(run).sample_files()[-1:], [])["samples"]
    assert sample["path"] is None and len(sample["rows"]) == 6


def test_the_browser_shows_the_way_round_by_round(make_run, open_page) -> None:
    run = make_run(steps=4)
    write_sessions(run, session(0, path=way()), session(1))
    tab = open_page(write_report(run).as_uri() + "#samples", height=1600)
    assert len(tab.texts(LISTED)) == 2

    kinds = tab.value(f"{SPANS}.map(one => one.getAttribute('class').trim())")
    assert kinds == ["span read"] * 3 + ["span foot"] * 2
    places = tab.value(f"{SPANS}.map(one => [Number(one.getAttribute('x')), Number(one.getAttribute('width'))])")
    start, width = places[0][0], places[0][1] / 80
    for (at, size), (begin, end) in zip(places, [*SEGMENTS, *EVIDENCE], strict=True):
        assert at == pytest.approx(start + (begin - SEGMENTS[0][0]) * width, abs=0.1)
        assert size == pytest.approx((end - begin) * width, abs=0.1)
    labels = tab.texts("#sample-detail .plot text.label")
    assert [one for one in labels if one.isdigit()] == ["1", "2", "3"]

    detail = tab.texts("#sample-detail")[0]
    assert "3 read, numbered in their order; the bars at the foot are where the answer stands" in detail
    assert "reliability0.750" in detail and "controller reward3.10" in detail
    assert "reasoner reward4.00recall 1Round 1" in detail
    turns = tab.texts("#sample-detail > ol.turns > li")
    assert len(turns) == 7
    assert turns[0].startswith("Round 1controllerreads [560, 640)<think>The later spike first")
    assert turns[3].startswith("reasoner<think>41 is higher") and turns[6].startswith("Round 4controller<think>Enough")
    assert tab.texts("#sample-detail details.rows summary")[0].startswith("All 6 rows")

    tab.value(f"document.querySelectorAll('{LISTED}')[1].click()")  # without a path: its rows, turn by turn
    rows = tab.texts("#sample-detail > ol.turns > li")
    assert len(rows) == 6 and rows[0].startswith(
        "controller, turn 1reward 3.10 · reliability 2.25 · trained on, weight"
    )
    assert "not trained on" in rows[5] and "Prompt of reasoner 1" in rows[5]
