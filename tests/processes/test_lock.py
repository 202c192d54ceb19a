"""One launcher per run."""

import subprocess
import sys
from pathlib import Path

import pytest

from src.errors import UserError
from src.processes import lock
from src.processes.lock import sole_launcher

ROOT = Path(__file__).resolve().parents[2]
HOLD = "import sys; from pathlib import Path; from src.processes.lock import sole_launcher\n"


def test_a_second_launcher_is_told_who_holds_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE_S", 0.3)
    code = HOLD + f"with sole_launcher(Path({str(tmp_path)!r})): print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    with pytest.raises(UserError, match=f"carried out by process {other.pid} on "), sole_launcher(tmp_path):
        pass
    other.kill()
    other.wait()
    with sole_launcher(tmp_path):
        pass


def test_whoever_has_the_descriptor_holds_the_run_on(tmp_path: Path) -> None:
    """As the guard does: a new launcher waits until the processes of a killed one have ended."""
    code = HOLD + (
        "import subprocess\n"
        f"with sole_launcher(Path({str(tmp_path)!r})) as held:\n"
        "    print(subprocess.Popen(['sleep', '2'], pass_fds=[held]).pid, flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    child = int(other.stdout.readline())
    other.kill()
    other.wait()
    assert Path(f"/proc/{child}").exists()
    with sole_launcher(tmp_path):
        assert not Path(f"/proc/{child}/exe").exists()


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"choose run\.folder="), sole_launcher(tmp_path / "file" / "run"):
        pass
