"""Explicit download of a public file: says what it is, verifies it, and moves it into place whole."""

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from src.errors import DataError
from src.tasks.files import write_data

_CHUNK = 1 << 16
_TIMEOUT = 60.0


def how_to_get(source: str | None) -> str:
    """How a user gives a file that is not there, to end a message.

    Args:
        source: what it can be fetched from, None for nothing.
    """
    hint = f", or add download=true (a run: launch.download=true) to fetch it from {source}" if source else ""
    return f"name its folder with dataset.folder=DIR{hint}"


def sha256_of(path: Path) -> str:
    """The sha256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_sha1_of(path: Path) -> str:
    """Git's blob hash of a file: sha1 over "blob <bytes>", a zero byte, and the content."""
    checksum = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            checksum.update(chunk)
    return checksum.hexdigest()


def mismatch(path: Path, sha256: str | None, git_sha1: str | None = None) -> str | None:
    """Compare a file with its published checksums; return what differs, None when they agree."""
    if sha256 is not None and (found := sha256_of(path)) != sha256:
        return f"sha256 is {found}, published is {sha256}"
    if git_sha1 is not None and (found := git_sha1_of(path)) != git_sha1:
        return f"git blob hash is {found}, published is {git_sha1}"
    return None


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None,
    git_sha1: str | None = None,
    source: str = "unknown",
    licence: str = "unknown",
    log: Callable[[str], None] = print,
) -> Path:
    """Fetch ``url`` to ``target`` unless a verified copy is there; print source, licence, size and checksum.

    Raises:
        DataError: the server cannot be reached, refuses, stops half-way, or sends another file; then ``target`` is as
            it was before.
    """
    if target.is_file() and (sha256 or git_sha1) and mismatch(target, sha256, git_sha1) is None:
        log(f"{target} is there and verified: nothing to download")
        return target
    if not url.startswith(("http://", "https://")):
        raise DataError(f"'{url}' is no http address: correct dataset.url")
    log(f"downloading {url}\n  source:  {source}\n  licence: {licence}")

    def fill(temporary: Path) -> None:
        with temporary.open("wb") as file:
            _fetch(url, file.write, log)
        if problem := mismatch(temporary, sha256, git_sha1):
            raise DataError(
                f"{url} sent another file than expected ({problem}): try again, or get the file by hand and name its "
                "folder with dataset.folder=DIR"
            )
        kind = "verified" if sha256 or git_sha1 else "not verified, no checksum is published"
        log(f"  sha256:  {sha256_of(temporary)} ({kind})")

    write_data(target, fill)
    log(f"  saved:   {target}")
    return target


def _fetch(url: str, write: Callable[[bytes], object], log: Callable[[str], None]) -> None:
    """Stream the body of ``url`` into ``write``; a body shorter than announced is an error."""
    advice = "check the network, or get the file by hand and name its folder with dataset.folder=DIR"
    try:
        response = urllib.request.urlopen(url, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        raise DataError(f"{url} answered {error.code} {error.reason}: correct dataset.url, or {advice}") from None
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise DataError(f"{url} cannot be reached ({getattr(error, 'reason', error)}): {advice}") from None
    received = 0
    announced = response.headers.get("Content-Length")
    log(f"  size:    {f'{int(announced) / 1e6:.1f} MB' if announced else 'not announced'}")
    with response:
        while True:
            try:
                chunk = response.read(_CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise DataError(f"{url} broke off after {received} bytes ({error}): {advice}") from None
            if not chunk:
                break
            write(chunk)
            received += len(chunk)
    if announced is not None and int(announced) != received:
        raise DataError(f"{url} broke off after {received} of {announced} bytes: {advice}")
