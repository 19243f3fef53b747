"""Everything that is known of each sample of one person's face, for the choice of reference images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from momentscan.knobs import Knob
from momentscan.select.buckets import Buckets, FaceBins
from momentscan.select.gate import Gate, failing, measured
from momentscan.select.identity import Identity, alignment_error
from momentscan.select.people import Person
from momentscan.select.portraits import between
from momentscan.signals import Signals
from momentscan.signals.boxes import heights
from momentscan.signals.forgotten import forgotten_spans
from momentscan.signals.join import rows_of_tracks, same_faces
from momentscan.signals.spans import within
from momentscan.values import Series, Window

Mask = NDArray[np.bool_]


class FaceSamples(NamedTuple):
    """One person's face samples, (N,) each, ascending in time; `face` and `body` are vision vectors (N, D),
    zeros where `pictured` is False.

    strict, loose   they pass that gate, and are as sharp as a reference must be
    visible         they pass what the loose gate asks of detection and blur, whatever the light and whatever
                    hides the face
    whole           the box ends inside the picture at both sides
    allowed         nobody who was forgotten may be in the picture
    upright         the head is not laid over and the five points fit a face
    stable          cosine with the prototype, NaN where Face-ID did not look
    other           cosine with the closest prototype of anybody else; -1 where there is none
    quality         in [0, 1]; frontal, in [0, 1]: 1 = straight ahead
    moment          they lie in a highlight window
    usual           (face, body) median 1 - cos of samples at least a second apart
    """

    rows: NDArray[np.int64]
    time_s: Series
    bins: FaceBins
    strict: Mask
    loose: Mask
    visible: Mask
    upright: Mask
    whole: Mask
    allowed: Mask
    pictured: Mask
    stable: Series
    other: Series
    quality: Series
    frontal: Series
    moment: Mask
    face: NDArray[np.float32]
    body: NDArray[np.float32]
    usual: tuple[float, float]


@dataclass(frozen=True)
class ReferenceQuality:
    """How good a reference each sample would be. Weights are renormalised over what was measured."""

    w_sharp: Annotated[
        float, Knob("", source="identity_builder §8: minimal blur; taste; to be swept", low=0)
    ] = 0.4
    w_size: Annotated[float, Knob("", source="taste; to be swept", low=0)] = 0.2
    w_clear: Annotated[
        float, Knob("", source="identity_builder §8: minimal occlusion; taste; to be swept", low=0)
    ] = 0.25
    w_sure: Annotated[float, Knob("", source="taste: the detector's confidence", low=0)] = 0.15
    misfit: Annotated[
        float,
        Knob(
            "",
            source="measured on ../shared/media: points of faces turned by 40° miss by .2 to .3, failed "
            "alignments by more",
            low=0,
        ),
    ] = 0.3

    sharpness: Annotated[
        float,
        Knob(
            "grey²",
            source="measured: a face of 240 px out of focus by σ = 9 px leaves 7 to 11, which the gate's "
            "5 lets pass, a 360p webcam 12 to 74; "
            "challenge: half, its blur floor",
            low=0,
        ),
    ] = 12.0
    margin: Annotated[
        float,
        Knob(
            "× box",
            source="taste: so much must be left and right of a face, or half of it may be outside; "
            "close-ups often touch above and below",
            low=0,
            high=1,
        ),
    ] = 0.05

    def __call__(
        self,
        signals: Signals,
        person: Person,
        identity: Identity,
        windows: Sequence[Window],
        gate: Gate,
        buckets: Buckets,
        roll_deg: float,
    ) -> FaceSamples:
        rows = person.rows
        time_s = signals["faces.time_s"][rows]
        reasons = gate(signals, rows, "loose")
        soft, smeared = (
            measured(signals, "sharpness", rows) < self.sharpness * share for share in (1.0, 0.5)
        )
        strict = ~failing(gate(signals, rows, "strict")) & ~soft
        bins = buckets(signals, rows, strict)
        hidden = ("gate.detect.confidence", "gate.detect.area", "gate.blur.face")
        pictured, face, body = _pictures(signals, person)
        return FaceSamples(
            rows,
            time_s,
            bins,
            strict,
            ~failing(reasons) & ~soft,
            ~failing({name: reasons[name] for name in hidden}) & ~smeared,
            ~(np.abs(measured(signals, "roll", rows)) > roll_deg)
            & (alignment_error(signals, rows) <= self.misfit),
            self._whole(signals, rows),
            ~within(forgotten_spans(signals), time_s, closed=True),
            pictured,
            identity.stable,
            identity.other,
            self._quality(signals, rows),
            np.nan_to_num(1 - np.clip((np.abs(bins.yaw_deg) / 45 + np.abs(bins.pitch_deg) / 30) / 2, 0, 1)),
            within([(w.start_s, w.end_s) for w in windows], time_s, closed=False),
            face,
            body,
            (usual_change(time_s[pictured], face[pictured]), usual_change(time_s[pictured], body[pictured])),
        )

    def _whole(self, signals: Signals, rows: NDArray[np.int64]) -> Mask:
        left, right = signals["faces.bbox"][rows][:, (0, 2)].astype(np.float64).T
        margin = self.margin * (right - left)
        return np.asarray((left >= margin) & (right <= 1 - margin), np.bool_)

    def _quality(self, signals: Signals, rows: NDArray[np.int64]) -> Series:
        height = heights(signals["faces.bbox"][rows].astype(np.float64))
        parts = np.stack(
            [
                between(np.log(np.maximum(measured(signals, "sharpness", rows), 1e-3))),
                np.clip(height / max(float(np.percentile(height, 95)), 1e-9), 0, 1),
                1 - measured(signals, "occlusion", rows),
                np.clip(measured(signals, "score", rows), 0, 1),
            ]
        )
        weights = np.array([[self.w_sharp], [self.w_size], [self.w_clear], [self.w_sure]]) * np.isfinite(
            parts
        )
        return np.asarray(
            (np.nan_to_num(parts) * weights).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-12), np.float64
        )


def track_by_track(signals: Signals) -> Signals:
    """The same signals with a person for every track: nobody knows who comes back when no Face-ID model has
    looked.
    """
    if "tracks.id" not in signals:
        return signals
    columns = {name: partial(signals.__getitem__, name) for name in signals}
    return Signals(
        signals.video,
        {**columns, "tracks.person": partial(signals.__getitem__, "tracks.id")},
        signals.made_by,
    )


def _pictures(signals: Signals, person: Person) -> tuple[Mask, NDArray[np.float32], NDArray[np.float32]]:
    """Which of the person's rows were embedded, and their face and body vectors, (N, D) each."""
    n = len(person.rows)
    if not signals.rows("crops.time_s"):
        return np.zeros(n, np.bool_), np.zeros((n, 1), np.float32), np.zeros((n, 1), np.float32)
    rows = rows_of_tracks(signals, "crops", person.tracks)
    place = same_faces(signals, ("faces", person.rows), ("crops", rows))
    faces, bodies = (signals.vectors(name, rows).rows for name in ("crops.face", "crops.body"))
    return place >= 0, _picked(faces, place), _picked(bodies, place)


def _picked(vectors: NDArray[np.float32], place: NDArray[np.int64]) -> NDArray[np.float32]:
    if not len(vectors):
        return np.zeros((len(place), 1), np.float32)
    return np.asarray(np.where((place >= 0)[:, None], vectors[np.maximum(place, 0)], 0), np.float32)


def usual_change(time_s: Series, vectors: NDArray[np.float32]) -> float:
    """Median 1 - cos of pairs at least a second apart, of at most 64 looks; 0 where there are none (readings
    I10).
    """
    sample = np.arange(0, len(time_s), max(1, len(time_s) // 64))
    apart = np.abs(time_s[sample][:, None] - time_s[sample][None]) >= 1.0
    return float(np.median((1 - vectors[sample] @ vectors[sample].T)[apart])) if apart.any() else 0.0
