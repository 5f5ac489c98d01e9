"""Folders made once from their inputs and kept under `.build/`, so that a second synth reuses them."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_BUILD = PROJECT / ".build"


def build_once(name: str, inputs: bytes, fill: Callable[[Path], None]) -> Path:
    """Give the folder that `fill` makes out of `inputs`; make it unless it is there.

    Args:
        name: what the folder holds, the first part of its name.
        inputs: everything that the content depends on; their hash is the second part.
        fill: called with an empty folder to write to.
    """
    folder = _BUILD / f"{name}-{hashlib.sha256(inputs).hexdigest()[:16]}"
    if folder.exists():
        return folder

    # Several synths may build the same folder at once: each fills its own and the first one is kept.
    _BUILD.mkdir(exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{name}-", suffix=".tmp", dir=_BUILD))
    try:
        fill(unfinished)
        unfinished.chmod(0o755)  # mkdtemp's folders are closed to everybody else
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def content_of(folder: Path) -> bytes:
    """Every file's path and bytes below a folder, without Python's caches, in one deterministic string."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return b"".join(
        b"%s\0%d\0%s" % (os.fsencode(path.relative_to(folder)), path.stat().st_size, path.read_bytes())
        for path in files
    )
