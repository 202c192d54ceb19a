"""The checked adapter: what a function is given, what it owes, and the sentence when it does not give it."""

import asyncio
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from toy_task import SETTINGS, Sums

from src.errors import ConfigError
from src.rewards.adapter import PROBLEM, Reward, RewardError, compute_score
from src.tasks.row import Row


def verls(*args: Any, **kwargs: Any) -> dict[str, Any]:
    """What veRL's reward loop gets, which waits for it."""
    return asyncio.run(compute_score(*args, **kwargs))


ROW = Row("etth1", "", "train", 12, [], [1.5, 2.5], {"history": [1.0, 0.1]})


def reward(tmp_path: Path, body: str, **settings: Any) -> Reward:
    """The reward in a file of its own whose function has this body."""
    file = tmp_path / "mine.py"
    lines = ["import math", "import numpy as np", "", "", "def compute_score(solution_str, **more):"]
    file.write_text("\n".join([*lines, *(f"    {line}" for line in body.splitlines())]) + "\n")
    return Reward(None, {"path": str(file), "name": "compute_score", "reward_kwargs": settings})


def test_a_function_is_given_plain_python_and_its_settings(tmp_path: Path) -> None:
    given = reward(
        tmp_path,
        "assert more == {'data_source': 'etth1', 'ground_truth': [1.5, 2.5], 'scale': 2, 'judge': 'at:1',\n"
        "    'extra_info': {'num_turns': 3, 'history': [1.0, 0.1], 'index': 12, 'split': 'train', 'task': ''}}\n"
        "return {'score': 1, 'length': len(solution_str)}",
        scale=2,
    )
    assert given(ROW, "four", extra={"num_turns": 3, "split": "no"}, judge="at:1") == {"score": 1.0, "length": 4.0}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("1", 1.0), ("True", 1.0), ("0.1", 0.1), ("np.float32(0.5)", 0.5), ("np.int64(3)", 3.0), 
        ("np.bool_(True)", 1.0), ("np.float64(0.1)", 0.1),
    ],
)  # fmt: skip
def test_numbers_and_booleans_of_python_and_numpy_are_numbers(tmp_path: Path, value: str, number: float) -> None:
    terms = reward(tmp_path, f"return {{'score': {value}}}")(ROW, "")
    assert terms == {"score": number}
    assert type(terms["score"]) is float
    assert reward(tmp_path, f"return {value}")(ROW, "") == {"score": number}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("'high'", "the term 'part' is 'high', which is no number"),
        ("None", "the term 'part' is None, which is no number"),
        ("[1.0]", "the term 'part' is [1.0], which is no number"),
        ("np.ones(1)", "the term 'part' is array([1.]), which is no number"),
        ("1j", "the term 'part' is 1j, which is no number"),
        ("math.nan", "the term 'part' is nan, which is not finite"),
        ("np.inf", "the term 'part' is inf, which is not finite"),
        ("10 ** 400", "which is not finite"),
    ],
)
def test_a_term_that_is_no_finite_number_is_named(tmp_path: Path, value: str, says: str) -> None:
    with pytest.raises(RewardError) as error:
        reward(tmp_path, f"return {{'score': 1.0, 'part': {value}}}")(ROW, "")
    message = str(error.value)
    assert says in message
    assert f"compute_score of {tmp_path / 'mine.py'}" in message
    assert "row 12 of etth1, train" in message
    assert "\n" not in message
    assert len(message) < 700


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{}", "there is no 'score' among no terms"),
        ("{'part': 1.0}", "there is no 'score' among part"),
        ("None", "the term 'score' is None, which is no number"),
        ("(1.0, 2.0)", "the term 'score' is (1.0, 2.0), which is no number"),
    ],
)
def test_a_reward_without_a_score_is_named(tmp_path: Path, given: str, says: str) -> None:
    with pytest.raises(RewardError, match="gave no reward for row 12") as error:
        reward(tmp_path, f"return {given}")(ROW, "")
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("first", "says"),
    [
        ("", "it has the term 'late', and line 1 has not; give the same terms for every answer"),
        ("late", "it lacks the term 'late', and line 1 has it; give the same terms for every answer"),
    ],
)
def test_terms_that_come_and_go_are_named(tmp_path: Path, first: str, says: str) -> None:
    one = reward(tmp_path, "return {'score': 1.0, **({'late': 0.0} if 'late' in solution_str else {})}")
    assert one(ROW, first, place="line 1")["score"] == 1.0
    with pytest.raises(RewardError, match="gave no reward for line 2") as error:
        one(ROW, "late" if not first else "", place="line 2")
    assert says in str(error.value)


def test_an_exception_is_named_with_the_line_of_the_users_file(tmp_path: Path) -> None:
    with pytest.raises(RewardError) as error:
        reward(tmp_path, "values = []\nreturn {'score': json_of(values)}\n")(ROW, "")
    assert str(error.value) == (
        f"the reward compute_score of {tmp_path / 'mine.py'} failed on row 12 of etth1, train: "
        f"NameError: name 'json_of' is not defined ({tmp_path / 'mine.py'}, line 7)"
    )
    with pytest.raises(RewardError, match=r"JSONDecodeError: .* \(.*mine\.py, line 7\)"):
        reward(tmp_path, "import json\nreturn json.loads('{')")(ROW, "")  # raised deeper, called from line 7


JUDGE = """\
import asyncio, sys

ASKED = asyncio.Semaphore(1)  # of one loop, as a client is


async def compute_score(solution_str, **_):
    async with ASKED:
        await asyncio.sleep(0.01)
    if solution_str == "leave":
        sys.exit("no more")
    return {"score": 1 / len(solution_str)}
"""


def judge(tmp_path: Path) -> Reward:
    file = tmp_path / "judge.py"
    file.write_text(JUDGE)
    return Reward(None, {"path": f"file://{file}", "name": "compute_score"})


def test_a_function_that_waits_is_waited_for_many_answers_at_a_time(tmp_path: Path) -> None:
    one = judge(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda n: one(ROW, "x" * n), [1, 2, 4] * 5)) == [
            {"score": score} for score in [1.0, 0.5, 0.25] * 5
        ]


def test_what_an_asynchronous_function_raises_is_named_and_the_next_answer_is_scored(tmp_path: Path) -> None:
    one = judge(tmp_path)
    with pytest.raises(RewardError, match=r"failed on row 12 .* ZeroDivisionError: division by zero .*judge.py, line"):
        one(ROW, "")
    with pytest.raises(RewardError, match="SystemExit: no more"):
        one(ROW, "leave")
    assert one(ROW, "four") == {"score": 0.25}


@pytest.mark.parametrize("raised", ["sys.exit(3)", "raise GeneratorExit('no')", "raise DataError('no')"])
def test_whatever_a_function_raises_is_named(tmp_path: Path, raised: str) -> None:
    one = reward(tmp_path, f"import sys\nfrom src.errors import DataError\n{raised}")
    with pytest.raises(RewardError, match=r"failed on row 12 of etth1, train: \w+: (3|no) \(.*mine.py, line 8\)"):
        one(ROW, "")


def test_a_score_that_verl_could_not_hold_is_named(tmp_path: Path) -> None:
    with pytest.raises(RewardError, match=r"the term 'score' is 1e\+39, more than a 32-bit float holds"):
        reward(tmp_path, "return 1e39")(ROW, "")
    assert reward(tmp_path, "return {'score': -3e38, 'other': 1e300}")(ROW, "")["other"] == 1e300


def test_without_a_function_the_reward_is_the_tasks_own() -> None:
    task = Sums(SETTINGS)
    row = task.rows("train")[3]
    assert Reward(task)(row, " 6") == {"score": 1.0, "right": 1.0}
    assert Reward(task, {"path": None, "name": "compute_score"})(row, "7") == {"score": 0.0, "right": 0.0}
    assert Reward(task).name == "Sums.reward"


def test_a_reward_that_cannot_be_found_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"reward\.custom_reward_function: there is no file '/no/such\.py'"):
        Reward(None, {"path": "/no/such.py"})
    with pytest.raises(ConfigError, match="no reward is named"):
        Reward(None)


def test_what_verl_calls_decodes_the_columns_of_a_row() -> None:
    row = Sums(SETTINGS).rows("train")[3]
    columns = row.columns()
    # As veRL hands them over: nodes of a DictConfig, the columns of the parquet file, and more in extra_info.
    config = OmegaConf.create({"dataset": SETTINGS, "function": {"path": None, "name": "compute_score"}})
    kwargs = dict(config)

    def score(response: str) -> dict[str, Any]:
        return verls(
            data_source=columns["data_source"],
            solution_str=response,
            ground_truth=columns["reward_model"]["ground_truth"],
            extra_info={**columns["extra_info"], "num_turns": np.int32(2), "rollout_reward_scores": {}},
            **kwargs,
        )

    assert score("6") == {"score": 1.0, "right": 1.0}
    assert score("no") == {"score": 0.0, "right": 0.0}
    kwargs["begun"] = "1"  # what the chat template has written of the answer
    assert score("2") == {"score": 0.0, "right": 0.0}
    kwargs["begun"] = " "
    assert score("6") == {"score": 1.0, "right": 1.0}
    assert json.loads(columns["reward_model"]["ground_truth"]) == 6


def test_a_failure_is_handed_to_the_replay_buffer_and_its_place_to_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def compute_score(**_):\n    return 1 / 0\n")
    columns = Sums(SETTINGS).rows("val")[2].columns()
    given = verls(
        columns["data_source"],
        "4",
        columns["reward_model"]["ground_truth"],
        columns["extra_info"],
        dataset=SETTINGS,
        function={"path": str(file), "name": "compute_score", "reward_kwargs": {}},
    )
    assert math.isnan(given["score"])
    assert given[PROBLEM] == (
        f"the reward compute_score of {file} failed on row 2 of even, val: ZeroDivisionError: division by zero "
        f"({file}, line 2)"
    )
    assert "return 1 / 0" in capsys.readouterr().err


def test_a_row_that_cannot_be_read_is_a_failure_too(capsys: pytest.CaptureFixture[str]) -> None:
    given = verls("x", "4", "{no json", {"index": 1, "split": "", "task": "", "info": "{}"}, dataset=SETTINGS)
    assert math.isnan(given["score"])
    assert given[PROBLEM].startswith("the reward could not be called: JSONDecodeError: Expecting property name")
    assert "Traceback" in capsys.readouterr().err
