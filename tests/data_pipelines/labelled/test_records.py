"""PhysioNet's recordings, as WFDB and as text."""

from pathlib import Path

import numpy as np
import pytest
from labelled_archives import write_record

from data_pipelines.labelled import records
from src.errors import DataError

WFDB = "wfdb reads WFDB records"
WAVE = np.sin(np.linspace(0, 30, 600))


def test_records_have_the_labels_of_the_newest_table(tmp_path: Path) -> None:
    pytest.importorskip("wfdb", reason=WFDB)
    for name in ("A00001", "A00002"):
        write_record(tmp_path, name, WAVE)
    (tmp_path / "REFERENCE.csv").write_text("A00001,N\nA00002,N\n")
    (tmp_path / "REFERENCE-v3.csv").write_text("A00001,N\nA00002,~\n\n")
    (tmp_path / "REFERENCE-original.csv").write_text("A00001,A\nA00002,A\n")
    lines: list[str] = []
    found = records.read(tmp_path, "REFERENCE*.csv", 300, lines.append)
    assert lines == ["labels are read from REFERENCE-v3.csv, not from REFERENCE-original.csv, REFERENCE.csv"]
    part = found.parts["train"]
    assert list(part.labels) == ["N", "~"]
    assert list(part.groups or []) == ["A00001", "A00002"] and found.channels == []
    np.testing.assert_allclose(part.series[0][0], WAVE, atol=0.001)


def test_another_rate_is_resampled_and_said(tmp_path: Path) -> None:
    pytest.importorskip("wfdb", reason=WFDB)
    write_record(tmp_path, "emg_healthy", WAVE, rate=600)
    lines: list[str] = []
    found = records.read(tmp_path, None, 300, lines.append)
    assert list(found.parts["train"].labels) == ["emg_healthy"]
    assert lines == ["emg_healthy: resampled from 600 to 300 samples a second"]
    np.testing.assert_allclose(found.parts["train"].series[0][0][20:-20], WAVE[::2][20:-20], atol=0.01)


def test_text_is_seconds_and_values(tmp_path: Path) -> None:
    for name in ("emg_healthy", "emg_myopathy"):
        rows = "\n".join(f"{step / 4000:.5f} {value:.5f}" for step, value in enumerate(WAVE))
        (tmp_path / f"{name}.txt").write_text(rows + "\n")
    (tmp_path / "LICENSE.txt").write_text("Words, and no numbers.\n")
    lines: list[str] = []
    part = records.read(tmp_path, None, 4000, lines.append).parts["train"]
    assert list(part.labels) == ["emg_healthy", "emg_myopathy"] and lines == []
    np.testing.assert_allclose(part.series[0][0], WAVE, atol=1e-5)


def test_what_is_missing_or_broken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no recordings"):
        records.read(tmp_path, None, None, print)
    (tmp_path / "REFERENCE.csv").write_text("A00001,N\n")
    with pytest.raises(DataError, match="A00001 is missing"):
        records.read(tmp_path, "REFERENCE*.csv", None, print)
    (tmp_path / "REFERENCE.csv").write_text("A00001\n")
    with pytest.raises(DataError, match="line 1 has no label"):
        records.read(tmp_path, "REFERENCE*.csv", None, print)


def test_a_record_without_its_samples_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("wfdb", reason=WFDB)
    write_record(tmp_path, "a", WAVE)
    (tmp_path / "a.dat").unlink()
    with pytest.raises(DataError, match=r"a.dat is missing: get the archive again"):
        records.read(tmp_path, None, None, print)
    (tmp_path / "a.dat").write_bytes(b"ab")
    with pytest.raises(DataError, match="cannot be read as a WFDB record"):
        records.read(tmp_path, None, None, print)
    (tmp_path / "a.hea").write_text("what is this\n")
    with pytest.raises(DataError, match="cannot be read as a WFDB record"):
        records.read(tmp_path, None, None, print)
