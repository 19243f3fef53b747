"""Feeds that tests make for themselves: files that grow, pipes, and servers that send, drop and come back."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np

from media.making import numbered
from momentscan.media.decode import SamplingOptions
from momentscan.media.feed import Feed, open_live
from momentscan.media.live_options import LiveOptions, Note
from momentscan.media.render import write_video
from momentscan.values import Batch, VideoInfo

FPS = 25.0
QUICK = LiveOptions(
    still_s=0.4, stall_s=30.0, open_s=3.0, read_s=2.0, retry_s=0.05, retry_most_s=0.2, give_up_s=1.5
)
"""So that tests need not wait."""


SECONDS = SamplingOptions(span_s=1.0)
"""What a scan is asked for, to be compared."""


def recording(
    path: Path, duration_s: float = 6.0, first: int = 0, start_s: float = 0.0, sound: bool = True
) -> Path:
    """Numbered pictures and a tone, in a container that its name tells; from `start_s` on the container's
    clock.
    """
    n = round(duration_s * FPS)
    time_s = np.arange(round(duration_s * 44100)) / 44100
    tone = (0.3 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32) if sound else None
    made = path if start_s == 0 else path.with_name(f"unmoved-{path.name}")
    write_video(made, numbered(n, first), FPS, tone, options={"threads": "1", "g": "12", "bf": "0"})
    if start_s:
        _copied(made, path, start_s)
    return path


def _copied(source: Path, to: Path, later_s: float = 0.0, **options: str) -> Path:
    """The same packets in another container, all of them later."""
    with av.open(str(source)) as container, av.open(str(to), "w", options=options) as out:
        streams = {s.index: out.add_stream_from_template(s) for s in container.streams}
        for packet in container.demux():
            if packet.dts is not None and packet.pts is not None:
                packet.pts, packet.dts = (
                    round(t + later_s / packet.time_base) for t in (packet.pts, packet.dts)
                )
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return to


def fragmented(path: Path, duration_s: float = 6.0) -> Path:
    """A fragmented MP4, as browsers and recorders stream it."""
    whole = recording(path.with_suffix(".whole.mp4"), duration_s)
    return _copied(whole, path, movflags="frag_keyframe+empty_moov+default_base_moof")


def lagging(path: Path, to: Path, by_s: float, duration_s: float = 6.0) -> Path:
    """The same transport stream, but each packet of sound lies so much later in the file."""
    data = path.read_bytes()
    every = [data[at : at + 188] for at in range(0, len(data), 188)]
    later = by_s / duration_s * len(every)
    place = [i + later * (int.from_bytes(p[1:3], "big") & 0x1FFF == 0x101) for i, p in enumerate(every)]
    to.write_bytes(b"".join(every[i] for i in np.argsort(place, kind="stable")))
    return to


def followed(
    source: str | Path,
    following: LiveOptions = QUICK,
    sampling: SamplingOptions = SECONDS,
    most_s: float = float("inf"),
) -> tuple[VideoInfo, list[Batch], list[Note]]:
    """The whole feed: what is known of it at its end, its batches, and what was told."""
    with open_live(str(source), following, most_s=most_s) as feed:
        items = list(feed.batches(sampling, 10_000))
        assert feed.info is not None
        return (
            feed.info,
            [x for x in items if isinstance(x, Batch)],
            [x for x in items if isinstance(x, Note)],
        )


def until(feed: Feed, enough: Callable[[Batch | Note], bool]) -> list[Batch | Note]:
    """What came up to the first thing that is enough."""
    items = []
    for item in feed.batches(short_side_px=10_000):
        items.append(item)
        if enough(item):
            break
    return items


@contextlib.contextmanager
def beside(work: Callable[[], None]) -> Iterator[None]:
    """Something that another thread does meanwhile; what it raises is raised at the end."""
    with ThreadPoolExecutor(1, "beside") as pool:
        done = pool.submit(work)
        yield
        done.result(20)


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def written(
    path: Path, chunks: Sequence[bytes], pause_s: float = 0.0, mode: str = "ab"
) -> Callable[[], None]:
    """Writes pieces to a file or a FIFO, one after the other."""

    def work() -> None:
        with path.open(mode, buffering=0) as file:
            for chunk in chunks:
                file.write(chunk)
                time.sleep(pause_s)

    return work


def cut(data: bytes, n: int) -> list[bytes]:
    """n pieces."""
    edges = np.linspace(0, len(data), n + 1).astype(int)
    return [data[a:b] for a, b in itertools.pairwise(edges)]


Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def server(answers: Callable[[str, int], Answer]) -> Iterator[str]:
    """Its address. `answers(path, how many were asked before)` says how to answer."""
    asked: dict[str, int] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            before = asked.get(self.path, 0)
            asked[self.path] = before + 1
            with contextlib.suppress(OSError):
                answers(self.path, before)(self)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_address[1]}"
        finally:
            running.shutdown()
            thread.join()


def sends(data: bytes, promised: int | None = None) -> Answer:
    """The bytes, under the promise of so many; where more are promised the connection is dropped."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data) if promised is None else promised))
        handler.end_headers()
        handler.wfile.write(data)
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def streams(data: bytes) -> Answer:
    """The bytes without a promise of how many, as a live source does; then the connection is closed."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(data)
        handler.close_connection = True

    return answer


def refuses(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_error(503)


@contextlib.contextmanager
def camera(data: bytes, pause_s: float = 0.0) -> Iterator[str]:
    """An RTSP server of one client and one session (RFC 2326): MPEG-TS in RTP (RFC 2250), interleaved in the
    connection; then it hangs up.
    """
    sdp = (
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=made\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
        b"m=video 0 RTP/AVP 33\r\na=control:trackID=0\r\n"
    )

    def serve(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as asked:
                while line := asked.readline():
                    method, url, _ = line.decode().split(" ", 2)
                    headers = dict(h.decode().strip().split(": ", 1) for h in iter(asked.readline, b"\r\n"))
                    extra, body = {
                        "DESCRIBE": (
                            f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\nContent-Length: "
                            f"{len(sdp)}\r\n",
                            sdp,
                        )
                    }.get(method, ("", b""))
                    if method == "SETUP":
                        extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
                    connection.sendall(
                        f"RTSP/1.0 200 OK\r\nCSeq: {headers['CSeq']}\r\n{extra}\r\n".encode() + body
                    )
                    if method == "PLAY":
                        for number, at in enumerate(range(0, len(data), 7 * 188)):
                            payload = data[at : at + 7 * 188]
                            head = struct.pack(">BBHII", 0x80, 33, number & 0xFFFF, number, 1)
                            connection.sendall(b"$\0" + struct.pack(">H", 12 + len(payload)) + head + payload)
                            time.sleep(pause_s)
                        return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        try:
            yield f"rtsp://127.0.0.1:{listening.getsockname()[1]}/live"
        finally:
            listening.close()
            thread.join(5)
