"""The live page: what follows of a run that is being written, the server, and both in a real browser."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from src.record.reading import load_run
from src.report.live.follow import Follower, run_state
from src.report.live.server import LiveServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]


def append(run: Path, text: str) -> None:
    with (run / "metrics.jsonl").open("a") as file:
        file.write(text)


def line(step: int, **metrics: float) -> str:
    named = {name.replace("__", "/"): value for name, value in metrics.items()}
    return json.dumps({"stage": "rl", "step": step, "time": 1.7e9 + 28 * step + 0.4, **named}) + "\n"


def set_states(run: Path, state: str) -> None:
    meta = json.loads((run / "run.json").read_text())
    meta["stages"][-1]["state"] = state
    part = run / ".part"
    part.write_text(json.dumps(meta))
    part.replace(run / "run.json")


@pytest.fixture
def running(make_run) -> Path:
    """A run of which stage rl is going on."""
    run = make_run(steps=10, validate_every=5)
    set_states(run, "running")
    (run / "phase.json").write_text(json.dumps({"stage": "rl", "phase": "step 11, rollouts", "time": time.time()}))
    return run


@pytest.fixture
def ask(running: Path) -> Callable[[], dict]:
    """Return a function that asks for updates as a page does, each time from where the last answer ended."""
    follower = Follower(running)
    page = follower.page()
    data = json.loads(page[page.index('id="data">') + 10 :].split("</script>")[0])
    position = {name: data["live"][name] for name in ("generation", "offset", "turn", "layout")}

    def ask_() -> dict:
        update = follower.updates(**position)
        if not update["restarted"]:
            position.update({name: update[name] for name in position})
        return update

    return ask_


def test_nothing_new_is_nothing_sent(ask) -> None:
    update = ask()
    assert (update["lines"], update["samples"], update["charts"]) == ([], [], None)
    assert (update["state"], update["words"]) == ("running", "Running rl: step 11, rollouts")


def test_appended_lines_are_sent_once(ask, running: Path) -> None:
    append(running, line(11, reward__mean=0.5) + line(12, reward__mean=float("nan")))
    assert [(row["step"], row["time"]) for row in ask()["lines"]] == [(11, 1_700_000_308), (12, 1_700_000_336)]
    assert ask()["lines"] == []


def test_a_line_counts_when_it_has_ended(ask, running: Path) -> None:
    whole = line(11, reward__mean=0.5)
    append(running, whole[:25])
    update = ask()
    assert update["lines"] == []
    assert "torn" not in update["parts"]["notes"]
    append(running, whole[25:])
    assert [row["reward/mean"] for row in ask()["lines"]] == [0.5]


def test_broken_lines_are_noted_and_passed_over(ask, running: Path) -> None:
    append(running, "no json\n[1]\n" + line(11, reward__mean=0.5))
    update = ask()
    assert [row["step"] for row in update["lines"]] == [11]
    assert "2 line(s) of metrics.jsonl are not JSON objects" in update["parts"]["notes"]


def test_a_new_metric_makes_a_new_panel(ask, running: Path) -> None:
    append(running, line(11, reward__novelty__mean=0.1))
    update = ask()
    assert any(one["series"][0]["metric"] == "reward/novelty/mean" for one in update["charts"])
    assert "Reward term: novelty" in update["parts"]["curves"]
    assert ask()["charts"] is None


def test_new_and_growing_sample_files_are_sent(ask, running: Path) -> None:
    lines = (running / "samples" / "rl_10.jsonl").read_text().splitlines(keepends=True)
    new = running / "samples" / "rl_11.jsonl"
    new.write_text("".join(lines[:3]) + lines[3][:50])
    (batch,) = ask()["samples"]
    assert (batch["stage"], batch["step"], len(batch["samples"])) == ("rl", 11, 3)
    new.write_text("".join(lines[:5]))
    (batch,) = ask()["samples"]
    assert len(batch["samples"]) == 5
    assert ask()["samples"] == []


def test_another_run_in_the_folder_loads_the_page_again(ask, running: Path) -> None:
    (running / "metrics.jsonl").rename(running / "old.jsonl")
    append(running, line(1, reward__mean=0.5))
    assert ask() == {"restarted": True}


def test_states_in_words(running: Path) -> None:
    def state(now: float = 0.0) -> tuple[str, str]:
        return run_state(load_run(running), time.time() + now)

    assert state() == ("running", "Running rl: step 11, rollouts")
    assert state(3600) == ("stale", "No sign of life for 1 h 0 min: the run may have been killed")
    set_states(running, "failed")
    assert state(3600) == ("failed", "The run has ended, stage rl: failed")
    set_states(running, "done")
    assert state(3600) == ("done", "Done")


@pytest.fixture
def server(running: Path) -> Iterator[LiveServer]:
    with LiveServer(running) as live:
        threading.Thread(target=live.serve_forever, daemon=True).start()
        yield live
        live.shutdown()


def get(server: LiveServer, path: str, host: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_only_the_page_is_served(server: LiveServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert get(server, "/")[0] == 200
    assert get(server, "/run.json")[0] == 404
    assert get(server, "/../run.json")[0] == 404
    assert get(server, "/updates?offset=x") == (400, "generation, offset and turn must be numbers")
    assert get(server, "/", host="elsewhere.example:80")[0] == 403


def test_a_run_that_was_moved_away_is_said(server: LiveServer, running: Path) -> None:
    running.rename(running.with_name("moved"))
    status, text = get(server, "/updates?generation=0&offset=0&turn=0")
    assert status == 503
    assert "is not a folder" in text


def test_the_live_page_is_the_report_with_one_more_script(running: Path) -> None:
    page = Follower(running).page()
    assert "connect-src 'self'" in page
    assert page.count("fetch(") == 1


def test_the_page_follows_the_run(server: LiveServer, running: Path, open_page) -> None:
    tab = open_page(f"{server.url}#find=reward", height=2000)
    last = "document.querySelector(\"figure[data-chart='0'] .last\").textContent"
    tab.wait("document.getElementById('live').textContent === 'Running rl: step 11, rollouts'")
    before = tab.value(last)
    append(running, line(11, reward__mean=7.25)[:-5])
    append(running, line(11, reward__mean=7.25)[-5:])
    tab.wait(f"{last} === '7.25'")
    assert before != "7.25"
    ticks = "[...document.querySelectorAll(\"figure[data-chart='0'] text.tick\")].map(one => one.textContent)"
    assert "10" in tab.value(ticks)

    append(running, line(12, reward__novelty__mean=0.1))
    tab.wait("[...document.querySelectorAll('h3')].some(one => one.textContent === 'Reward term: novelty')")
    assert tab.value("document.getElementById('find').value") == "reward"

    samples = (running / "samples" / "rl_10.jsonl").read_text()
    (running / "samples" / "rl_12.jsonl").write_text(samples)
    tab.wait("document.querySelector('#sample-controls output').textContent === 'rl step 12'")
    assert len(tab.texts("#sample-list li")) == 16

    set_states(running, "failed")
    tab.wait("document.getElementById('live').className === 'failed'")
    assert tab.texts("#live") == ["The run has ended, stage rl: failed"]


def test_a_run_that_has_only_begun_fills_its_page(make_run, open_page) -> None:
    run = make_run(steps=4)
    set_states(run, "running")
    metrics, samples = (run / "metrics.jsonl").read_text(), sorted((run / "samples").iterdir())
    (run / "metrics.jsonl").unlink()
    kept = {path: path.read_text() for path in samples}
    for path in samples:
        path.unlink()
    with LiveServer(run) as live:
        threading.Thread(target=live.serve_forever, daemon=True).start()
        tab = open_page(live.url)
        assert tab.texts("figure.panel") == []
        (run / "metrics.jsonl").write_text(metrics)
        for path, text in kept.items():
            path.write_text(text)
        tab.wait("document.querySelectorAll('figure.panel path.curve').length > 0")
        tab.wait("document.querySelectorAll('#sample-list li').length > 0")
        assert "There is no metrics.jsonl" not in tab.texts("main")[0]
        live.shutdown()


def start(*arguments: str) -> subprocess.Popen[str]:
    call = [sys.executable, "-m", "src.report", *arguments]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def test_the_command_prints_its_address_and_ends_on_ctrl_c(running: Path) -> None:
    process = start(str(running), "--live")
    assert process.stdout
    address = process.stdout.readline()
    assert address.startswith("http://127.0.0.1:")
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_a_port_in_use_is_one_message(running: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start(str(running), "--live", "--port", str(port))
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (2, "")
    assert errors == (
        f"error: port {port} of 127.0.0.1 cannot be used (Address already in use): "
        "give another --port, or leave it out for a free one\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--live", "--port", "70000"], "--port 70000: a port is a number up to 65535"),
        (["--port", "8000"], "--port is for the live page: give --live too"),
    ],
)
def test_a_port_that_is_none_is_one_message(running: Path, arguments: list[str], message: str) -> None:
    process = start(str(running), *arguments)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert message in errors
    assert "Traceback" not in errors


def test_a_folder_that_is_no_run_has_no_live_page(tmp_path: Path) -> None:
    process = start(str(tmp_path), "--live")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "is not a run: it has no run.json" in errors
