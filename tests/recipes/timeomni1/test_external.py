"""Published test sets from small files of their form, by the recipe's parser."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recipes.timeomni1 import official
from src.config.group import compose_group
from src.errors import DataError
from src.tasks.asking import Completion
from src.tasks.build import build
from src.tasks.row import Row
from src.tasks.scores import Scores
from src.tasks.task import Task, load_task

ANSWER = "<think>t</think><answer>{}</answer>"
SYSTEM = "Think, then answer."


def item(number: int, task: str, problem: str, response: str) -> dict[str, Any]:
    return {"question_id": f"q{number}", "problem": problem, "response": response, "task_type": task,
            "domain": "Energy", "system": SYSTEM}  # fmt: skip


CHOICE = "Which?\nA. one\nB. two\nC. three"
ID = [
    item(1, "scenario_understanding", "[1, 2]\nA. x\nB. y\nC. z\nD. w", "D"),
    item(2, "causality_discovery", CHOICE, ANSWER.format("B")),
    item(3, "event_aware_forecasting", "past 3 hours: [5, 6, 7]", "[8, 9]"),
]
OOD = [item(4, "decision_making", CHOICE, "A.")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "id_test.json").write_text(json.dumps(ID))
    (tmp_path / "ood_test.json").write_text("\n".join(json.dumps(one) for one in OOD))
    return tmp_path


def compose(name: str, folder: Path) -> Any:
    return compose_group("dataset", name, [f"dataset.folder={folder}"])


def task(name: str, folder: Path) -> Task:
    found = load_task(compose(name, folder), log=lambda line: None)
    assert not found.has_traces
    return found


def rows_of(name: str, folder: Path) -> list[Row]:
    return list(task(name, folder).rows("test"))


def test_the_testbed_is_read_into_questions(folder: Path) -> None:
    rows = rows_of("timeomni1_testbed", folder)
    assert [row.source for row in rows] == ["scenario", "causality", "forecasting", "decision-ood"]
    assert [row.truth for row in rows] == ["D", "B", [8.0, 9.0], "A"]
    assert [row.info.get("options") for row in rows] == [4, 3, None, 3]
    assert [(row.index, row.split) for row in rows] == [(index, "test") for index in range(4)]
    assert rows[0].messages[0] == {"role": "system", "content": SYSTEM}
    assert rows[2].info["history"] == [5.0, 6.0, 7.0]


def run(name: str, folder: Path, replies: list[str]) -> Scores:
    """Scores of one reply per row, through what the evaluation asks of a task."""
    one = task(name, folder)
    rows = one.rows("test")
    return one.score(rows, [one.read(row, reply) for row, reply in zip(rows, replies, strict=True)])


def values(scores: Scores, name: str) -> dict[str, Any]:
    return {metric: one.value for metric, one in scores.groups[name].metrics.items()}


def test_the_testbed_is_scored_by_the_recipes_parser(folder: Path) -> None:
    replies = [ANSWER.format("D"), ANSWER.format("Option B"), ANSWER.format("[8, 11]"), "A"]
    scores = run("timeomni1_testbed", folder, replies)
    assert values(scores, "scenario")["acc"] == 1.0
    assert (values(scores, "causality")["success"], values(scores, "causality")["acc"]) == (1.0, 0.0)
    assert values(scores, "forecasting")["mae"] == 1.0
    assert scores.groups["forecasting"].baselines["copy_last"]["mae_all"].value == 2.0  # 6, 7 for 8, 9
    assert (values(scores, "decision-ood")["success"], values(scores, "decision-ood")["acc"]) == (0.0, None)


# Choices whose right letter is D: what each parser makes of a response, 1 right, 0 wrong, None no answer.
LETTERS = [
    (ANSWER.format("D"), 1.0, 1.0),
    (ANSWER.format("(D)"), 1.0, 0.0),
    (ANSWER.format("**D**"), 1.0, 0.0),
    (ANSWER.format("d)."), 1.0, 1.0),
    (ANSWER.format("Option D"), 0.0, 0.0),
    (ANSWER.format("42"), None, 0.0),
    (ANSWER.format(""), None, None),
    ("D", None, None),
    (ANSWER.format("D") + "\nIndeed <answer>D</answer>", 1.0, None),
    ("<answer>D</answer> and then more", 1.0, 1.0),
]
# Forecasts of [8, 9]: the error, None for no answer.
LISTS = [
    (ANSWER.format("[8, 11]"), 1.0, 1.0),
    (ANSWER.format("The next hours: [8, 11], roughly."), 1.0, None),
    (ANSWER.format("8, 11"), None, 1.0),
    (ANSWER.format("8; 11"), None, 1.0),
    (ANSWER.format("[8; 11]"), None, 1.0),
    (ANSWER.format("['8', 1_1]"), 1.0, None),
    (ANSWER.format("[8, 11] or [8, 9]"), 1.0, None),
    (ANSWER.format("[8, 9, 10]"), None, None),
    (ANSWER.format("[8, 1e999]"), None, None),
    (ANSWER.format("[08, 9]"), None, 0.0),
    ("[8, 9]", None, None),
]


@pytest.mark.parametrize(("place", "replies"), [(0, LETTERS), (2, LISTS)])
def test_the_published_parser_and_ours_read_the_same_answers_each_in_its_way(
    folder: Path, place: int, replies: list[tuple[str, float | None, float | None]]
) -> None:
    one = task("timeomni1_testbed", folder)
    row = one.rows("test")[place]
    kind = "acc" if place == 0 else "mae"
    for said, theirs, ours in replies:
        (group,) = one.score([row], [one.read(row, said)]).groups.values()
        found = {name: metric.value for name, metric in group.metrics.items()}
        assert (found[f"official_{kind}"], found["official_success"]) == (theirs, float(theirs is not None)), said
        assert (found[kind], found["success"]) == (ours, float(ours is not None)), said


def test_the_published_figures_are_means_of_valid_answers_with_intervals(folder: Path) -> None:
    one = task("timeomni1_testbed", folder)
    row = one.rows("test")[0]
    rows = [replace(row, index=index) for index in range(4)]
    said = [ANSWER.format(text) for text in ("(D)", "**D**", "Option D", "")]
    (group,) = one.score(rows, [one.read(row, text) for text in said]).groups.values()
    assert group.as_dict()["metrics"]["official_acc"]["value"] == pytest.approx(2 / 3)
    low, high = group.as_dict()["metrics"]["official_success"]["interval"]
    assert group.metrics["official_success"].value == 0.75 and low < 0.75 < high
    assert group.metrics["acc_all"].value == 0.0


@given(st.text(alphabet="<answer>/[]0123456789.,;eE+-'\"_ \nDd()*{}j", max_size=80))
def test_no_response_makes_the_published_parser_fail(text: str) -> None:
    for truth in ("D", [8.0, 9.0]):
        row = Row("s", "s", "test", 0, (), truth, {})
        for said in (text, f"<answer>{text}</answer>", f"<answer>[{text}]</answer>"):
            found = official.read(row, said)
            assert found is None or isinstance(found, str) or len(found) == 2


def test_an_answer_that_was_cut_off_is_read_by_the_published_parser_alone(folder: Path) -> None:
    one = task("timeomni1_testbed", folder)
    row = one.rows("test")[0]
    found = one.taken(row, Completion(ANSWER.format("D"), 9, problem="it is cut off"))
    metrics = values(one.score([row], [found]), "scenario")
    assert (metrics["official_acc"], metrics["success"]) == (1.0, 0.0)


def test_the_recipes_reward_pays_for_them(folder: Path) -> None:
    one = task("timeomni1_testbed", folder)
    assert one.reward(one.rows("test")[0], ANSWER.format("D"))["choice"] == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"problem": None, "domain": ""},
            r"id_test.json, question 2: there is no problem, domain; it needs question_id",
        ),
        ({"response": "I do not know"}, "id_test.json, question 2: its response holds neither a letter nor a list"),
    ],
)
def test_a_broken_question_is_one_message(folder: Path, change: dict, message: str) -> None:
    (folder / "id_test.json").write_text(json.dumps([ID[0], {**ID[1], **change}]))
    with pytest.raises(DataError, match=message):
        rows_of("timeomni1_testbed", folder)


def test_files_that_are_not_there_say_how_to_get_them(tmp_path: Path) -> None:
    hint = r"dataset.folder=DIR, or add download=true \(a run: launch.download=true\)"
    with pytest.raises(DataError, match=rf"id_test.json is not there: .*{hint}"):
        rows_of("timeomni1_testbed", tmp_path)
    with pytest.raises(DataError, match=r"gpqa_diamond.csv is not there: name its folder with dataset.folder=DIR$"):
        rows_of("timeomni1_gpqa", tmp_path)
    with pytest.raises(DataError, match=r"holds test questions only, no val: use python -m src.evaluate"):
        task("timeomni1_testbed", tmp_path).rows("val")


def test_they_cannot_be_trained_on(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds test questions only, no train: use python -m src.evaluate"):
        build(task("timeomni1_testbed", folder), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_gpqa_options_are_permuted_and_the_letter_follows(tmp_path: Path) -> None:
    with (tmp_path / "gpqa_diamond.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Question", "Correct Answer", *(f"Incorrect Answer {place}" for place in (1, 2, 3))])
        writer.writerows([f"Why {number}?", "right", "w1", "w2", "w3"] for number in range(12))
    rows = rows_of("timeomni1_gpqa", tmp_path)
    letters = [row.truth for row in rows]
    assert len(set(letters)) > 1
    assert all(f"{letter}) right" in row.messages[1]["content"] for letter, row in zip(letters, rows, strict=True))
    scores = run("timeomni1_gpqa", tmp_path, [ANSWER.format(letter) for letter in letters])
    assert values(scores, "gpqa")["acc_all"] == 1.0


def test_a_right_option_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    fields = ["Question", "Correct Answer", *(f"Incorrect Answer {place}" for place in (1, 2, 3))]
    (tmp_path / "gpqa_diamond.csv").write_text("\n".join([",".join(fields), "Why?,yes,no,yes,maybe"]) + "\n")
    with pytest.raises(DataError, match="question 1: the option 'yes' is there twice, so that no letter is right"):
        rows_of("timeomni1_gpqa", tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "holds no questions: get the files again"),
        ('{"p": {"passage": "Text."}}', "is not in DROP's form"),
        (
            '{"p": {"passage": "Text.", "qa_pairs": [{"question": "How many?", "answer": "12"}]}}',
            "is not in DROP's form",
        ),
        ('{"p": {"passage": "Text.", "qa_pairs": [{"question": "How many?"}]}}', "question 1: there is no answer"),
    ],
)
def test_a_file_that_is_not_drops_is_one_message(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "drop_dataset_dev.json").write_text(text)
    with pytest.raises(DataError, match=message):
        rows_of("timeomni1_drop", tmp_path)


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    cfg = compose_group("dataset", "timeomni1_drop", [f"dataset.folder={tmp_path}", "+dataset.kind=quiz"])
    with pytest.raises(DataError, match=r"the dataset settings cannot be used .*kind"):
        load_task(cfg)


def test_a_task_that_is_not_ours_is_a_group_of_its_own(folder: Path) -> None:
    (folder / "ood_test.json").write_text(json.dumps([{**OOD[0], "task_type": "Captioning"}]))
    replies = [ANSWER.format("D"), ANSWER.format("B"), ANSWER.format("[8, 9]"), ANSWER.format("A")]
    assert values(run("timeomni1_testbed", folder, replies), "captioning-ood")["acc"] == 1.0


def test_an_answer_of_a_million_numbers_is_no_answer(folder: Path) -> None:
    million = ANSWER.format("[" + ",".join(["8"] * 1_000_000) + "]")
    scores = run("timeomni1_testbed", folder, [million] * 4)
    assert {name: values(scores, name)["success"] for name in scores.groups} == dict.fromkeys(scores.groups, 0.0)
    assert values(scores, "forecasting")["mae_all"] == 8.5  # a forecast of zeros for 8, 9


def test_reclor(tmp_path: Path) -> None:
    one = {"context": "All x.", "question": "So?", "answers": ["a", "b", "c", "d"], "label": 2, "id_string": "v0"}
    (tmp_path / "val.json").write_text(json.dumps([one]))
    (row,) = rows_of("timeomni1_reclor", tmp_path)
    assert row.truth == "C" and "C) c" in row.messages[1]["content"]
    (tmp_path / "val.json").write_text(json.dumps([{**one, "label": 4}]))
    with pytest.raises(DataError, match="label 4 is none of its answers"):
        rows_of("timeomni1_reclor", tmp_path)


def test_drop(tmp_path: Path) -> None:
    pairs = [
        {"question": "How many?", "answer": {"number": "12", "date": {}, "spans": []}},
        {"question": "Who?", "answer": {"number": "", "date": {}, "spans": ["The Big Cat"]},
         "validated_answers": [{"number": "", "date": {}, "spans": ["cat"]}]},
        {"question": "On?", "answer": {"number": "", "date": {"day": "3", "month": "May", "year": "90"}, "spans": []}},
    ]  # fmt: skip
    (tmp_path / "drop_dataset_dev.json").write_text(json.dumps({"p": {"passage": "Text.", "qa_pairs": pairs}}))
    assert rows_of("timeomni1_drop", tmp_path)[1].truth == ["The Big Cat", "cat"]
    right = run("timeomni1_drop", tmp_path, [ANSWER.format(text) for text in ("12.0", "big cat.", "3 May 90")])
    assert values(right, "drop") == {"success": 1.0, "exact": 1.0, "f1": 1.0}
    poor = values(run("timeomni1_drop", tmp_path, [ANSWER.format("13"), ANSWER.format("a small cat"), "none"]), "drop")
    assert (poor["exact"], poor["success"]) == (0.0, pytest.approx(2 / 3))
    assert poor["f1"] == pytest.approx((2 / 3) / 3)  # cat of "small cat" against "cat"
    one = task("timeomni1_drop", tmp_path)
    assert one.reward(one.rows("test")[1], ANSWER.format("a small cat")) == {"score": 2 / 3, "f1": 2 / 3}
