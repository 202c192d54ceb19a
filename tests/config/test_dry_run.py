"""The command line without training: the dry run, and errors that are the user's."""

import re
import subprocess
from collections.abc import Callable

import pytest

Python = Callable[..., subprocess.CompletedProcess[str]]
LAUNCH = ("-m", "src.launch", "+recipe=time_r1", "scale=smoke", "runtime=cpu")


@pytest.fixture(scope="module")
def shown(python: Python) -> subprocess.CompletedProcess[str]:
    return python("-X", "importtime", *LAUNCH, "launch.dry_run=true", "data.train_batch_size=8", "seed=5")


def _part(text: str, title: str) -> str:
    """What stands between a title and the next one."""
    return text.split(f"# {title}\n", 1)[1].split("\n# ", 1)[0]


def test_the_dry_run_ends_well(shown: subprocess.CompletedProcess[str]) -> None:
    assert shown.returncode == 0
    assert [line for line in shown.stdout.splitlines() if line.startswith("# ")] == [
        "# the project's own settings",
        "# stage sft: veRL's sft trainer, resolved",
        "# stage sft: what differs from veRL's defaults",
        "# stage rl: veRL's ppo trainer, resolved",
        "# stage rl: what differs from veRL's defaults",
    ]


def test_the_dry_run_shows_each_stages_config(shown: subprocess.CompletedProcess[str]) -> None:
    own = _part(shown.stdout, "the project's own settings")
    assert "recipe: time_r1\n" in own
    assert "seed: 5\n" in own
    sft = _part(shown.stdout, "stage sft: veRL's sft trainer, resolved")
    assert re.search(r"^trainer:\n(  .*\n)*  seed: 5\n", sft, re.M)
    rl = _part(shown.stdout, "stage rl: veRL's ppo trainer, resolved")
    assert re.search(r"^data:\n(  .*\n)*  train_batch_size: 8\n", rl, re.M)


def test_the_dry_run_shows_what_differs(shown: subprocess.CompletedProcess[str]) -> None:
    sft = _part(shown.stdout, "stage sft: what differs from veRL's defaults").splitlines()
    assert "  optim.lr: 0.001 -> 0.002" in sft
    assert "  trainer.device: cuda -> cpu" in sft
    rl = _part(shown.stdout, "stage rl: what differs from veRL's defaults").splitlines()
    assert "  data.train_batch_size: 1024 -> 8" in rl
    assert "  algorithm.adv_estimator: gae -> grpo" in rl
    assert "  trainer.v1.sampler.sampler_kwargs.algorithm.settings.keep: (absent) -> 2" in rl
    assert not any(line.startswith("  trainer.balance_batch:") for line in rl)  # at its default


def test_the_dry_run_imports_neither_torch_nor_verl(shown: subprocess.CompletedProcess[str]) -> None:
    imported = {
        line.rpartition("|")[2].strip() for line in shown.stderr.splitlines() if line.startswith("import time:")
    }
    assert "omegaconf" in imported
    assert {"torch", "verl", "ray", "transformers", "vllm"} & imported == set()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("+recipe=time_r2",), "error: unknown recipe 'time_r2'; choose one of: "),
        (("+recipe=time_r1", "scale=smoke", "scale=demo"), "error: scale= is given twice: smoke and demo; "),
    ],
)
def test_a_wrong_layer_is_one_line_and_code_2(python: Python, arguments: tuple[str, ...], message: str) -> None:
    done = python("-m", "src.launch", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_an_impossible_run_is_one_line_and_code_2(python: Python) -> None:
    done = python(*LAUNCH, "algorithm.grip.keep=9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: algorithm.grip.keep=9 is more than the 4 rollouts")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("dataset=csv dataset.path=no.csv dataset.target=v", "no.csv is not a file: check the path"),
        ("dataset.horizon=-1", "dataset.horizon is -1: set it to at least 1"),
        ("run.from=nothere", "run.from=nothere: there is no run in nothere or outputs/nothere; "),
        ("model=path model.path=./none", "model.path=./none: there is no such folder"),
        ("run.name=a/b", "run.name='a/b': use letters, "),
    ],
)
def test_what_is_not_there_is_found_before_anything_starts(python: Python, argument: str, message: str) -> None:
    done = python(*LAUNCH, "launch.dry_run=true", *argument.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1


def test_an_unknown_key_is_named(python: Python) -> None:
    done = python(*LAUNCH, "data.batch=9")
    assert done.returncode == 1
    assert "Key 'batch' is not in struct" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sweep_starts_though_its_option_stands_first(python: Python) -> None:
    done = python(*LAUNCH[:2], "-m", *LAUNCH[2:], "launch.dry_run=true", "stages=[sft]", "seed=7,8")
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^seed-(\d) ", done.stdout, re.M) == ["7", "8"]


def test_the_dry_run_shows_what_a_stage_has_of_its_own(python: Python) -> None:
    done = python(
        *LAUNCH, "launch.dry_run=true", "stages=[sft,more]", "stage.more.kind=rl", "stage.more.reference=first",
        "stage.more.dataset=etth1", "stage.more.dataset.horizon=24", "stage.more.algorithm=grpo",
        "stage.more.reward=time_r1_paper", "launch.download=true",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    own = _part(done.stdout, "stage more: its own dataset")
    assert "  name: etth1\n" in own and "  horizon: 24\n" in own
    assert "# stage more: KL is measured from the model that the run's first stage starts from\n" in done.stdout
    assert "# stage sft: its own dataset" not in done.stdout
    config = _part(done.stdout, "stage more: veRL's ppo trainer, resolved")
    assert re.search(r"^ +preset: paper$", config, re.M) and re.search(r"^ +name: grpo$", config, re.M)


def test_a_misspelt_key_of_a_stage_is_one_line_and_code_2(python: Python) -> None:
    done = python(*LAUNCH, "stage.rl.actor_rollout_ref.rollout.nn=9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: stage.rl.actor_rollout_ref.rollout.nn: there is no such key; "
        "did you mean stage.rl.actor_rollout_ref.rollout.n?\n"
    )
