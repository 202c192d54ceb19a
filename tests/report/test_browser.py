"""The page in a real browser: every panel draws, the sample browser fills, and the script is not blocked."""

import json
import re
import subprocess
from pathlib import Path

from src.report import write_report


def dump(browser: str, page: Path, profile: Path, *, height: int = 12_000) -> str:
    """Return the page's elements after its script ran; a high window has everything in view."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom"]
    size, wait = f"--window-size=1400,{height}", "--virtual-time-budget=4000"
    call = [browser, *options, size, wait, f"--user-data-dir={profile}", page.as_uri()]
    return subprocess.run(call, capture_output=True, text=True, timeout=120, check=True).stdout


def test_every_panel_draws_and_samples_are_listed(browser, make_run, tmp_path: Path) -> None:
    html = dump(browser, write_report(make_run()), tmp_path / "profile")
    plots = re.findall(r'<figure class="panel.*?</figure>', html, re.DOTALL)
    assert len(plots) == 27
    for plot in plots:
        assert re.search(r'<path class="(curve|layer) tone-1[^>]* d="M[\d.]+ [\d.]+L', plot), plot[:200]
        assert "NaN" not in plot
    assert html.count('<line class="reference"') == 8  # four baselines for MSE and for MAE
    assert html.count('role="option"') == 16
    assert 'aria-selected="true"' in html
    detail = html[html.index('id="sample-detail"') :]
    assert "The level over the last four days" in detail
    assert 'class="curve tone-truth"' in detail
    assert '<th scope="row">structural</th>' in detail


def test_hostile_text_is_shown_as_text(browser, make_run, tmp_path: Path) -> None:
    run = make_run(steps=4)
    path = run / "samples" / "rl_4.jsonl"
    sample = json.loads(path.read_text().splitlines()[0])
    attack = (
        "<think><img src=x onerror=\"document.title='owned'\"></think><script>document.title='owned'</script>"
    )
    path.write_text(
        json.dumps({**sample, "response": attack, "prediction": [1e9, None, -3.0], "score": None}) + "\n"
    )
    html = dump(browser, write_report(run), tmp_path / "profile")
    assert "<title>time_r1 demo-7</title>" in html
    assert "&lt;img src=x onerror=" in html
    assert "<img" not in html
    assert "The forecast leaves the picture" in html


def test_a_run_with_one_step_draws(browser, make_run, tmp_path: Path) -> None:
    html = dump(browser, write_report(make_run(steps=1)), tmp_path / "profile")
    reward = re.search(r'<figure class="panel wide" data-chart="0">.*?</figure>', html, re.DOTALL)
    assert reward
    assert '<circle class="dot tone-1"' in reward[0]
    assert "NaN" not in html[: html.index('id="data"')]
