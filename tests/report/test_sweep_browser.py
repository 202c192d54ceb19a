"""A sweep's page in a real browser: every chart draws, bands and all, and the script is not blocked."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from sweep_folders import write_sweep

from src.report.sweep_page import write_sweep_report


def dump(browser: str, page: Path, profile: Path) -> str:
    """Return the page's elements after its script ran; a high window has everything in view."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom"]
    size, wait = "--window-size=1400,6000", "--virtual-time-budget=4000"
    call = [browser, *options, size, wait, f"--user-data-dir={profile}", page.as_uri()]
    return subprocess.run(call, capture_output=True, text=True, timeout=300, check=True).stdout


def test_every_chart_draws_a_curve_and_a_band_for_each_setting(browser, tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "grid", {"grpo": [0.4, 0.5, 0.45], "grip": [0.6, 0.7, None]}, steps=6)
    html = dump(browser, write_sweep_report(sweep), tmp_path / "profile")
    plots = re.findall(r'<figure class="panel.*?</figure>', html, re.DOTALL)
    assert len(plots) == 8
    for plot in plots:
        for tone in ("tone-1", "tone-2"):
            assert re.search(rf'<path class="curve {tone}[^>]* d="M[\d.]+ [\d.]+L', plot), plot[:200]
            assert re.search(rf'<path class="band {tone}[^>]* d="M[\d.]+ [\d.]+L', plot), plot[:200]
        assert "NaN" not in plot
    assert html.count('<circle class="mean"') == 1  # seeds; the runs have kept no answers
    assert 'data-scheme="' in html
