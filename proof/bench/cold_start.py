"""What a cold start of each function needs, in AWS's own runtime client: CPU, memory and size.

A process starts as Lambda starts it, imports the handler and asks for its first invocation. Beside it stands
the same with a handler that does nothing but import the modules of SDKs that the function imports.
"""

import ast
import io
import os
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from proof.bench.lambda_packages import OF_THE_CLIENT, OF_THE_RUNTIME, link_packages, of_the_layer
from proof.bench.runtime_api import EndedRun, runtime_api
from stacks.constructs.build_folder import PROJECT
from stacks.constructs.dependency_layer import LAMBDA, layer_folder
from stacks.constructs.python_function import code_folder

RUNS: Final = 4
"""Runs of each function. The least CPU time counts: the rest is what else the machine did."""

_NO_BYTECODE: Final = {"PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class ColdStart:
    """The start of one function.

    Attributes:
        sdks: The statements by which its code imports modules of others, the standard library left out.
        cpu_ms: CPU milliseconds from the start of the process to its first request for an invocation.
        sdks_cpu_ms: The same for a function that has nothing but those statements.
        memory_mb: The memory of its process then, in MB (2^20 bytes).
    """

    sdks: tuple[str, ...]
    cpu_ms: float
    sdks_cpu_ms: float
    memory_mb: float

    @property
    def ratio(self) -> float:
        """CPU time as a multiple of that of the SDKs alone."""
        return self.cpu_ms / self.sdks_cpu_ms


@dataclass(frozen=True)
class Package:
    """Something that is uploaded.

    Attributes:
        mb: Size of its files, in MB (2^20 bytes).
        zipped_mb: Size as a zip file.
    """

    mb: float
    zipped_mb: float


@dataclass(frozen=True)
class ColdStarts:
    """The start of every function, and the size of what Lambda loads.

    Attributes:
        functions: By the function's name.
        compiled_again_ms: CPU milliseconds of `charge_payment` if Python finds no bytecode and compiles all
            that it imports. In the cloud, the layer and our code come without it, because the Python that
            builds them can be another one than Lambda's.
        asset: The functions' code, one asset for all.
        layer: The dependencies.
    """

    functions: Mapping[str, ColdStart]
    compiled_again_ms: float
    asset: Package
    layer: Package


def measure_cold_starts(runs: int = RUNS) -> ColdStarts:
    """Start every function several times."""
    handlers = sorted((PROJECT / "lambdas").glob("*/*/handler.py"))
    with TemporaryDirectory() as empty, TemporaryDirectory() as links:
        link_packages(Path(links), [*OF_THE_RUNTIME, *OF_THE_CLIENT, *of_the_layer()])
        run = partial(_run, folder=Path(empty), packages=Path(links))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            starts = pool.map(lambda path: _start(path, Path(empty), run, runs), handlers)
            started = {path.parent.name: start for path, start in zip(handlers, starts, strict=True)}
        charge = _module(next(path for path in handlers if path.parent.name == "charge_payment"))
        no_cache = {**_NO_BYTECODE, "PYTHONPYCACHEPREFIX": empty}
        compiled = _least_cpu(run(f"{charge}.handler", variables=no_cache) for _ in range(runs))
    return ColdStarts(
        started,
        compiled,
        package_of(code_folder(embedded=False)),
        package_of(layer_folder(LAMBDA)),
    )


def sdks_of(handler: Path) -> tuple[str, ...]:
    """The statements by which a handler imports from others, itself or through other modules of ours."""
    modules, statements = [_module(handler)], set[str]()
    for module in modules:  # grows as it goes
        for statement, imported in _imports(module):
            root = imported.partition(".")[0]
            if root == "lambdas" and imported not in modules:
                modules.append(imported)
            elif root != "lambdas" and root not in sys.stdlib_module_names:
                statements.add(statement)
    return tuple(sorted(statements))


def package_of(folder: Path) -> Package:
    """Measure a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(folder))
    return Package(_mb(sum(path.stat().st_size for path in files)), _mb(content.tell()))


def _start(handler: Path, folder: Path, run: Callable[[str], EndedRun], runs: int) -> ColdStart:
    """Start a function and its SDKs in turn, so that both meet the same machine."""
    sdks = sdks_of(handler)
    source = "\n".join([*sdks, "def handler(event, context):", "    return {}", ""])
    module = f"sdks_of_{handler.parent.name}"
    (folder / f"{module}.py").write_text(source)
    both = f"{_module(handler)}.handler", f"{module}.handler"
    for each in both:
        run(each)  # from now on there is bytecode
    ended = [[run(each) for each in both] for _ in range(runs)]
    ours, of_sdks = zip(*ended, strict=True)
    memory = median(each.resident_bytes for each in ours)
    return ColdStart(sdks, _least_cpu(ours), _least_cpu(of_sdks), _mb(memory))


def _run(
    handler: str, *, folder: Path, packages: Path, variables: Mapping[str, str] | None = None
) -> EndedRun:
    """Start a function, to which no invocation comes."""
    needed = {"POWERTOOLS_METRICS_NAMESPACE": "Bench"}
    with runtime_api() as api:
        return api.run(folder, {**needed, **(variables or {})}, handler=handler, packages=packages)


def _least_cpu(runs: Iterable[EndedRun]) -> float:
    return round(1_000 * min(each.cpu_seconds for each in runs), 1)


def _mb(size: float) -> float:
    return round(size / 2**20, 1)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts)


@cache
def _imports(module: str) -> tuple[tuple[str, str], ...]:
    """The statements by which a module of ours imports others, each with the module that it names."""
    path = PROJECT.joinpath(*module.split(".")).with_suffix(".py")
    if not path.exists():  # a package: ours are empty
        return ()
    found: list[tuple[str, str]] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:  # not what only a type checker imports
        if isinstance(node, ast.Import):
            found += [(f"import {alias.name}", alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((ast.unparse(node), node.module or ""))
    return tuple(found)
