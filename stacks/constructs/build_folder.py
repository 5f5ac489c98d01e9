"""Builds folders once and keeps them in `.build/`, so that the next synthesis reuses them."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_BUILD = PROJECT / ".build"


def build_once(name: str, inputs: bytes, fill: Callable[[Path], None]) -> Path:
    """Return the folder that `fill` builds from `inputs`; build it if it does not exist.

    Args:
        name: What the folder contains; first part of its name.
        inputs: Everything that the content depends on; its hash is the second part of the name.
        fill: Writes the content into the empty folder that it is called with.
    """
    folder = _BUILD / f"{name}-{hashlib.sha256(inputs).hexdigest()[:16]}"
    if folder.exists():
        return folder

    # Several processes may build the same folder at once: each fills its own, and the first one is kept.
    _BUILD.mkdir(exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{name}-", suffix=".tmp", dir=_BUILD))
    try:
        fill(unfinished)
        unfinished.chmod(0o755)  # mkdtemp's folders are readable by their owner only
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def content_of(folder: Path) -> bytes:
    """Return paths and contents of all files below a folder in a fixed order, without `__pycache__`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return b"".join(
        b"%s\0%d\0%s" % (os.fsencode(path.relative_to(folder)), path.stat().st_size, path.read_bytes())
        for path in files
    )
