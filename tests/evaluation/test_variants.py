"""The same questions in other ways: a model that reads what is shown scores by it, and one that guesses does not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from toy_task import SETTINGS, Sums

from src.errors import ConfigError
from src.evaluation import EvaluationSettings, evaluate
from src.evaluation.variants import check_variants, varied, with_variants
from src.tasks.asking import Completion, Request
from src.tasks.row import Row
from src.tasks.scores import ByQuestion, Group, Metric, Scores
from src.tasks.task import Answer

HIDDEN = {**SETTINGS, "task": f"{__name__}.Hidden", "hide": False}


class Hidden(Sums):
    """Sums that can be asked without their numbers."""

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        return {"blind": {"hide": True}}

    def rows(self, split: str) -> Sequence[Row]:
        rows = super().rows(split)
        if self.settings["hide"]:
            for row in rows:
                row.messages[0]["content"] = "?"
        return rows

    def score(self, rows: Sequence[Row], answers: Sequence[Answer], seed: int = 0) -> Scores:
        values = [float(answer.value == row.truth) for row, answer in zip(rows, answers, strict=True)]
        known = ByQuestion([str(row.index) for row in rows], [row.index for row in rows], values)
        group = Group("acc", {"acc": Metric(sum(values) / len(values))}, {}, len(rows), len(rows), 0, by_question=known)
        return Scores({"all": group})


def reader(request: Request) -> str:
    """Adds what it sees; it says 0 where it sees nothing."""
    content = request.messages[0]["content"]
    return "0" if content == "?" else str(2 * int(content.split()[0]))


def result(model_folder: Callable[..., Path], variants: list[str], **changes: Any) -> tuple[dict[str, Any], list[int]]:
    """The result, and how many requests each call of the one generator had."""
    calls: list[int] = []

    class Generator:
        seconds, prompt_tokens, tokens = 1.0, 1, 1

        def generate(self, requests: Sequence[Request]) -> list[Completion]:
            calls.append(len(requests))
            return [Completion(reader(request), 1) for request in requests]

    @contextmanager
    def opener(model: str, settings: Any, requests: Sequence[Request], turns: int) -> Iterator[Generator]:
        assert len(requests) == 5 * (1 + len(variants)), "the longest prompt may be a variant's"
        yield Generator()

    model = str(model_folder("tokenizer.json", "model.safetensors"))
    settings = EvaluationSettings(runs=1, variants=variants)
    return evaluate(model, {**HIDDEN, **changes}, settings, log=lambda line: None, opener=opener), calls


def test_what_a_model_reaches_without_a_part_of_the_question_stands_beside_it(model_folder) -> None:
    found, calls = result(model_folder, ["blind"])
    group = found["groups"]["all"]
    assert calls == [5, 5]
    assert group["metrics"]["acc"]["value"] == 1.0
    assert group["variants"]["blind"]["metrics"]["acc"]["value"] == 0.2  # 0 + 0 is 0, and no other sum
    assert group["variants"]["blind"]["by_question"]["values"] == [1.0, 0.0, 0.0, 0.0, 0.0]
    (less,) = group["differences"]
    assert (less["to"], less["kind"], less["difference"], less["items"]) == ("blind", "variant", 0.8, 5)
    assert found["settings"]["variants"] == ["blind"]


def test_without_variants_there_are_none(model_folder) -> None:
    found, calls = result(model_folder, [])
    group = found["groups"]["all"]
    assert (calls, group["variants"], group["differences"]) == ([5], {}, [])


def test_a_variant_that_the_task_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"evaluation.variants=deaf is no variant of .* settings: choose of blind"):
        check_variants(Hidden(HIDDEN), ["blind", "deaf"])
    with pytest.raises(ConfigError, match=r"evaluation.variants=blind is no variant of .* settings: set it to \[\]"):
        check_variants(Sums(SETTINGS), ["blind"])
    check_variants(Sums(SETTINGS), [])


def test_a_variant_changes_no_more_than_its_settings() -> None:
    one = varied(Hidden(HIDDEN), "blind")
    assert one.settings == {**HIDDEN, "hide": True}
    assert [row.truth for row in one.rows("test")] == [row.truth for row in Hidden(HIDDEN).rows("test")]


def test_what_is_not_known_question_by_question_has_a_value_and_no_difference() -> None:
    group = Group("acc", {"acc": Metric(0.5)}, {}, 4, 4, 1).as_dict()
    found = with_variants({"all": group}, {"blind": Scores({"all": Group("acc", {"acc": Metric(0.25)}, {}, 4, 4, 2)})})
    assert found["all"]["differences"] == []
    blind = found["all"]["variants"]["blind"]
    assert (blind["metrics"]["acc"]["value"], blind["answers"], blind["failed"]) == (0.25, 4, 2)
