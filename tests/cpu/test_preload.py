"""The preload server's stand-in for an interpreter behaves as one, with a server that imports next to nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from src.cpu import preload, preload_client
from src.cpu.preload import PreloadServer
from src.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
# Without the heavy imports, and without the state of theirs that a fork resets.
LIGHT_SERVER = """
from src.cpu import preload_server
preload_server.PRELOAD = ("colorsys",)
preload_server._fresh_state = lambda client: None
preload_server.main()
"""
# Takes the server's command line, and is Python for every other.
PROGRAM = """#!/bin/sh
if [ "$2" = src.cpu.preload_server ]; then shift 2; exec "{python}" "{server}" "$@"; fi
exec "{python}" "$@"
"""


class Server:
    """A running server, and commands given to its interpreter."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, code: str = LIGHT_SERVER) -> None:
        server, program = folder / "server.py", folder / "program"
        server.write_text(code)
        program.write_text(PROGRAM.format(python=sys.executable, server=server))
        program.chmod(0o755)
        with monkeypatch.context() as patch:
            patch.setattr(preload.sys, "executable", str(program))
            self.preload = PreloadServer({**os.environ, "PYTHONPATH": str(ROOT)}, folder / "preload.log")

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([str(self.preload.python), *arguments], text=True, **{**pipes, **options})

    def run(self, *arguments: str, text: str | None = None, **options: Any) -> tuple[int, str, str]:
        """Exit code, output and errors."""
        if text is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*arguments, **options)
        output, errors = process.communicate(text, timeout=120)
        return process.returncode, output, errors


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        server = Server(tmp_path_factory.mktemp("server"), monkeypatch)
    server.preload.wait_until_ready()
    yield server
    server.preload.stop()


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_code_runs_in_a_fork_of_the_server(server: Server) -> None:
    code = "import os, sys; print(__name__, sys.argv, os.getppid(), 'colorsys' in sys.modules)"
    assert server.run("-c", code, "a", "-b") == (
        0,
        f"__main__ ['-c', 'a', '-b'] {server.preload.pid} True\n",
        "",
    )


def test_options_of_an_interpreter_are_skipped(server: Server) -> None:
    assert server.run("-u", "-X", "faulthandler", "-W", "ignore", "-B", "-c", "print('ran')") == (0, "ran\n", "")


def test_a_module_runs_with_its_arguments_and_standard_input(server: Server) -> None:
    assert server.run("-m", "json.tool", "--compact", text='{"a": [1, 2]}') == (0, '{"a":[1,2]}\n', "")


def test_a_script_runs_with_its_arguments_and_its_folder(server: Server, tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("VALUE = 41\n")
    script = tmp_path / "script.py"
    script.write_text("import sys, neighbour\nprint(__name__, sys.argv, neighbour.VALUE + 1, __file__)\n")
    assert server.run(str(script), "x", "y") == (0, f"__main__ ['{script}', 'x', 'y'] 42 {script}\n", "")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("raise SystemExit", 0),
        ("raise SystemExit(0)", 0),
        ("import sys; sys.exit(7)", 7),
        ("import os; os._exit(9)", 9),
    ],
)
def test_exit_codes(server: Server, code: str, status: int) -> None:
    assert server.run("-c", code) == (status, "", "")


def test_a_message_at_the_exit_goes_to_the_errors(server: Server) -> None:
    assert server.run("-c", "import sys; sys.exit('no such file')") == (1, "", "no such file\n")


def test_an_exception_is_traced(server: Server) -> None:
    status, output, errors = server.run("-c", "print('before'); raise ValueError('wrong')")
    assert (status, output) == (1, "before\n")
    assert errors.startswith("Traceback (most recent call last):\n")
    assert errors.endswith("\nValueError: wrong\n")


def test_a_signal_shows_in_the_exit_code(server: Server) -> None:
    status, _, _ = server.run("-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert status == 128 + signal.SIGKILL


def test_exit_functions_run(server: Server) -> None:
    code = "import atexit; atexit.register(print, 'at the end'); print('first')"
    assert server.run("-c", code) == (0, "first\nat the end\n", "")


def test_environment_and_folder_are_the_callers(server: Server, tmp_path: Path) -> None:
    code = "import os; print(os.environ['MARK'], 'HOME' in os.environ, os.getcwd())"
    environment = {"MARK": "mine", "PATH": os.environ["PATH"]}
    assert server.run("-c", code, env=environment, cwd=tmp_path) == (0, f"mine False {tmp_path}\n", "")


def test_modules_are_looked_for_where_the_callers_environment_says(server: Server, tmp_path: Path) -> None:
    (tmp_path / "only_here.py").write_text("VALUE = 7\n")
    code = "import only_here; print(only_here.VALUE)"
    assert server.run("-c", code, env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}) == (0, "7\n", "")
    assert server.run("-c", code)[0] == 1


def test_two_processes_do_not_share_what_they_change(server: Server) -> None:
    code = "import colorsys; print(hasattr(colorsys, 'mark')); colorsys.mark = 1"
    assert [server.run("-c", code)[1] for _ in range(2)] == ["False\n", "False\n"]


def test_an_inherited_pipe_keeps_its_number_and_ends_with_the_process(server: Server) -> None:
    read, write = os.pipe()
    process = server.start("-c", f"import os; os.write({write}, b'through the pipe')", pass_fds=[write])
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"through the pipe"  # up to the end of the file, so nobody else holds the pipe
    assert process.wait(timeout=120) == 0
    process.communicate()


def test_the_fork_has_no_file_but_those_it_was_given(server: Server) -> None:
    code = "import os; print(sorted(int(fd) for fd in os.listdir('/proc/self/fd'))[:-1])"  # the last is the listing's
    assert server.run("-c", code) == (0, "[0, 1, 2]\n", "")


def test_many_processes_at_once_get_their_own_answers(server: Server) -> None:
    processes = [server.start("-c", f"print({number}); raise SystemExit({number})") for number in range(8)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [(int(output), process.returncode) for output, process in zip(outputs, processes, strict=True)] == [
        (number, number) for number in range(8)
    ]


SLEEP = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_client_takes_its_process_along(server: Server, number: signal.Signals) -> None:
    process = server.start("-c", SLEEP)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    assert pid != process.pid
    process.send_signal(number)
    _wait(lambda: _gone(pid), "the fork ends")
    assert process.wait(timeout=120) == -number
    process.communicate()


def test_stopping_the_server_ends_its_forks_and_cleans_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(tmp_path, monkeypatch)
    server.preload.wait_until_ready()
    process = server.start("-c", SLEEP)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    folder = server.preload.python.parent
    server.preload.stop()
    _wait(lambda: _gone(pid), "the fork ends")
    assert process.wait(timeout=120) == 1
    process.communicate()
    assert not folder.exists()


def test_the_server_ends_with_its_launcher(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(LIGHT_SERVER)
    launcher = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            "server = subprocess.Popen([sys.executable, *sys.argv[1:]])\n"
            "print(server.pid, flush=True)\n"
            "time.sleep(600)\n",
            str(tmp_path / "server.py"),
            str(tmp_path / "socket"),
            "python",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    pid = int(launcher.stdout.readline())
    _wait((tmp_path / "socket").exists, "the server is ready")
    launcher.kill()
    launcher.communicate()
    _wait(lambda: _gone(pid), "the server ends")


# In a fork of a server: a server of its own, which must be a fork again.
SECOND_SERVER = """
import colorsys, os, subprocess, sys
from pathlib import Path
from src.cpu import preload, preload_server

preload_server.PRELOAD = ("colorsys",)
preload_server._fresh_state = lambda client: None
colorsys.mark = "of the first fork"
server = preload.PreloadServer({**os.environ, "MARK": "server"}, Path(sys.argv[1]))
server.wait_until_ready()
code = (
    "import colorsys, gc, os; print(colorsys.mark, os.getppid(), gc.isenabled(), os.environ['MARK'], "
    "sorted(map(int, os.listdir('/proc/self/fd')))[:-1])"
)
print(server.pid, os.getpid(), os.getppid(), flush=True)
subprocess.run([server.python, "-c", code], env={**os.environ, "MARK": "own"})
code = "import time; print('here', flush=True); time.sleep(600)"
sleeping = subprocess.Popen([server.python, "-c", code], stdout=subprocess.PIPE)
sleeping.stdout.readline()
sleeping.kill()  # the answer to this client is a broken pipe
sleeping.wait()
subprocess.run([server.python, "-c", "import os; print(os.getppid())"])
server.stop()
print(server.python.parent.exists())
"""


def test_a_fork_of_a_server_forks_its_own(server: Server, tmp_path: Path) -> None:
    status, output, errors = server.run("-c", SECOND_SERVER, str(tmp_path / "log"), cwd=ROOT)
    second, first, parent = map(int, output.splitlines()[0].split())
    assert parent == server.preload.pid and second != first
    assert (status, output.splitlines()[1:], errors) == (
        0,
        [f"of the first fork {second} True own [0, 1, 2]", f"{second}", "False"],
        "",
    )
    assert (tmp_path / "log").read_text() == ""


def test_without_a_server_the_client_is_the_ordinary_interpreter(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", preload_client.__file__, sys.executable, str(tmp_path / "no-socket")]
    code = "import os, sys; print(sys.argv, 'psutil' in str(__import__('psutil'))); sys.exit(5)"
    done = subprocess.run([*command, "-c", code, "a"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (5, "['-c', 'a'] True\n")


def test_a_server_that_cannot_import_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = LIGHT_SERVER.replace("colorsys", "no_such_library")
    server = Server(tmp_path, monkeypatch, broken)
    try:
        with pytest.raises(UserError) as error:
            server.preload.wait_until_ready()
    finally:
        server.preload.stop()
    assert str(error.value).startswith(f"the libraries could not be imported; see {tmp_path / 'preload.log'}\n")
    assert str(error.value).endswith("ModuleNotFoundError: No module named 'no_such_library'")
