"""A sweep's page in a real browser: every chart draws, bands and all, and the script is not blocked."""

from __future__ import annotations

import re
from pathlib import Path

from sweep_folders import write_sweep

from src.report.sweep.page import write_sweep_report


def test_every_chart_draws_a_curve_and_a_band_for_each_setting(open_page, tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "grid", {"grpo": [0.4, 0.5, 0.45], "grip": [0.6, 0.7, None]}, steps=6)
    page = open_page(write_sweep_report(sweep).as_uri(), height=6000)  # high enough to have everything in view
    page.wait("[...document.querySelectorAll('figure.panel .plot')].every(one => one.childElementCount)")
    plots = page.value("[...document.querySelectorAll('figure.panel')].map(one => one.outerHTML)")
    assert len(plots) == 8
    for plot in plots:
        for tone in ("tone-1", "tone-2"):
            assert re.search(rf'<path class="curve {tone}[^>]* d="M[\d.]+ [\d.]+L', plot), plot[:200]
            assert re.search(rf'<path class="band {tone}[^>]* d="M[\d.]+ [\d.]+L', plot), plot[:200]
        assert "NaN" not in plot
    assert page.value("document.querySelectorAll('circle.mean').length") == 1  # seeds; the runs have kept no answers
    assert page.value("document.documentElement.dataset.scheme") in ("light", "dark")
