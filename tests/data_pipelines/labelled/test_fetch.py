"""Archives are fetched from an address, checked against what is published, and unpacked."""

import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from labelled_archives import BASE, waves, write_arff, write_har, write_record

from data_pipelines.download import sha256_of
from data_pipelines.labelled.locate import find, load
from data_pipelines.labelled.settings import LabelledSettings, read_settings
from src.config.group import compose_group
from src.errors import DataError


def settings(**keys: Any) -> LabelledSettings:
    return read_settings({**BASE, **keys})


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Keep the test output quiet."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve ``tmp_path/served`` on a free port of 127.0.0.1."""
    (tmp_path / "served").mkdir()
    handler = partial(_Quiet, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_zip_in_a_zip_is_fetched_checked_and_unpacked(tmp_path: Path, address: str) -> None:
    write_har(tmp_path / "UCI HAR Dataset")
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as file:
        for path in sorted((tmp_path / "UCI HAR Dataset").rglob("*.txt")):
            file.write(path, path.relative_to(tmp_path))
        file.writestr("../outside.txt", "no")
    with zipfile.ZipFile(tmp_path / "served" / "har.zip", "w") as file:
        file.write(tmp_path / "inner.zip", "UCI HAR Dataset.zip")
    sums = tmp_path / "served" / "SHA256SUMS.txt"
    sums.write_text(f"{sha256_of(tmp_path / 'served' / 'har.zip')}  har.zip\n")
    keys = {
        "reader": "har",
        "files": {"root": "activity_labels.txt"},
        "channel_names": ["body_acc_x", "body_acc_y"],
        "folder": str(tmp_path / "got"),
        "url": f"{address}/har.zip",
        "sums": f"{address}/SHA256SUMS.txt",
    }
    lines: list[str] = []
    find(settings(**keys), download=True)
    archive, _ = load(settings(**keys), download=True, log=lines.append)
    assert len(archive.parts["train"]) == 12 and any("(verified)" in line for line in lines)
    assert not list(tmp_path.rglob("outside.txt"))
    find(settings(**{**keys, "url": None}))  # it is there now
    sums.write_text(f"{'0' * 64}  har.zip\n")
    with pytest.raises(DataError, match="sent another file than expected"):
        load(settings(**{**keys, "folder": str(tmp_path / "again")}), download=True)


def test_a_broken_zip_is_refused(tmp_path: Path, address: str) -> None:
    whole = tmp_path / "served" / "a.zip"
    with zipfile.ZipFile(whole, "w") as file:
        file.writestr("a.txt", "some text")
    whole.write_bytes(whole.read_bytes().replace(b"some text", b"same text"))
    keys = {"reader": "har", "files": {"root": "x"}, "folder": str(tmp_path / "got"), "url": f"{address}/a.zip"}
    with pytest.raises(DataError, match=r"a.zip is a broken zip file"):
        load(settings(**keys), download=True)


def _zipped(folder: Path, name: str, fill: Callable[[Path], object]) -> None:
    """``folder/name``, a zip file of what ``fill`` writes."""
    inside = folder.parent / PurePosixPath(name).stem
    inside.mkdir()
    fill(inside)
    with zipfile.ZipFile(folder / name, "w") as file:
        for path in sorted(inside.rglob("*")):
            file.write(path, path.relative_to(inside))


def _ucr(name: str, labels: list[str]) -> Callable[[Path], object]:
    return lambda folder: [
        write_arff(folder / f"{name}_{split}.arff", waves(len(labels)), labels) for split in ("TRAIN", "TEST")
    ]


def _serve(name: str, folder: Path) -> None:
    """What the dataset's address sends, small, in the form of the public archive."""
    wave = np.sin(np.linspace(0, 30, 1500))
    records = ("A00001", "A00002")
    if name == "tee":
        _zipped(folder, "Lightning7.zip", _ucr("Lightning7", list("0123456")))
    elif name == "ctu":
        _zipped(folder, "Computers.zip", _ucr("Computers", ["1", "2"]))
    elif name == "har":
        archive, channels = "UCI HAR Dataset", ("body_acc_x", "body_acc_y", "body_acc_z")
        _zipped(folder.parent, f"{archive}.zip", lambda inside: write_har(inside / archive, channels=channels))
        with zipfile.ZipFile(folder / "human+activity+recognition+using+smartphones.zip", "w") as file:
            file.write(folder.parent / f"{archive}.zip", f"{archive}.zip")
    elif name == "ecg":
        _zipped(
            folder,
            "training2017.zip",
            lambda inside: [write_record(inside / "training2017", one, wave) for one in records],
        )
        (folder / "REFERENCE-v3.csv").write_text("A00001,N\nA00002,~\n")
    else:
        for one in ("emg_healthy", "emg_myopathy", "emg_neuropathy"):
            write_record(folder, one, wave, rate=4000)
    if name in ("ecg", "emg"):
        published = (f"{sha256_of(one)} {one.name}\n" for one in sorted(folder.iterdir()))
        (folder / "SHA256SUMS.txt").write_text("".join(published))


@pytest.mark.parametrize("name", ["tee", "ctu", "har", "ecg", "emg"])
def test_each_public_archive_is_fetched_as_its_file_says(name: str, tmp_path: Path, address: str) -> None:
    if name in ("ecg", "emg"):
        pytest.importorskip("wfdb", reason="wfdb reads WFDB records")
    _serve(name, tmp_path / "served")
    cfg = compose_group("dataset", name, [f"dataset.folder={tmp_path / 'got'}"])
    public = [cfg.url] if isinstance(cfg.url, str) else list(cfg.url)
    assert all(one.startswith("https://") for one in public)
    cfg.url = [f"{address}/{PurePosixPath(one).name}" for one in public]
    if cfg.sums is not None:
        assert cfg.sums.startswith("https://physionet.org/")
        cfg.sums = f"{address}/SHA256SUMS.txt"
    lines: list[str] = []
    archive, _ = load(read_settings(cfg), download=True, log=lines.append)
    assert set(archive.parts["train"].labels) <= set(cfg.classes)
    said = "\n".join(lines)
    count = len(public) + (cfg.sums is not None)
    assert said.count("  size:    ") == count and said.count(f"  source:  {cfg.source}") == len(public)
    assert said.count(f"  licence: {cfg.licence}") == len(public)
    verified = len(public) if cfg.sums is not None else 0
    assert said.count("(verified)") == verified
    assert said.count("(not verified, no checksum is published)") == count - verified
    (tmp_path / "served").rename(tmp_path / "gone")
    assert load(read_settings(cfg), download=True)[0].parts.keys() == archive.parts.keys()  # all is there
