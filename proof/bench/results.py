"""What `make bench` measured: the model of `bench/results.json`.

A part is one measurement, such as the calls of each journey. Each part is stored with the conditions under
which it was measured, because a duration means little without them.
"""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from pydantic import TypeAdapter

from local.processes import REPOSITORY

RESULTS: Final = REPOSITORY / "bench" / "results.json"

T = TypeVar("T")


@dataclass(frozen=True)
class Conditions:
    """The conditions under which a part was measured.

    Attributes:
        at: When it began: UTC, ISO 8601.
        cores: Number of cores of the machine.
        load: Load average of the minute before. A machine at rest has less than one for each core.
        python: Version of Python.
    """

    at: str
    cores: int
    load: float
    python: str

    @classmethod
    def now(cls) -> Self:
        """The conditions of a part that begins now."""
        return cls(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            cores=os.cpu_count() or 1,
            load=round(os.getloadavg()[0], 2),
            python=platform.python_version(),
        )

    def __str__(self) -> str:
        return f"{self.at[:10]}, {self.cores} cores, load {self.load}, Python {self.python}"


def save(name: str, conditions: Conditions, measured: Any, file: Path = RESULTS) -> None:  # noqa: ANN401 - any dataclass
    """Store what a part has measured, in the place of its last measurement; other parts stay."""
    parts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    parts[name] = {"conditions": asdict(conditions), "measured": asdict(measured)}
    text = json.dumps(parts, indent=1, sort_keys=True, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")


def read(name: str, shape: type[T], file: Path = RESULTS) -> T:
    """Read what a part has measured last.

    Args:
        name: The part.
        shape: The dataclass that the part returns.
        file: Where it is stored.

    Raises:
        LookupError: The part was never measured.
        ValueError: What is stored has another shape: the part was measured by an earlier version.
    """
    return TypeAdapter(shape).validate_python(_stored(name, file)["measured"])


def conditions_of(name: str, file: Path = RESULTS) -> Conditions:
    """Read the conditions under which a part was measured last.

    Raises:
        LookupError: The part was never measured.
    """
    return Conditions(**_stored(name, file)["conditions"])


def _stored(name: str, file: Path) -> dict[str, Any]:
    parts: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    if name not in parts:
        raise LookupError(f"{name} was never measured: run `make bench`")
    return parts[name]
