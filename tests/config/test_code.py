"""Which files a stage is made from, and that their content counts."""

from pathlib import Path
from typing import Any

import pytest

from src.config.code import code_of, with_neighbours
from src.config.stages import build_stages

WORDS = ("+recipe=time_r1", "scale=smoke", "runtime=cpu")


def write(folder: Path, **files: str) -> list[Path]:
    for name, text in files.items():
        file = folder / name.replace("__", "/")
        file = file.with_name(file.name + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return [folder / name for name in files]


def test_the_modules_beside_a_file_belong_to_it(tmp_path: Path) -> None:
    write(
        tmp_path / "mine",
        reward="import near, json, numpy.linalg\nfrom mine import other\nfrom . import sibling\nimport far\n",
        near="def f():\n    from sub.deep import x\n",
        other="import reward\n",
        sibling="",
        sub__deep="from ..near import f\n",
        alone="",
    )
    write(tmp_path, far="")  # not beside it: in the folder above
    found = with_neighbours(tmp_path / "mine" / "reward.py")
    names = ["reward", "near", "other", "sibling", "sub/deep"]
    assert found == [tmp_path / "mine" / f"{name}.py" for name in names]


def test_a_file_that_python_cannot_read_stands_for_itself(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (")
    assert with_neighbours(tmp_path / "broken.py") == [tmp_path / "broken.py"]


@pytest.fixture
def codes(compose_run: Any) -> Any:
    def found(*words: str) -> dict[str, str]:
        *_, rl = build_stages(compose_run(*WORDS, *words))
        return code_of(rl)

    return found


def test_only_rl_stages_and_code_beside_the_projects_own_count(compose_run: Any) -> None:
    sft, rl = build_stages(compose_run(*WORDS))
    assert code_of(sft) == {}
    # The recipe's reward and task; trainer, algorithm and agent loop are of src.
    assert list(code_of(rl)) == ["reward file", "task file"]


def test_the_content_of_what_a_path_or_a_dotted_name_means_counts(
    codes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(
        tmp_path,
        my_reward="def compute_score(**_):\n    return 1\n",
        my_algorithm="from src.algorithms.algorithm import Algorithm\n\n\nclass Mine(Algorithm):\n    pass\n",
        my_trainer="class Mine: ...\n",
        my_loop="class Mine: ...\n",
    )
    (tmp_path / "loops.yaml").write_text("[]")
    agent = "actor_rollout_ref.rollout.agent"
    words = (
        f"reward.custom_reward_function.path={tmp_path / 'my_reward.py'}",
        "algorithm=grpo", "algorithm.path=my_algorithm.Mine", "trainer.v1.trainer_mode=my_trainer.Mine",
        f"{agent}.default_agent_loop=my_loop.Mine", f"{agent}.agent_loop_config_path={tmp_path / 'loops.yaml'}",
    )  # fmt: skip
    before = codes(*words)
    kinds = ["reward", "task", "algorithm", "trainer", "agent loop", "agent loops"]
    assert list(before) == [f"{kind} file" for kind in kinds]
    files = ["my_reward.py", None, "my_algorithm.py", "my_trainer.py", "my_loop.py", "loops.yaml"]
    for kind, name in zip(kinds, files, strict=True):
        if name is None:
            continue
        file, text = tmp_path / name, (tmp_path / name).read_text()
        file.write_text(text + "# edited\n")
        now = codes(*words)
        assert [what for what in before if now[what] != before[what]] == [f"{kind} file"]
        file.write_text(text)
        assert codes(*words) == before
