"""A .tflite file, opened so that it runs on one quiet thread of the CPU, or says in a line why not."""

from __future__ import annotations

import os
import threading
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentscan.errors import BadWeights, MissingModel, one_line
from momentscan.models.session import Port

_one_at_a_time = threading.Lock()


class LiteRt:
    """An open network. Its tensors are its memory, so that two threads take turns."""

    def __init__(self, name: str, inner: Any) -> None:
        self.name = name
        self.inputs = tuple(_port(p) for p in inner.get_input_details())
        self.outputs = tuple(_port(p) for p in inner.get_output_details())
        self._inner = inner
        self._busy = threading.Lock()
        self._feeds = [p["index"] for p in inner.get_input_details()]
        self._gives = [p["index"] for p in inner.get_output_details()]

    def run(self, feeds: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """All outputs for these inputs, both in the file's order. Raises BadWeights if the network cannot be
        computed with them.
        """
        if len(feeds) != len(self._feeds):
            raise BadWeights(
                f"{self.name} wants {len(self._feeds)} inputs, got {len(feeds)}; another network than the "
                "catalogue's"
            )
        try:
            with self._busy:
                for index, feed in zip(self._feeds, feeds, strict=True):
                    self._inner.set_tensor(index, feed)
                self._inner.invoke()
                return [np.asarray(self._inner.get_tensor(index)) for index in self._gives]
        except (ValueError, RuntimeError) as error:
            raise BadWeights(f"{self.name} does not run: {one_line(error)[:200]}") from None


def open_litert(path: Path, member: str | None = None) -> LiteRt:
    """Opens the network at `path`, or the one called `member` inside it where it is a bundle (.task, a zip).

    Raises MissingModel for a file that cannot be read, BadWeights for one that is no LiteRT network or no
    such bundle.
    """
    name = path.name if member is None else f"{path.name}/{member}"
    content = _read(path) if member is None else _read_member(path, member)
    from ai_edge_litert.interpreter import Interpreter  # 0.2 s and 30 MB

    if not content:
        raise BadWeights(f"LiteRT cannot open {name}: it is empty")
    try:
        with _quiet():
            inner = Interpreter(model_content=content, num_threads=1)  # the worker is the unit of parallelism
            inner.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise BadWeights(f"LiteRT cannot open {name}: {one_line(error)[:200]}") from None
    return LiteRt(name, inner)


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing reaches file descriptor 2 meanwhile, in the whole process.

    LiteRT 2.3 tells on stderr, from C++, which delegate it made; no variable or setting of it
    (TF_CPP_MIN_LOG_LEVEL, absl's) stops that.
    """
    with _one_at_a_time:  # of two at once the second would take the first one's void for the real stderr
        try:
            kept = os.dup(2)
        except OSError:  # a daemon without stderr has nothing to silence
            yield
            return
        try:
            with Path(os.devnull).open("wb") as void:
                os.dup2(void.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingModel(f"{path} cannot be read: {error.strerror or one_line(error)}") from None


def _read_member(path: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as bundle:
            return bundle.read(member)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
    ) as error:  # RuntimeError: encrypted, or packed in a way unknown
        raise BadWeights(f"{path.name} is no bundle of networks: {one_line(error)}") from None
    except KeyError:
        raise BadWeights(
            f"{path.name} has no member {member!r}; another bundle than the catalogue's"
        ) from None
    except OSError as error:
        raise MissingModel(f"{path} cannot be read: {error.strerror or one_line(error)}") from None


def _port(inner: Any) -> Port:
    return Port(str(inner["name"]), tuple(int(n) for n in inner["shape"]), np.dtype(inner["dtype"]).name)
