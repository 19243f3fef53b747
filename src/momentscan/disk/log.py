"""The signal log: Parquet parts while a scan runs, one file per (table, perceiver) when it is done, the
manifest last.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from momentscan.disk.codec import read_or_none, read_record
from momentscan.disk.files import remove, swap, translate_os_errors, write_bytes, writing
from momentscan.errors import UnreadableInput
from momentscan.records.log import CalibrationRow, LogFile, LogManifest, UsualRow
from momentscan.records.plain import plain
from momentscan.signals import Signals
from momentscan.signals.calibration import Calibration, Usual
from momentscan.signals.schema import field_of, table_of
from momentscan.values import Columns, VideoInfo

FORMAT = 4
"""Raised when what a log holds changes name or meaning; `scan` then watches the video again."""

OLDER: Mapping[int, Mapping[str, str]] = {3: {"strip": "thumbnails"}}
"""Formats that can still be read -> their tables that have another name now."""

PART_S = 60.0
"""Seconds of video in a part: what a kill may lose, and what memory holds."""

MANIFEST = "manifest.json"


class LogWriter:
    """Takes columns batch by batch; what it holds in memory is one part.

    Works in `signals.part/` beside the log. `close` joins the parts, writes the manifest last and only then
    takes the place of an older log, so that a kill at any instant leaves the old log or none that looks
    complete.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._work = folder.with_name(folder.name + ".part")
        remove(self._work)
        with translate_os_errors(self._work):
            self._work.mkdir(parents=True)
        self._held: dict[str, dict[str, list[NDArray[Any]]]] = {}
        self._parts = 0
        self._part_end_s = PART_S

    def add(self, done_s: float, made: Mapping[str, Columns]) -> None:
        """Columns of each perceiver, after `done_s` seconds of video."""
        for maker, columns in made.items():
            for name, rows in columns.items():
                self._held.setdefault(f"{table_of(name)}.{maker}", {}).setdefault(name, []).append(rows)
        if done_s >= self._part_end_s:
            self._flush()
            self._part_end_s = done_s + PART_S

    def close(
        self,
        video: VideoInfo,
        key: str,
        made_by: Mapping[str, str],
        calibrations: Mapping[str, Calibration] | None = None,
    ) -> None:
        """Makes the log complete. `key` says what it was made of and how; `made_by` which model made which
        column, `calibrations` what that model declared of its vectors.
        """
        self._flush()
        files = {}
        for group in sorted({p.name.rsplit(".", 2)[0] for p in self._work.glob("*.parquet")}):
            parts = sorted(self._work.glob(f"{group}.*.parquet"))
            path = self._work / f"{group}.parquet"
            rows = _join(parts, path)
            names = pq.read_schema(path).names
            files[path.name] = LogFile(rows, tuple(f"{group.partition('.')[0]}.{n}" for n in names))
            with translate_os_errors(path):
                for part in parts:
                    part.unlink()
        manifest = LogManifest(
            format=FORMAT,
            key=key,
            video=video,
            files=files,
            embed_model_version=dict(made_by),
            calibrations={name: _row(value) for name, value in (calibrations or {}).items()},
            created_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        write_manifest(self._work, manifest)
        swap(self._work, self._folder)

    def abandon(self) -> None:
        """Leaves nothing behind that looks like a log."""
        remove(self._work)

    def _flush(self) -> None:
        for group, columns in self._held.items():
            arrays = {field_of(n): to_arrow(np.concatenate(chunks)) for n, chunks in columns.items()}
            with writing(self._work / f"{group}.{self._parts:05d}.parquet") as path:
                _write(pa.table(arrays), path)
        self._held = {}
        self._parts += 1


def write_manifest(folder: Path, manifest: LogManifest) -> None:
    """The last file of a log. Numbers as they are: what is read back is what was found, to the last bit."""
    write_bytes(folder / MANIFEST, (json.dumps(plain(manifest), indent=1) + "\n").encode())


def manifest_of(folder: Path) -> LogManifest | None:
    """The manifest of a complete log that can be read, or None. Reads only: see `recover_log`."""
    return _manifest_in(place_of(folder))


def is_log(folder: Path) -> bool:
    """Whether there is a complete log."""
    return manifest_of(folder) is not None


def place_of(folder: Path) -> Path:
    """Where the log lies: its folder, or the one beside it that was finished and not put in its place (a
    kill).

    The finished one wins, as in `recover_log`: the older one may show somebody who was forgotten.
    """
    finished = folder.with_name(folder.name + ".part")
    return finished if _manifest_in(finished) is not None else folder


def recover_log(folder: Path) -> None:
    """Puts a log that was finished but not yet in its place (a kill) there. Only for who holds the folder."""
    finished = folder.with_name(folder.name + ".part")
    if _manifest_in(finished) is not None:  # of one that cannot be read nobody knows that it is finished
        swap(finished, folder)


def _manifest_in(folder: Path) -> LogManifest | None:
    manifest = read_or_none(LogManifest, folder / MANIFEST)
    if manifest is None:
        return None
    if manifest.format in OLDER:
        manifest = _renamed(manifest, OLDER[manifest.format])
    elif manifest.format != FORMAT:
        return None
    return manifest if all((folder / name).is_file() for name in manifest.files) else None


def _renamed(manifest: LogManifest, tables: Mapping[str, str]) -> LogManifest:
    """An older log, whose columns get the names of this version; its files keep theirs."""

    def now(column: str) -> str:
        return f"{tables.get(table_of(column), table_of(column))}.{field_of(column)}"

    files = {
        name: LogFile(file.rows, tuple(now(c) for c in file.columns)) for name, file in manifest.files.items()
    }
    return dataclasses.replace(manifest, files=files)


def read_log(folder: Path) -> Signals:
    """Signals of a complete log; each column is read on first use. Raises UnreadableInput where there is
    none.
    """
    place = place_of(folder)
    manifest = _manifest_in(place)
    if manifest is None:
        raise UnreadableInput(_why_no_log(folder))
    loaders = {
        column: _Loader(place / name, column, file.rows)
        for name, file in manifest.files.items()
        for column in file.columns
    }
    rows = manifest.calibrations or {}  # none in logs of before
    calibrations = {name: _calibration(row) for name, row in rows.items()}
    return Signals(manifest.video, loaders, dict(manifest.embed_model_version), calibrations)


def _row(value: Calibration) -> CalibrationRow:
    return CalibrationRow(
        value.change_floor, None if value.crop_delta is None else UsualRow(*value.crop_delta)
    )


def _calibration(row: CalibrationRow) -> Calibration:
    usual = row.crop_delta
    return Calibration(
        row.change_floor, None if usual is None else Usual(usual.level, usual.least, usual.most)
    )


def _why_no_log(folder: Path) -> str:
    remedy, none = "scan the video again with --force", f"{folder}: holds no complete signal log"
    if (folder / MANIFEST).is_file():
        try:
            read_record(LogManifest, folder / MANIFEST, remedy)
        except UnreadableInput as error:
            return f"{none}; {error}"
    return f"{none}; scan the video again"


@dataclasses.dataclass(frozen=True)
class _Loader:
    """Reads one column of one Parquet file when it is called."""

    path: Path
    name: str
    rows: int

    def __call__(self) -> NDArray[Any]:
        with self._opened() as file:
            return _read_column(file, field_of(self.name))

    def take_rows(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Some rows, ascending, without holding the others."""
        with self._opened() as file:
            taken = [
                part[rows[(rows >= at) & (rows < at + len(part))] - at]
                for at, part in _row_groups(file, field_of(self.name))
            ]
        return np.concatenate(taken)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self.path, memory_map=True, pre_buffer=False) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise UnreadableInput(
                f"{self.path}: is damaged ({error}); scan the video again with --force"
            ) from None


def to_arrow(rows: NDArray[Any]) -> pa.Array:
    if rows.dtype == object:
        return pa.array([bytes(b) for b in rows], pa.binary())
    if rows.dtype.kind == "T":
        return pa.array(rows.tolist(), pa.string())
    if rows.ndim == 1:
        return pa.array(rows)
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])


def _read_column(file: pq.ParquetFile, field: str) -> NDArray[Any]:
    """One column, row group by row group into its final place: Arrow never holds more than one of them."""
    rows = np.zeros(0)
    for at, part in _row_groups(file, field):
        if at == 0 and len(rows) == 0:
            rows = np.empty((file.metadata.num_rows, *part.shape[1:]), part.dtype)
        rows[at : at + len(part)] = part
    return rows


def _row_groups(file: pq.ParquetFile, field: str) -> Iterator[tuple[int, NDArray[Any]]]:
    """(first row, rows) of one column, at least once."""
    if not file.num_row_groups:
        yield 0, _to_numpy(file.read(columns=[field]).column(0))
    at = 0
    for group in range(file.num_row_groups):
        part = _to_numpy(file.read_row_group(group, columns=[field], use_threads=False).column(0))
        yield at, part
        at += len(part)


def _to_numpy(chunked: pa.ChunkedArray) -> NDArray[Any]:
    if pa.types.is_binary(chunked.type):
        return np.array(chunked.to_pylist(), object)
    if pa.types.is_string(chunked.type):
        return np.array(chunked.to_pylist(), np.dtypes.StringDType())
    if pa.types.is_fixed_size_list(chunked.type):
        return np.asarray(chunked.combine_chunks().flatten().to_numpy()).reshape(
            len(chunked), chunked.type.list_size
        )
    return np.asarray(chunked.to_numpy())


def _write(table: pa.Table, path: Path) -> None:
    with writer_of(path, table.schema) as writer:
        writer.write_table(table)


def _join(parts: list[Path], path: Path) -> int:
    """Parts into one file, a row group each: the number of rows."""
    rows = 0
    with writing(path) as temporary, writer_of(temporary, pq.read_schema(parts[0])) as writer:
        for part in parts:
            with pq.ParquetFile(part, pre_buffer=False) as file:
                table = file.read(use_threads=False)
            rows += table.num_rows
            writer.write_table(table)
    return rows


def writer_of(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=False, use_byte_stream_split=_floats(schema)
    )


def _floats(schema: pa.Schema) -> list[str]:
    """Parquet paths of the float columns, for byte-stream split (performance.md: two thirds of plain)."""
    plain = [f.name for f in schema if pa.types.is_floating(f.type)]
    return plain + [f"{f.name}.list.element" for f in schema if pa.types.is_fixed_size_list(f.type)]
