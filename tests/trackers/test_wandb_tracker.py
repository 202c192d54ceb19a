"""Weights & Biases: which mode is used, and an offline record that needs no network."""

import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from omegaconf import DictConfig

from src.errors import UserError
from src.record.lines import append_line
from src.record.run import Run
from src.trackers.tracker import Tracking
from src.trackers.wandb_tracker import WandbTracker, axes, wandb_mode

Settings = Callable[..., DictConfig]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and no key in the environment."""
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("setting", "mode"), [("auto", "offline"), ("online", "online"), ("offline", "offline"), ("off", None)]
)
def test_the_mode_without_a_key(home: Path, setting: str, mode: str | None) -> None:
    assert wandb_mode(setting) == mode


@pytest.mark.parametrize(
    ("setting", "mode"), [("auto", "online"), ("online", "online"), ("offline", "offline"), ("off", None)]
)
def test_the_mode_with_a_key_in_the_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch, setting: str, mode: str | None
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    assert wandb_mode(setting) == mode


@pytest.mark.parametrize(("host", "mode"), [("api.wandb.ai", "online"), ("example.org", "offline")])
def test_a_key_in_the_netrc_file_counts(home: Path, monkeypatch: pytest.MonkeyPatch, host: str, mode: str) -> None:
    text = f"machine {host}\n  login user\n  password secret\n"
    (home / ".netrc").write_text(text)
    assert wandb_mode("auto") == mode
    (home / ".netrc").rename(home / "elsewhere")
    assert wandb_mode("auto") == "offline"
    monkeypatch.setenv("NETRC", str(home / "elsewhere"))
    assert wandb_mode("auto") == mode


def test_a_view_without_its_package_is_refused_before_the_run(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cfg = settings("wandb", wandb_view=True)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install 'wandb-workspaces"):
        Tracking(cfg, run)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens where W&B would be looked for."""
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")


INTERRUPTED = """
import sys
from pathlib import Path
from omegaconf import OmegaConf
from src.processes.reaper import adopt_orphans, end_descendants
from src.processes.stopping import Terminated
from src.record.run import Run
from src.trackers.wandb_tracker import WandbTracker
import wandb

def terminate(*_, **__):
    raise Terminated("SIGTERM")

adopt_orphans()
wandb.Run.define_metric = terminate
run = Run(Path(sys.argv[1]))
run.start({"wandb_id": "abcd", "stages": []})
logging = {"wandb": "offline", "wandb_view": False, "project": "p"}
try:
    WandbTracker(OmegaConf.create({"recipe": "r", "logging": logging}), run)
except Terminated as end:
    end_descendants()  # W&B's service among them, where it has not ended yet
    print(end)
"""


def test_a_start_that_is_interrupted_leaves_no_complaint_behind(no_network: None, tmp_path: Path) -> None:
    """W&B's own hook at the exit would look for its service, which the launcher has ended by then."""
    words = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "run")]
    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "SIGTERM\n", "")


def _of(tracking: Tracking) -> WandbTracker:
    (tracker,) = tracking.trackers
    assert isinstance(tracker, WandbTracker)
    return tracker


def test_off_opens_nothing(run: Run, settings: Settings) -> None:
    with Tracking(settings("wandb", wandb="off"), run) as tracking:
        tracking.follow({"stage": "sft", "step": 1, "train/loss": 2.0})
    assert not (run.folder / "wandb").exists()


def _records(file: Path) -> Iterator[bytes]:
    """The records of W&B's file: LevelDB's log format behind a header of 7 bytes."""
    data = file.read_bytes()
    assert data[:4] == b":W&B"
    position, record = 7, b""
    while position + 7 <= len(data):
        if (left := 32768 - position % 32768) < 7:  # a block's end holds no header
            position += left
            continue
        _checksum, size, kind = struct.unpack_from("<IHB", data, position)
        record += data[position + 7 : position + 7 + size]
        position += 7 + size
        if kind in (1, 4):  # whole, or the last part
            yield record
            record = b""


def _written(run: Run) -> list[Any]:
    """What W&B's file of the run holds."""
    from wandb.proto.wandb_internal_pb2 import Record

    identity = run.record["wandb_id"]
    (file,) = run.folder.glob(f"wandb/offline-run-*-{identity}/run-{identity}.wandb")
    return [Record.FromString(data) for data in _records(file)]


def test_an_offline_run_is_written_into_the_runs_folder(run: Run, settings: Settings, no_network: None) -> None:
    lines: list[dict[str, Any]] = [
        {"stage": "sft", "step": 3, "time": 5.0, "train/loss": 2.5, "train/grad_norm": None},
        {"stage": "rl", "step": 1, "time": 6.0, "reward/mean": 0.25},
    ]
    with Tracking(settings("wandb", wandb="offline"), run) as tracking:
        for line in lines:
            tracking.follow(line)
    records = _written(run)
    history = [
        {"/".join(item.nested_key) or item.key: item.value_json for item in record.history.item}
        for record in records
        if record.HasField("history")
    ]
    assert [{key: value for key, value in one.items() if not key.startswith("_")} for one in history] == [
        {"time": "5", "train/loss": "2.5", "stage_step/sft": "3"},
        {"time": "6", "reward/mean": "0.25", "stage_step/rl": "1"},
    ]
    assert [record.exit.exit_code for record in records if record.HasField("exit")] == [0]
    assert [(record.run.project, record.run.display_name) for record in records if record.HasField("run")] == [
        ("test", "r1")
    ]


def test_a_run_that_fails_is_marked_so_and_keeps_its_identity(run: Run, settings: Settings, no_network: None) -> None:
    with pytest.raises(RuntimeError, match="stage"), Tracking(settings("wandb", wandb="offline"), run):
        raise RuntimeError("the stage failed")
    assert run.record["wandb_id"] == "ab12cd34"
    assert [record.exit.exit_code for record in _written(run) if record.HasField("exit")] == [1]


def _steps(run: Run) -> list[tuple[str, float]]:
    """Stage and step of every line that W&B's file of the run holds."""
    found = []
    for record in _written(run):
        if record.HasField("history"):
            values = {"/".join(item.nested_key) or item.key: item.value_json for item in record.history.item}
            found += [(name.split("/")[1], float(value)) for name, value in values.items() if "stage_step" in name]
    return found


def test_a_resume_is_the_same_run_and_holds_the_whole_curve(run: Run, settings: Settings, no_network: None) -> None:
    """W&B starts another folder offline: it gets the record from its beginning, without what was cut from it."""
    for step in (1, 2, 3):
        append_line(run.metrics_file, {"stage": "sft", "step": step, "train/loss": 2.5})
    with Tracking(settings("wandb", wandb="offline"), run):
        pass
    assert _steps(run) == [("sft", 1.0), ("sft", 2.0), ("sft", 3.0)]
    run.metrics_file.write_text("".join(run.metrics_file.read_text().splitlines(keepends=True)[:2]))
    with Tracking(settings("wandb", wandb="offline"), run) as tracking:
        tracking.follow({"stage": "sft", "step": 3, "train/loss": 2.25})
    assert _steps(run) == [("sft", 1.0), ("sft", 2.0), ("sft", 3.0)]
    assert len(list((run.folder / "wandb" / "superseded").glob("offline-run-*-ab12cd34"))) == 1


def test_steps_that_are_known_online_are_not_sent_again(run: Run, settings: Settings) -> None:
    class Online:
        step = 2  # the next one: two lines have arrived
        sent: ClassVar[list[float]] = []

        def log(self, values: dict[str, float]) -> None:
            self.sent.append(values["stage_step/rl"])

    with Tracking(settings("wandb", wandb="off"), run) as tracking:
        wandb = _of(tracking)
        wandb.wandb_run, wandb.known = Online(), Online.step
        for step in (1, 2, 3, 4):
            tracking.follow({"stage": "rl", "step": step, "reward/mean": 0.5})
        wandb.wandb_run = None
    assert Online.sent == [3, 4]


def test_a_dead_service_does_not_end_the_training(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    class Dead:
        calls = 0

        def log(self, values: dict[str, float]) -> None:
            self.calls += 1
            raise ConnectionResetError("Connection lost")

    dead = Dead()
    with Tracking(settings("wandb", wandb="off"), run) as tracking:
        _of(tracking).wandb_run = dead
        for step in (1, 2):
            tracking.follow({"stage": "rl", "step": step, "reward/mean": 0.5})
    assert dead.calls == 1
    assert capsys.readouterr().out == ("Weights & Biases has stopped (Connection lost); the run goes on without it\n")


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (
            [("sft", "sft"), ("rl", "ppo")],
            [("train/*", "stage_step/sft"), ("val/loss", "stage_step/sft"), ("*", "stage_step/rl")],
        ),
        ([("warm_up", "sft")], [("train/*", "stage_step/warm_up"), ("val/loss", "stage_step/warm_up")]),
        ([("perception", "ppo"), ("reasoning", "ppo")], []),  # one curve through both, on W&B's own step
        (
            [("sft", "sft"), ("perception", "ppo"), ("reasoning", "ppo")],
            [("train/*", "stage_step/sft"), ("val/loss", "stage_step/sft")],
        ),
    ],
)
def test_metrics_are_drawn_over_the_steps_of_the_stage_that_records_them(
    stages: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    assert list(axes([{"name": name, "trainer": trainer} for name, trainer in stages])) == expected


def test_the_axes_are_in_wandbs_file(run: Run, settings: Settings, no_network: None) -> None:
    with Tracking(settings("wandb", wandb="offline"), run):
        pass
    records = [record.metric for record in _written(run) if record.HasField("metric")]
    assert [(one.glob_name, one.name, one.step_metric) for one in records] == [
        ("stage_step/*", "", ""),
        ("train/*", "", "stage_step/sft"),
        ("", "val/loss", "stage_step/sft"),
        ("*", "", "stage_step/rl"),
    ]
