"""The page in a real browser: every panel draws, the controls work, the samples filter, nothing is blocked."""

import json
from pathlib import Path

import pytest
from panels import drawn

from src.report.run.page import write_report

LISTED = "#sample-list li[role=option]"


@pytest.fixture
def report(make_run, open_page):
    """Return a function that writes a synthetic run's report and opens it at a place."""

    def open_report(place: str = "", *, height: int = 1000, **options):
        return open_page(f"{write_report(make_run(**options)).as_uri()}#{place}", height=height)

    return open_report


def test_every_panel_draws(report) -> None:
    tab = report(height=12_000)
    titles = tab.texts("figure.panel h3")
    assert len(titles) == 28
    for title in titles:
        figure = drawn(tab, title)
        assert figure["curves"], title
        assert all(path.startswith("M") and "L" in path and "NaN" not in path for path in figure["curves"]), title
        assert figure["last"] not in ("", "\N{EN DASH}"), title
    assert drawn(tab, "MSE on etth1")["references"] == 4
    assert drawn(tab, "MSE on etth1")["last"] == "5.88"
    assert drawn(tab, "Reward")["bands"] == 1
    assert drawn(tab, "Reward")["steps"][-1] == "80"
    assert drawn(tab, "Time per step")["legend"][-1] == "other"


def test_terms_of_mixed_tasks_are_drawn_by_task(report) -> None:
    tab = report(height=12_000, tasks=("scenario", "causality"))
    assert drawn(tab, "Reward by task or role")["legend"] == ["scenario", "causality"]
    assert drawn(tab, "Reward terms of scenario")["legend"] == ["format", "accuracy"]
    assert drawn(tab, "Valid answers")["legend"] == ["all tasks", "scenario", "causality"]


def test_one_curve_runs_through_the_stages(report) -> None:
    tab = report(height=3000, stages=("round1", "round2"), steps=40)
    figure = drawn(tab, "Reward")
    assert figure["dividers"] == 1
    assert [label for label in figure["labels"] if label.startswith("round")] == ["round1", "round2"]
    assert figure["steps"].count("20") == 2  # each stage counts its own steps
    tab.choose("#across", "time")
    figure = drawn(tab, "Reward")
    assert "minutes since the start" in figure["labels"]
    assert figure["dividers"] == 1


def test_the_crosshair_shows_values_and_moves_with_the_others(report) -> None:
    tab = report()
    tab.move("figure[data-chart='0'] svg", 0.999)
    rows = tab.texts("#tip div")
    assert tab.texts("#tip strong") == ["step 80"]
    assert [row.split()[0] for row in rows] == ["Reward0.679", "moving"]
    assert "±" in rows[0]
    assert tab.value("document.querySelectorAll('figure.panel line.cursor[visibility=visible]').length") > 1


def test_the_crosshair_answers_to_keys(report) -> None:
    tab = report(height=12_000)  # with charts in view that do not have the step
    tab.value("document.querySelector(\"figure[data-chart='0'] .plot\").focus()")
    tab.press("Home")
    assert tab.texts("#tip strong") == ["step 1"]
    tab.press("ArrowRight")
    assert tab.value("document.getElementById('spoken').textContent").startswith("step 2, Reward ")
    tab.press("+")
    assert drawn(tab, "Reward")["steps"] != ["10", "20", "30", "40", "50", "60", "70", "80"]
    tab.press("-")
    assert drawn(tab, "Reward")["steps"] == ["10", "20", "30", "40", "50", "60", "70", "80"]


def test_dragging_zooms_and_a_double_click_goes_back(report) -> None:
    tab = report()
    before = drawn(tab, "Reward")
    tab.drag("figure[data-chart='0'] .plot > svg", 0.5, 0.75)
    zoomed = drawn(tab, "Reward")
    assert min(map(int, zoomed["steps"])) > 30
    assert max(map(int, zoomed["steps"])) < 70
    x, y = tab.move("figure[data-chart='0'] .plot > svg", 0.5)
    for count in (1, 2):
        for kind in ("mousePressed", "mouseReleased"):
            tab.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count)
    assert drawn(tab, "Reward")["steps"] == before["steps"]


def test_smoothing_and_scales_are_the_readers_and_in_the_address(report) -> None:
    tab = report()
    assert len(drawn(tab, "Reward")["curves"]) == 2  # as recorded, and its moving average
    tab.choose("#smooth", "0")
    assert len(drawn(tab, "Reward")["curves"]) == 1
    tab.choose("#scale", "log")
    assert "reward, log scale" in drawn(tab, "Reward")["labels"]
    tab.click("figure[data-chart='0'] [data-do=log]")
    assert "reward" in drawn(tab, "Reward")["labels"]
    assert tab.value("location.hash") == "#smooth=0&scale=log"


def test_an_address_opens_a_view(report) -> None:
    tab = report("panel=Entropy&smooth=3&find=entropy%20kl")
    assert tab.texts("figure.panel h3") == []  # no panel has both words
    tab.choose("#find", "")
    assert len(tab.texts("figure.panel.large h3")) == 1
    assert tab.texts("#tools output") == ["9 steps"]


def test_panels_are_found_by_metric(report) -> None:
    tab = report("find=actor/pg", extra_metrics=5)
    assert tab.texts("figure.panel h3") == ["Clip fraction"]
    tab.choose("#find", "extra/metric_3")
    assert tab.texts("figure.panel h3") == ["extra/metric_3"]  # the closed part opens


def test_curves_can_be_switched_off(report) -> None:
    tab = report("find=log-probability")
    assert len(drawn(tab, "Log-probability gap")["curves"]) == 4
    tab.click(".legend button")
    assert len(drawn(tab, "Log-probability gap")["curves"]) == 2


def test_dark_and_light(report) -> None:
    tab = report()
    before = tab.value("getComputedStyle(document.body).backgroundColor")
    tab.click("#scheme")
    assert tab.value("getComputedStyle(document.body).backgroundColor") != before


def test_samples_of_the_last_step_come_first_best_first(report) -> None:
    tab = report("samples")
    assert tab.texts("#sample-controls output")[0] == "rl step 80"
    scores = [float(text) for text in tab.texts(f"{LISTED} b")]
    assert len(scores) == 16
    assert scores == sorted(scores, reverse=True)
    detail = tab.texts("#sample-detail")[0]
    assert "The level over the last four days" in detail
    assert "structural" in detail
    assert tab.value("document.querySelectorAll('#sample-detail path.curve').length") == 3  # history, truth, forecast


def test_samples_filter_by_step_split_validity_selection_and_text(report) -> None:
    tab = report("step=rl%2040&valid=false")
    shown = tab.texts(LISTED)
    assert shown
    assert all("invalid" in text and "rl 40" in text for text in shown)
    tab.choose("[data-filter=valid]", "")
    tab.choose("[data-filter=split]", "val")
    assert len(tab.texts(LISTED)) == 8
    assert all("held out" in text for text in tab.texts(LISTED))
    assert not any("kept" in text or "dropped" in text for text in tab.texts(LISTED))  # nothing is selected there
    tab.choose("[data-filter=split]", "train")
    tab.choose("[data-filter=kept]", "true")
    kept = tab.texts(LISTED)
    assert 0 < len(kept) < 8
    assert all("kept" in text for text in kept)
    tab.choose("[data-filter=text]", "no such words")
    assert tab.texts(LISTED) == []
    assert "No sample fits these filters." in tab.texts("#sample-detail")[0]
    tab.choose("[data-filter=text]", "rises to a peak")
    assert tab.texts(LISTED) == kept
    assert "split=train" in tab.value("location.hash")


def test_samples_filter_by_stage(report) -> None:
    tab = report("step=all&stage=round1", stages=("round1", "round2"), steps=10)
    assert tab.texts(LISTED)
    assert all("round1" in text for text in tab.texts(LISTED))


def test_the_step_slider_walks_through_the_training(report) -> None:
    tab = report("samples")
    tab.choose("[data-filter=step]", "0")
    assert all("rl 0" in text for text in tab.texts(f"{LISTED} small"))
    tab.choose("[data-filter=sort]", "-trend")
    assert tab.value("location.hash") == "#samples&step=rl%200&sort=-trend"
    assert "invalid" in tab.texts(LISTED)[0]  # an invalid answer earns nothing for its trend


def test_one_prompt_can_be_followed_through_the_steps(report) -> None:
    tab = report("samples")
    tab.click("#sample-detail .facts-line button")
    steps = [text.split(" · ")[0] for text in tab.texts(f"{LISTED} small")]
    assert steps[0] == "rl 80"
    assert steps[-1] == "rl 0"
    tab.click("#sample-detail .facts-line button")
    assert len(tab.texts(LISTED)) == 16


def test_the_sample_list_answers_to_arrow_keys(report) -> None:
    tab = report("samples")
    tab.value("document.getElementById('sample-list').focus()")
    tab.press("ArrowDown")
    tab.press("ArrowDown")
    assert (
        tab.value("[...document.getElementById('sample-list').children].findIndex(li => li.ariaSelected === 'true')")
        == 2
    )
    assert tab.value("location.hash") == "#samples&sample=2"


def write_sample(run: Path, **changes) -> None:
    path = run / "samples" / "rl_4.jsonl"
    sample = json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps({**sample, **changes}) + "\n")


def test_hostile_text_is_shown_as_text(make_run, open_page) -> None:
    run = make_run(steps=4)
    attack = "<think><img src=x onerror=\"document.title='owned'\"></think><script>document.title='owned'</script>"
    write_sample(run, response=attack, prediction=[1e9, None, -3.0], score=None)
    tab = open_page(write_report(run).as_uri())
    assert tab.value("document.title") == "time_r1 demo-7"
    assert tab.value("document.querySelectorAll('img').length") == 0
    detail = tab.texts("#sample-detail")[0]
    assert "<img src=x onerror=" in detail
    assert "The forecast leaves the picture" in detail


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # a PNG


def test_a_sample_of_another_kind_shows_image_and_text(make_run, open_page) -> None:
    run = make_run(steps=4)
    image = f"data:image/png;base64,{PIXEL}"
    write_sample(
        run,
        image=image,
        ground_truth="walking",
        prediction="running",
        history=[[1, 2, 3], [3, 2, 1]],
        judge="too short",
    )
    tab = open_page(write_report(run).as_uri())
    assert tab.value("document.querySelector('#sample-detail img').naturalWidth") == 1
    detail = tab.texts("#sample-detail")[0]
    assert "Truthwalking" in detail
    assert "Read from the answerrunning" in detail
    assert "judgetoo short" in detail
    assert tab.texts("#sample-detail .legend span") == ["series 1", "series 2"]


def test_all_images_of_a_prompt_are_shown(make_run, open_page) -> None:
    run = make_run(steps=4)
    write_sample(run, images=[f"data:image/png;base64,{PIXEL}"] * 2 + ["plots/none.png"], role="reasoner", turn=2)
    tab = open_page(write_report(run).as_uri())
    assert tab.value("document.querySelectorAll('#sample-detail img').length") == 2
    detail = tab.texts("#sample-detail")[0]
    assert "The image is in the run's folder: plots/none.png" in detail
    assert "rolereasoner" in detail and "turn2" in detail


def test_a_run_with_one_step_draws(report) -> None:
    tab = report(steps=1)
    assert tab.value("document.querySelectorAll(\"figure[data-chart='0'] circle.dot\").length") == 1
    assert "NaN" not in tab.value("document.getElementById('curves').innerHTML")


def test_a_long_run_is_drawn_with_its_spikes(make_run, open_page) -> None:
    run = make_run(steps=3000)
    with (run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"stage": "rl", "step": 1234, "actor/grad_norm": 50.0}) + "\n")
    tab = open_page(f"{write_report(run).as_uri()}#find=actor/grad_norm")
    path = drawn(tab, "Gradient norm")["curves"][0]
    assert path.count("L") < 2000
    heights = [float(point.split()[1]) for point in path[1:].split("L")]
    assert min(heights) < 0.5 * sorted(heights)[len(heights) // 2]
