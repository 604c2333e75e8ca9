"""The data that the scenarios work on: what there is, and how it gets onto this disk.

Owns the reading of `datasets/<name>/dataset.toml`, the landing of a dataset's files (all of them or none)
and reading back what was planted in them. Must not know any dataset by name, nor import a data library:
those load with a dataset's own `generate.py`.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import importlib
import importlib.util
import json
import shutil
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Literal, NamedTuple, get_args

from filelock import FileLock

from toolkit import paths, words
from toolkit.errors import DataError, SetupError, ToolkitError, UsageError

DATASETS = paths.REPOSITORY / "datasets"
MANIFEST = "manifest.json"
ANSWER_COUNTS = "answer_key.json"
ANSWER_ROWS = "answer_key.csv"

Value = int | bool
Format = Literal["csv", "json", "parquet"]
Disposition = Literal["quarantined", "flagged"]
Progress = Callable[[int, int], None]
"""Told `(rows_done, rows_total)` as rows are written."""


@dataclass(frozen=True)
class Parameter:
    """One choice in how a dataset is made; `minimum` and `maximum` are None for yes or no."""

    name: str
    default: Value
    meaning: str
    minimum: int | None = None
    maximum: int | None = None

    @property
    def valid(self) -> str:
        """The valid values, in words."""
        if isinstance(self.default, bool):
            return "true or false"
        return f"a whole number from {self.minimum:_} to {self.maximum:_}"

    def accepts(self, value: Any) -> bool:
        """Whether `value` has the right type and lies in range."""
        if type(value) is not type(self.default):
            return False
        return self.minimum is None or self.maximum is None or self.minimum <= value <= self.maximum


@dataclass(frozen=True)
class File:
    """One file, or several alike if the name holds a `*`; nested `columns` are dotted."""

    name: str
    format: Format
    description: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Defect:
    """One kind of planted defect: so many rows (`count`), or a `rate` of the number called `of`."""

    name: str
    file: str
    description: str
    disposition: Disposition
    count: int | None = None
    rate: float = 0.0
    of: str = ""

    def planted(self, sizes: Mapping[str, int]) -> int:
        """The exact number of rows that carry it, at least one, when the dataset has these `sizes`."""
        return max(1, round(sizes[self.of] * self.rate)) if self.count is None else self.count


@dataclass(frozen=True)
class Dataset:
    """What `dataset.toml` declares."""

    name: str
    title: str
    description: str
    licence: str
    source: str
    folder: Path
    parameters: tuple[Parameter, ...]
    files: Mapping[str, File]
    defects: tuple[Defect, ...]
    disk: Mapping[str, int]
    """Bytes: `base` for any landing, and so many for each unit of the parameter of that name."""

    def file(self, name: str) -> File:
        """The declaration of the landed file `name`, as `orders/2026-04-01.json`.

        Raises:
            UsageError: no declaration covers it.
        """
        for pattern, file in self.files.items():
            if fnmatch(name, pattern):
                return file
        raise UsageError.unknown("file", name, self.files)

    def parse(self, values: Mapping[str, Any]) -> dict[str, Value]:
        """Every parameter's value: the given one, or its default.

        Raises:
            UsageError: an unknown name, or values of the wrong type or range, all in one message.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in values:
            if name not in known:
                raise UsageError.unknown(f"parameter of {self.name}", name, known)
        wrong = [f"{n} = {v!r}: {known[n].valid} is needed" for n, v in values.items() if not known[n].accepts(v)]
        if wrong:
            raise UsageError(f"{self.name} cannot be landed: {'; '.join(wrong)}.", cure="Correct that and land again.")
        return {name: values.get(name, parameter.default) for name, parameter in known.items()}

    def bytes_needed(self, parameters: Mapping[str, Value]) -> int:
        """About how much disk a landing takes."""
        return self.disk["base"] + sum(self.disk.get(name, 0) * int(value) for name, value in parameters.items())

    def fingerprint(self, parameters: Mapping[str, Value]) -> str:
        """Short hash of name, parameters, declaration and code: equal fingerprints mean equal bytes."""
        digest = hashlib.sha256(json.dumps([self.name, dict(parameters)], sort_keys=True).encode())
        for file in sorted([*self.folder.glob("*.py"), self.folder / "dataset.toml"]):
            # a checkout on Windows may turn line ends round; the code is the same
            digest.update(file.name.encode() + file.read_bytes().replace(b"\r\n", b"\n"))
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Landed:
    """A dataset on disk; `rows` counts the rows of each file, by its name relative to `folder`."""

    name: str
    folder: Path
    fingerprint: str
    rows: Mapping[str, int]
    parameters: Mapping[str, Value] = field(default_factory=dict)


class AnswerRow(NamedTuple):
    """Where one defect was planted; `line` counts from 1, and a CSV header is line 1."""

    defect: str
    file: str
    line: int
    key: str
    disposition: Disposition


@dataclass(frozen=True)
class AnswerKey:
    """The truth about a landed dataset's defects."""

    folder: Path
    counts: Mapping[str, int]

    def rows(self) -> Iterator[AnswerRow]:
        """Every planted row, read as it is asked for."""
        with (self.folder / ANSWER_ROWS).open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                yield AnswerRow(**{**row, "line": int(row["line"])})  # type: ignore[arg-type]


class Landing:
    """What a `generate.py` works with: where to write, how much, and whom to tell."""

    def __init__(
        self,
        dataset: Dataset,
        parameters: Mapping[str, Value],
        folder: Path,
        progress: Progress | None = None,
    ) -> None:
        """Nothing is written before `with`."""
        self.dataset = dataset
        self.parameters = parameters
        self.folder = folder
        self.rows: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self._defects = {defect.name: defect for defect in dataset.defects}
        self._progress = progress

    def __enter__(self) -> Landing:
        """Open the answer key."""
        self._stream = (self.folder / ANSWER_ROWS).open("w", encoding="utf-8", newline="")
        self._answers = csv.writer(self._stream, lineterminator="\n")
        self._answers.writerow(AnswerRow._fields)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the answer key."""
        self._stream.close()

    def path(self, file: str) -> Path:
        """Where to write the file called `file`; its folder is made."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def wrote(self, file: str, rows: int) -> None:
        """Say that `file` is complete with so many rows."""
        self.rows[file] = self.rows.get(file, 0) + rows

    def report(self, done: int, total: int) -> None:
        """Tell whoever waits."""
        if self._progress:
            self._progress(done, total)

    def plant(self, defect: str, file: str, where: Iterable[tuple[int, str]]) -> None:
        """Record that `defect` lies in `file` at each `(line, key)`."""
        disposition = self._defects[defect].disposition
        for line, key in where:
            self._answers.writerow((defect, file, line, key, disposition))
            self.counts[defect] += 1


def declared() -> dict[str, Dataset]:
    """Every dataset, by name: a folder of `datasets/` with a `dataset.toml`."""
    return {file.parent.name: _read(file) for file in sorted(DATASETS.glob("*/dataset.toml"))}


def get(name: str) -> Dataset:
    """The dataset called `name`.

    Raises:
        UsageError: there is none; the nearest spelling is offered.
    """
    found = declared()
    if name not in found:
        raise UsageError.unknown("dataset", name, found)
    return found[name]


def _read(file: Path) -> Dataset:
    """One `dataset.toml`."""
    try:
        return _dataset(file.parent, tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as problem:
        raise DataError(
            f"{file} cannot be read: {type(problem).__name__}: {problem}.",
            cure="Correct it, or restore it from version control.",
        ) from problem


def _dataset(folder: Path, said: Mapping[str, Any]) -> Dataset:
    """The declaration in `said`."""
    defects = tuple(Defect(**entry) for entry in said.get("defects", ()))
    for defect in defects:
        if defect.disposition not in get_args(Disposition):
            raise ValueError(f"disposition of {defect.name} is {defect.disposition!r}")
    return Dataset(
        name=folder.name,
        folder=folder,
        parameters=tuple(_parameter(entry) for entry in said.get("parameters", ())),
        files=MappingProxyType({name: File(name, **entry) for name, entry in said["files"].items()}),
        defects=defects,
        disk=MappingProxyType(said["disk"]),
        **{key: said[key].strip() for key in ("title", "description", "licence", "source")},
    )


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    """One `[[parameters]]`."""
    return Parameter(entry["name"], entry["default"], entry["meaning"], entry.get("min"), entry.get("max"))


def land(name: str, root: Path, *, progress: Progress | None = None, **parameters: Value) -> Landed:
    """Put a dataset's files under `root`, in a folder named after it and its parameters.

    If they are there, and today's code would write the same, this returns at once. The folder appears whole
    or not at all. Any number of processes may land the same: one works, the others wait.

    Raises:
        UsageError: unknown name or parameter, or a value out of range.
        SetupError: `root` cannot be written, or its disk is (or would become) full.
        DataError: the dataset's declaration or its source cannot be read.
    """
    dataset = get(name)
    values = dataset.parse(parameters)
    folder = root / folder_name(dataset, values)
    if there := _there(dataset, values, folder):
        return there
    paths.ensure_folder(root)
    try:
        with FileLock(f"{folder}.lock"):
            return _there(dataset, values, folder) or _land(dataset, values, folder, progress)
    except OSError as problem:
        raise _not_written(dataset, values, root, problem) from problem


def folder_name(dataset: Dataset, values: Mapping[str, Value]) -> str:
    """`shop-orders=200000-seed=7`."""
    return "-".join([dataset.name, *(f"{name}={str(value).lower()}" for name, value in values.items())])


def _there(dataset: Dataset, values: Mapping[str, Value], folder: Path) -> Landed | None:
    """What is in `folder`, if it is complete and what today's code would write."""
    try:
        landed = read_manifest(folder)
        whole = all((folder / file).stat().st_size == size for file, size in _sizes(folder).items())
    except (DataError, OSError):
        return None
    return landed if whole and landed.fingerprint == dataset.fingerprint(values) else None


def _land(dataset: Dataset, values: Mapping[str, Value], folder: Path, progress: Progress | None) -> Landed:
    """Write everything into a temporary folder beside `folder`, then swap it in."""
    partial, replaced = (folder.with_name(f"{folder.name}.{end}") for end in ("partial", "replaced"))
    # the lock is ours, so whoever left these behind is gone
    _remove(partial, replaced)
    _check_disk(dataset, values, folder.parent)
    partial.mkdir()
    try:
        _generate(dataset, values, partial, progress)
        if folder.exists():
            folder.rename(replaced)
        partial.rename(folder)
    finally:
        _remove(partial, replaced)
    return read_manifest(folder)


def _remove(*folders: Path) -> None:
    """Delete folders, as far as they are there."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _generate(dataset: Dataset, values: Mapping[str, Value], folder: Path, progress: Progress | None) -> None:
    """Run the dataset's own code, then write the answer key's counts and the manifest."""
    with Landing(dataset, values, folder, progress) as landing:
        importlib.import_module(f"datasets.{dataset.name}.generate").generate(landing)
    counts = {defect.name: landing.counts[defect.name] for defect in dataset.defects}
    _write_json(folder / ANSWER_COUNTS, {"counts": counts})
    files = {
        file: {"rows": rows, "bytes": (folder / file).stat().st_size} for file, rows in sorted(landing.rows.items())
    }
    _write_json(
        folder / MANIFEST,
        {
            "name": dataset.name,
            "parameters": dict(values),
            "fingerprint": dataset.fingerprint(values),
            "files": files,
        },
    )


def _write_json(path: Path, value: Any) -> None:
    """Write `value`, readable by people, the same bytes everywhere."""
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8", newline="\n")


def _check_disk(dataset: Dataset, values: Mapping[str, Value], root: Path) -> None:
    """Refuse before writing what would not fit."""
    needed, free = dataset.bytes_needed(values), shutil.disk_usage(root).free
    if needed > free:
        raise SetupError(
            f"{folder_name(dataset, values)} needs about {words.size(needed)} in {root}; {words.size(free)} are free.",
            cure="Free some disk, ask for less data, or set TOOLKIT_HOME to a larger disk.",
        )


def _not_written(dataset: Dataset, values: Mapping[str, Value], root: Path, problem: OSError) -> ToolkitError:
    """`problem` in the user's words."""
    what = f"{dataset.name} cannot be written to {root}: {problem.strerror or problem}."
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        what += f" It needs about {words.size(dataset.bytes_needed(values))}."
    return SetupError(what, cure="Free that disk or make the folder writable, or set TOOLKIT_HOME to another one.")


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a landed folder."""
    try:
        read: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise DataError(
            f"{folder} holds no landed dataset: {MANIFEST} is missing or damaged.",
            cure="Land the dataset again.",
        ) from problem
    return read


def _sizes(folder: Path) -> dict[str, int]:
    """The size of each file in bytes, as it was landed."""
    return {file: entry["bytes"] for file, entry in _manifest(folder)["files"].items()}


def read_manifest(folder: Path) -> Landed:
    """What was landed in `folder`.

    Raises:
        DataError: there is no manifest, or it is damaged.
    """
    said = _manifest(folder)
    rows = {file: entry["rows"] for file, entry in said["files"].items()}
    return Landed(said["name"], folder, said["fingerprint"], rows, said["parameters"])


def package_file(package: str, path: str) -> Path:
    """A data file inside an installed package, which is not imported for it.

    Raises:
        SetupError: the package is not installed.
        DataError: it is, and has no such file.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(f"The Python package {package} is not installed.", cure="Run the set-up again: ./run setup.")
    file = Path(spec.submodule_search_locations[0], path)
    if not file.is_file():
        raise DataError(f"The Python package {package} lacks {path}.", cure="Install the pinned version again.")
    return file


def answer_key(folder: Path) -> AnswerKey:
    """Which defects were planted in the dataset landed in `folder`, and where.

    Raises:
        DataError: there is no answer key, or it is damaged.
    """
    try:
        said = json.loads((folder / ANSWER_COUNTS).read_text(encoding="utf-8"))
        return AnswerKey(folder, said["counts"])
    except (OSError, ValueError, KeyError) as problem:
        raise DataError(f"{folder} holds no answer key.", cure="Land the dataset again.") from problem
