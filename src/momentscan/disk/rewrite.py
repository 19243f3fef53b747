"""A complete signal log without some of its rows, made beside it: a kill at any instant leaves the old log or
the new one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from momentscan.disk.files import remove, swap, translate_os_errors, writing
from momentscan.disk.log import MANIFEST, manifest_of, to_arrow, write_manifest, writer_of
from momentscan.errors import UnreadableInput
from momentscan.records.log import LogFile
from momentscan.signals.schema import field_of, table_of
from momentscan.values import Columns

Mask = NDArray[np.bool_]


class LogRewriter:
    """Writes the whole new log into `signals.part/`, and only `close` puts it in the place of the old one.

    keep     table -> (N,) which of its rows stay; tables that are not named stay whole
    changed  column -> its rows (N, ...) as they are to be, before rows go
    added    maker -> columns of tables of its own; what it wrote before is replaced

    Files in which nothing changes are linked, not copied: no byte of them is read. A log whose rows are not
    all there to be read, or a disk without room, is told here, before anything is lost. The key stays: it
    says how the video was watched, and that is the same.
    """

    def __init__(
        self, folder: Path, keep: Mapping[str, Mask], changed: Columns, added: Mapping[str, Columns]
    ) -> None:
        manifest = manifest_of(folder)
        if manifest is None:
            raise UnreadableInput(f"{folder}: holds no complete signal log; scan the video again")
        self._folder, self._manifest = folder, manifest
        self._work = folder.with_name(folder.name + ".part")
        remove(self._work)
        try:
            with translate_os_errors(self._work):
                self._work.mkdir()
            self._files = self._rewritten(keep, changed) | self._written(added)
        except BaseException:
            self.abandon()
            raise

    def close(self) -> None:
        """The manifest, and then the new log is the log."""
        manifest = dataclasses.replace(self._manifest, files=dict(sorted(self._files.items())))
        write_manifest(self._work, manifest)
        swap(self._work, self._folder)

    def abandon(self) -> None:
        """Leaves the old log as it was; but what has its manifest is complete, and `manifest_of` puts it in
        its place.
        """
        if not (self._work / MANIFEST).is_file():
            remove(self._work)

    def _rewritten(self, keep: Mapping[str, Mask], changed: Columns) -> dict[str, LogFile]:
        files = {}
        for name, file in self._manifest.files.items():
            mask = keep.get(table_of(file.columns[0]))
            new = {field_of(c): changed[c] for c in file.columns if c in changed}
            files[name] = file
            if new or (mask is not None and not mask.all()):
                rows = _filtered(self._folder / name, self._work / name, mask, new)
                files[name] = LogFile(rows, file.columns)
            else:
                with translate_os_errors(self._work / name):
                    (self._work / name).hardlink_to(self._folder / name)
        return files

    def _written(self, added: Mapping[str, Columns]) -> dict[str, LogFile]:
        files = {}
        for maker, columns in added.items():
            for table in sorted({table_of(c) for c in columns}):
                path = self._work / f"{table}.{maker}.parquet"
                rows = pa.table(
                    {field_of(c): to_arrow(x) for c, x in columns.items() if table_of(c) == table}
                )
                with translate_os_errors(path):
                    path.unlink(missing_ok=True)  # a link to what it wrote before
                with writing(path) as temporary, writer_of(temporary, rows.schema) as writer:
                    writer.write_table(rows)
                names = tuple(f"{table}.{n}" for n in rows.schema.names)
                files[path.name] = LogFile(rows.num_rows, names)
        return files


def _filtered(path: Path, target: Path, mask: Mask | None, changed: Mapping[str, NDArray[Any]]) -> int:
    """One file with new values in some columns and without the rows that do not stay, row group by row group:
    how many are left.
    """
    rows = at = 0
    parts = _parts(path)
    with writing(target) as temporary, writer_of(temporary, next(parts).schema) as writer:
        for part in parts:
            span = slice(at, at + part.num_rows)
            at += part.num_rows
            for field, values in changed.items():
                part = part.set_column(
                    part.schema.names.index(field), part.schema.field(field), to_arrow(values[span])
                )
            part = part if mask is None else part.filter(pa.array(mask[span]))
            rows += part.num_rows
            writer.write_table(part)
    return rows


def _parts(path: Path) -> Iterator[pa.Table]:
    """A table without rows, which tells the schema, then the row groups of a file."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield file.schema_arrow.empty_table()
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise UnreadableInput(f"{path}: is damaged ({error}); scan the video again with --force") from None
