"""Published test sets from small files of their form, through the evaluation, by the recipe's parser."""

import csv
import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from recipes.timeomni1 import external
from recipes.timeomni1.benchmarks import score_spans
from src.config.group import compose_group
from src.errors import DataError
from src.evaluation.job import evaluate
from src.evaluation.requests import Completion
from src.evaluation.settings import EvaluationSettings
from src.evaluation.table import print_result

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


def quiet(_: str) -> None: ...


def test_the_testbed_is_read_into_questions(folder: Path) -> None:
    questions = external.load_questions(compose("timeomni1_testbed", folder), split="test", log=quiet)
    assert [row["data_source"] for row in questions.rows] == ["scenario", "causality", "forecasting", "decision-ood"]
    truths = [row["reward_model"]["ground_truth"] for row in questions.rows]
    assert truths == ["D", "B", "[8.0, 9.0]", "A"]
    assert [row["extra_info"].get("options") for row in questions.rows] == [4, 3, None, 3]
    assert questions.rows[0]["prompt"][0] == {"role": "system", "content": SYSTEM}
    assert questions.rows[2]["extra_info"]["history"] == [5.0, 6.0, 7.0]


class Fixed:
    """A generator that knows its answers by heart."""

    seconds, prompt_tokens, tokens = 1.0, 10, 20

    def __init__(self, replies: list[str]) -> None:
        self.replies, self.asked = replies, []

    def generate(self, requests: Any) -> list[Completion]:
        self.asked += requests
        return [Completion(reply, 5) for reply in self.replies]


def run(cfg: Any, replies: list[str], model: Path, **settings: Any) -> dict[str, Any]:
    @contextmanager
    def opener(*_: Any) -> Any:
        yield Fixed(replies)

    return evaluate(str(model), cfg, EvaluationSettings(runs=1, **settings), log=quiet, opener=opener)


@pytest.fixture
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("model")
    for name in ("tokenizer.json", "model.safetensors"):
        (found / name).touch()
    (found / "config.json").write_text("{}")
    return found


def test_the_testbed_is_evaluated_by_the_recipes_parser(
    folder: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replies = [ANSWER.format("D"), ANSWER.format("Option B"), ANSWER.format("[8, 11]"), "A"]
    result = run(compose("timeomni1_testbed", folder), replies, model)
    metrics = {name: group["metrics"] for name, group in result["groups"].items()}
    assert metrics["scenario"]["acc"]["value"] == 1.0
    assert (metrics["causality"]["success"]["value"], metrics["causality"]["acc"]["value"]) == (1.0, 0.0)
    assert metrics["forecasting"]["mae"]["value"] == 1.0
    assert result["groups"]["forecasting"]["baselines"]["copy_last"]["mae_all"] == 2.0  # 6, 7 for 8, 9
    assert (metrics["decision-ood"]["success"]["value"], metrics["decision-ood"]["acc"]["value"]) == (0.0, None)
    json.dumps(result, allow_nan=False)
    print_result(result)
    assert "copy last 2" in capsys.readouterr().out


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
        external.load_questions(compose("timeomni1_testbed", folder), split="test", log=quiet)


def test_files_that_are_not_there_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"id_test.json is not there: .*dataset.folder=DIR, or add download=true"):
        external.load_questions(compose("timeomni1_testbed", tmp_path), split="test", log=quiet)
    with pytest.raises(DataError, match=r"gpqa_diamond.csv is not there: name its folder with dataset.folder=DIR$"):
        external.load_questions(compose("timeomni1_gpqa", tmp_path), split="test", log=quiet)
    with pytest.raises(DataError, match="has no split val"):
        external.load_questions(compose("timeomni1_testbed", tmp_path), split="val", log=quiet)
    with pytest.raises(DataError, match=r"holds test questions only: use python -m src.evaluate"):
        external.build(compose("timeomni1_testbed", tmp_path), tmp_path)


def test_gpqa_options_are_permuted_and_the_letter_follows(tmp_path: Path, model: Path) -> None:
    with (tmp_path / "gpqa_diamond.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Question", "Correct Answer", *(f"Incorrect Answer {place}" for place in (1, 2, 3))])
        writer.writerows([f"Why {number}?", "right", "w1", "w2", "w3"] for number in range(12))
    cfg = compose("timeomni1_gpqa", tmp_path)
    rows = external.load_questions(cfg, split="test", log=quiet).rows
    letters = [row["reward_model"]["ground_truth"] for row in rows]
    assert len(set(letters)) > 1
    assert all(f"{letter}) right" in row["prompt"][1]["content"] for letter, row in zip(letters, rows, strict=True))
    result = run(cfg, [ANSWER.format(letter) for letter in letters], model)
    assert result["groups"]["gpqa"]["metrics"]["acc_all"]["value"] == 1.0


def test_a_right_option_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    fields = ["Question", "Correct Answer", *(f"Incorrect Answer {place}" for place in (1, 2, 3))]
    (tmp_path / "gpqa_diamond.csv").write_text("\n".join([",".join(fields), "Why?,yes,no,yes,maybe"]) + "\n")
    with pytest.raises(DataError, match="question 1: the option 'yes' is there twice, so that no letter is right"):
        external.load_questions(compose("timeomni1_gpqa", tmp_path), split="test", log=quiet)


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
        external.load_questions(compose("timeomni1_drop", tmp_path), split="test", log=quiet)


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    cfg = compose_group("dataset", "timeomni1_drop", [f"dataset.folder={tmp_path}", "dataset.kind=quiz"])
    with pytest.raises(DataError, match=r"dataset\.kind is 'quiz': set it to one of testbed, gpqa, reclor, drop"):
        external.load_questions(cfg, split="test", log=quiet)


def test_a_task_that_is_not_ours_is_a_group_of_its_own(folder: Path, model: Path) -> None:
    (folder / "ood_test.json").write_text(json.dumps([{**OOD[0], "task_type": "Captioning"}]))
    replies = [ANSWER.format("D"), ANSWER.format("B"), ANSWER.format("[8, 9]"), ANSWER.format("A")]
    result = run(compose("timeomni1_testbed", folder), replies, model)
    assert result["groups"]["captioning-ood"]["metrics"]["acc"]["value"] == 1.0


def test_an_answer_of_a_million_numbers_is_no_answer(folder: Path, model: Path) -> None:
    million = ANSWER.format("[" + ",".join(["8"] * 1_000_000) + "]")
    groups = run(compose("timeomni1_testbed", folder), [million] * 4, model)["groups"]
    assert {name: group["metrics"]["success"]["value"] for name, group in groups.items()} == dict.fromkeys(groups, 0.0)
    assert groups["forecasting"]["metrics"]["mae_all"]["value"] == 8.5  # a forecast of zeros for 8, 9


def test_reclor(tmp_path: Path) -> None:
    one = {"context": "All x.", "question": "So?", "answers": ["a", "b", "c", "d"], "label": 2, "id_string": "v0"}
    (tmp_path / "val.json").write_text(json.dumps([one]))
    rows = external.load_questions(compose("timeomni1_reclor", tmp_path), split="test", log=quiet).rows
    assert rows[0]["reward_model"]["ground_truth"] == "C" and "C) c" in rows[0]["prompt"][1]["content"]
    (tmp_path / "val.json").write_text(json.dumps([{**one, "label": 4}]))
    with pytest.raises(DataError, match="label 4 is none of its answers"):
        external.load_questions(compose("timeomni1_reclor", tmp_path), split="test", log=quiet)


def test_drop(tmp_path: Path) -> None:
    pairs = [
        {"question": "How many?", "answer": {"number": "12", "date": {}, "spans": []}},
        {"question": "Who?", "answer": {"number": "", "date": {}, "spans": ["The Big Cat"]},
         "validated_answers": [{"number": "", "date": {}, "spans": ["cat"]}]},
        {"question": "On?", "answer": {"number": "", "date": {"day": "3", "month": "May", "year": "90"}, "spans": []}},
    ]  # fmt: skip
    (tmp_path / "drop_dataset_dev.json").write_text(json.dumps({"p": {"passage": "Text.", "qa_pairs": pairs}}))
    rows = external.load_questions(compose("timeomni1_drop", tmp_path), split="test", log=quiet).rows
    right = [ANSWER.format(text) for text in ("12.0", "big cat.", "3 May 90")]
    group = score_spans(rows, right)["drop"]
    assert {name: value for name, (value, _) in group.metrics.items()} == {"success": 1.0, "exact": 1.0, "f1": 1.0}
    poor = score_spans(rows, [ANSWER.format("13"), ANSWER.format("a small cat"), "none"])["drop"].metrics
    assert (poor["exact"][0], poor["success"][0]) == (0.0, pytest.approx(2 / 3))
    assert poor["f1"][0] == pytest.approx((2 / 3) / 3)  # cat of "small cat" against "cat"
