"""The log of a feed: every batch to the perceivers, what they hand over and forget, and the gaps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from momentscan.assembly.one_pass import made_by
from momentscan.disk import LogWriter
from momentscan.disk.folder import VideoFolder
from momentscan.live.session import LiveSession
from momentscan.media.live_options import Note
from momentscan.perceive import calibrations_of, process_batches
from momentscan.progress import Progress, Step
from momentscan.signals.gaps import columns_of
from momentscan.values import Batch


def until_first(items: Iterator[Batch | Note]) -> list[Batch | Note]:
    """What comes up to the first batch, so that a feed without a picture leaves nothing behind."""
    early: list[Batch | Note] = []
    for item in items:
        early.append(item)
        if isinstance(item, Batch):
            break
    return early


def write_log(
    session: LiveSession,
    early: list[Batch | Note],
    items: Iterator[Batch | Note],
    folder: VideoFolder,
    key: str,
    on_progress: Progress,
) -> None:
    """Shows the feed to the session's perceivers until it ends: the log, whole or not at all."""
    log = LogWriter(folder.log)
    try:
        for done_s, made in process_batches(session.shown(early, items), session.perceivers):
            log.add(done_s, made)
            log.add(done_s, session.take(done_s, made))
            on_progress(Step("watching", done_s, None))
        session.finish()
        if session.gaps:
            log.add(session.seen_s, {"live": columns_of(session.gaps)})
        video = dataclasses.replace(session.feed.info_until(session.seen_s), video_id=folder.video_id)
        log.close(video, key, made_by(session.perceivers), calibrations_of(session.perceivers))
    except BaseException:
        log.abandon()
        raise
    folder.forget_read()
