"""Which samples a page shows, and how much of them."""

import json

from src.record.layout import Layout
from src.report.run import samples as samples_module
from src.report.run.samples import collect_samples, spread


def test_samples_are_spread_with_both_ends() -> None:
    assert spread(list(range(100)), 4) == [0, 33, 66, 99]
    assert spread([1, 2], 4) == [1, 2]
    assert spread([1, 2], 1) == [1]


def test_samples_are_thinned_to_the_budget(make_run, monkeypatch) -> None:
    run = make_run(steps=4, per_step=32, validate_every=2)
    files = Layout(run).sample_files()
    whole = collect_samples(run, files, [])
    assert len(whole["samples"]) == 96
    monkeypatch.setattr(samples_module, "BUDGET", len(json.dumps(whole)) // 3)
    thinned = collect_samples(run, files, [])
    assert 0 < len(thinned["samples"]) < 48
    assert max(s["score"] for s in thinned["samples"]) == max(s["score"] for s in whole["samples"])


def test_long_texts_are_cut_and_say_so() -> None:
    assert samples_module.clip("x" * 12_010).endswith("x\n[... 10 more characters]")
    assert samples_module.clip("x" * 12_000) == "x" * 12_000
