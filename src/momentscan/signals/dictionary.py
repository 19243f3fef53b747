"""The dictionary of the product: every column that is logged, with its unit, its maker and what its sign
means. Data only; `schema` looks things up in it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """`name` is "table.column". `dtype` is a numpy name, "str" (numpy's StringDType), or "bytes". `shape` is
    the row's: () for a number, (-1,) for a vector.
    """

    name: str
    dtype: str
    unit: str
    maker: str
    meaning: str
    sign: str = ""
    shape: tuple[int, ...] = ()


COLUMNS: tuple[Column, ...] = (
    Column(
        "frames.time_s",
        "float64",
        "s",
        "frame_times",
        "PTS of each sampled frame, from the first frame of the video",
        "ascending",
    ),
    Column(
        "frames.frame_idx",
        "int64",
        "",
        "frame_times",
        "0-based place of the frame in decode order",
        "ascending",
    ),
    Column(
        "frames.sharpness",
        "float32",
        "grey²",
        "frame_quality",
        "variance of the Laplacian of luma at 180 px short side",
        "higher is sharper",
    ),
    Column(
        "frames.exposure_mean",
        "float32",
        "grey 0-255",
        "frame_quality",
        "mean luma (BT.601)",
        "higher is brighter",
    ),
    Column(
        "frames.contrast",
        "float32",
        "",
        "frame_quality",
        "standard deviation of luma over its mean",
        "higher has more contrast",
    ),
    Column(
        "frames.motion",
        "float32",
        "diagonals/s",
        "motion",
        "mean length of the optical flow since the previous sampled frame, camera included; NaN for the "
        "first",
        "higher moves more",
    ),
    Column(
        "frames.motion_camera",
        "float32",
        "diagonals/s",
        "motion",
        "length of the median flow, the movement of the camera",
        "higher moves more",
    ),
    Column(
        "frames.motion_local",
        "float32",
        "diagonals/s",
        "motion",
        "mean length of the flow after the median flow is taken off, the movement within the picture",
        "higher moves more",
    ),
    Column(
        "frames.content_change",
        "float32",
        "0-255",
        "scenes",
        "PySceneDetect's content value: mean change of hue, saturation and luma since the previous "
        "sampled frame; NaN for the first",
        "higher changes more",
    ),
    Column(
        "scenes.start_s", "float64", "s", "scenes", "start of a shot: PTS of its first frame", "ascending"
    ),
    Column(
        "scenes.end_s",
        "float64",
        "s",
        "scenes",
        "end of a shot (half-open): start of the next, or the end of the video",
        "ascending",
    ),
    Column("sound.time_s", "float64", "s", "sound", "start of a bin of 0.5 s", "ascending"),
    Column(
        "sound.rms",
        "float32",
        "1 = full scale",
        "sound",
        "root mean square of the bin (librosa.feature.rms, frame = hop = bin)",
        "louder",
    ),
    Column(
        "sound.rms_change_db",
        "float32",
        "dB",
        "sound",
        "change of the bin's level since the previous bin, within ±30; 0 for the first",
        "+ is louder",
    ),
    Column(
        "sound.loud_db",
        "float32",
        "dB re full scale",
        "sound",
        "95th percentile of the short-time RMS (librosa.feature.rms defaults 2048/512) in the bin, floor -60",
        "louder",
    ),
    Column(
        "sound.onset",
        "float32",
        "dB",
        "sound",
        "largest spectral flux in the bin: mean rise of the log spectrum between 512-sample hops",
        "+ is an attack",
    ),
    # voice, words, tags: what is said and what else is heard
    Column("voice.time_s", "float64", "s", "speech", "start of a step of 32 ms", "ascending"),
    Column(
        "voice.prob",
        "float32",
        "0-1",
        "speech",
        "probability that somebody speaks; NaN where the file carries no sound",
        "higher is surer",
    ),
    Column("words.start_s", "float64", "s", "words", "start of a word", "never descending"),
    Column(
        "words.end_s",
        "float64",
        "s",
        "words",
        "end of a word (half-open), later than its start; may reach into the next where two speak at once",
    ),
    Column("words.text", "str", "", "words", "the word with its punctuation, as written"),
    Column(
        "words.sentence",
        "int64",
        "",
        "words",
        "number of the sentence that the word belongs to, from 0 in order of beginning",
    ),
    Column(
        "words.timed",
        "bool",
        "",
        "words",
        "True where the source gave the word its times, False where a cue's span was shared among its "
        "words by their length",
    ),
    Column(
        "words.prob",
        "float32",
        "0-1",
        "words",
        "how sure the recogniser was; NaN where the source does not say",
        "higher is surer",
    ),
    Column(
        "tags.time_s", "float64", "s", "tags", "start of a patch of 0.96 s, one every 0.48 s", "ascending"
    ),
    Column(
        "tags.laughter",
        "float32",
        "0-1",
        "tags",
        "score of laughter: the highest of AudioSet's kinds of it; NaN where the file carries no sound",
        "higher is surer",
    ),
    Column(
        "tags.applause",
        "float32",
        "0-1",
        "tags",
        "score of applause and clapping; NaN where the file carries no sound",
        "higher is surer",
    ),
    Column(
        "tags.cheer",
        "float32",
        "0-1",
        "tags",
        "score of cheering, whoops and shouts; NaN where the file carries no sound",
        "higher is surer",
    ),
    Column(
        "tags.music",
        "float32",
        "0-1",
        "tags",
        "score of music and singing; NaN where the file carries no sound",
        "higher is surer",
    ),
    Column(
        "tags.speech",
        "float32",
        "0-1",
        "tags",
        "score of speech; NaN where the file carries no sound",
        "higher is surer",
    ),
    Column(
        "level.time_s",
        "float64",
        "s",
        "sound",
        "middle of each 93 ms over which the level is taken, every 23 ms",
        "ascending",
    ),
    Column(
        "level.db",
        "float32",
        "dB re full scale",
        "sound",
        "short-time RMS (librosa.feature.rms defaults 2048/512), floor -60",
        "louder",
    ),
    Column("vision.time_s", "float64", "s", "vision", "PTS of each embedded frame", "ascending"),
    Column(
        "vision.embedding",
        "float32",
        "L2 = 1",
        "vision",
        "vision embedding of the whole frame; its model stands in the manifest",
        shape=(-1,),
    ),
    Column(
        "vision.change",
        "float32",
        "1 - cos",
        "vision",
        "change of the embedding since the embedded frame before, half a second ago; NaN for the first",
        "higher changes more",
    ),
    Column("thumbnails.time_s", "float64", "s", "thumbnails", "PTS of each thumbnail", "ascending"),
    Column("thumbnails.jpeg", "bytes", "JPEG", "thumbnails", "a small picture of the frame, for reports"),
    Column(
        "frames.n_faces", "float32", "", "faces", "faces found in the frame; NaN where none were looked for"
    ),
    # faces: one row per face in each looked-at frame, by time, then by detector score
    Column(
        "faces.time_s", "float64", "s", "faces", "PTS of the frame the face was seen in", "never descending"
    ),
    Column(
        "faces.frame_idx",
        "int64",
        "",
        "faces",
        "0-based place of that frame in decode order",
        "never descending",
    ),
    Column("faces.score", "float32", "0-1", "faces", "the detector's confidence", "higher is surer"),
    Column(
        "faces.bbox",
        "float32",
        "share of width, height",
        "faces",
        "x1, y1, x2, y2 of the face as detected; may reach past the picture",
        "x to the right, y down",
        shape=(4,),
    ),
    Column(
        "faces.points",
        "float32",
        "share of width, height",
        "faces",
        "x, y of five points, left and right as seen in the picture: left eye, right eye, nose, left and "
        "right corner of the mouth",
        "x to the right, y down",
        shape=(10,),
    ),
    Column(
        "faces.track", "int64", "", "tracks", "the track the face belongs to; rows of `tracks` tell of it"
    ),
    Column(
        "faces.place",
        "int64",
        "",
        "tracks",
        "place of its track among those in the frame, by size, centre and length so far; 0 comes first "
        "and is looked at most closely",
    ),
    Column(
        "faces.bbox_smooth",
        "float32",
        "share of width, height",
        "tracks",
        "the box after exponential smoothing along its track",
        "x to the right, y down",
        shape=(4,),
    ),
    Column(
        "faces.sharpness",
        "float32",
        "grey²",
        "face_quality",
        "variance of the Laplacian of the face's luma at 112 px",
        "higher is sharper",
    ),
    Column(
        "faces.exposure_mean",
        "float32",
        "grey 0-255",
        "face_quality",
        "mean luma of the face box",
        "higher is brighter",
    ),
    Column(
        "faces.contrast",
        "float32",
        "",
        "face_quality",
        "standard deviation of the face's luma over its mean",
        "higher has more contrast",
    ),
    Column(
        "faces.clipped",
        "float32",
        "0-1",
        "face_quality",
        "share of the face's pixels with luma ≥ 250",
        "higher has lost more light",
    ),
    Column(
        "faces.crushed",
        "float32",
        "0-1",
        "face_quality",
        "share of the face's pixels with luma ≤ 5",
        "higher has lost more shadow",
    ),
    Column(
        "faces.yaw",
        "float32",
        "deg",
        "head",
        "turn of the head about the vertical; NaN where not measured",
        "+ looks to the picture's right",
    ),
    Column("faces.pitch", "float32", "deg", "head", "nod of the head; NaN where not measured", "+ looks up"),
    Column(
        "faces.roll",
        "float32",
        "deg",
        "head",
        "tilt of the head in the picture; NaN where not measured",
        "+ is clockwise as seen",
    ),
    Column(
        "faces.mouth_open",
        "float32",
        "",
        "head",
        "gap between the inner lips over the mouth's width; NaN where not measured",
        "higher is wider open",
    ),
    Column(
        "faces.eye_open",
        "float32",
        "",
        "head",
        "eye aspect ratio, mean of both eyes (Soukupova & Cech 2016); NaN where not measured",
        "higher is wider open",
    ),
    Column(
        "faces.smile",
        "float32",
        "0-1",
        "head",
        "how far the corners of the mouth are drawn up and out; NaN where not measured",
        "higher smiles more",
    ),
    Column(
        "faces.occlusion",
        "float32",
        "0-1",
        "head",
        "share of the face that something hides, as far as landmarks and colour tell; NaN where not measured",
        "higher hides more",
    ),
    # crops: what the main faces and their upper bodies look like
    Column(
        "crops.time_s", "float64", "s", "crops", "PTS of the frame a crop was cut from", "never descending"
    ),
    Column("crops.track", "int64", "", "crops", "the track of the face"),
    Column(
        "crops.face",
        "float32",
        "L2 = 1",
        "crops",
        "vision embedding of the face, turned upright by its smoothed points, × 1.5; its model stands in "
        "the manifest",
        shape=(-1,),
    ),
    Column(
        "crops.body",
        "float32",
        "L2 = 1",
        "crops",
        "vision embedding of the upper body; the same model as crops.face",
        shape=(-1,),
    ),
    Column(
        "crops.body_box",
        "float32",
        "share of width, height",
        "crops",
        "x1, y1, x2, y2 of the upper body, from the body pose where there is one, else from the face",
        shape=(4,),
    ),
    Column(
        "crops.fresh",
        "bool",
        "",
        "crops",
        "False where nothing had changed and the row before was repeated (events mode)",
    ),
    # face_ids: who it is; never what it shows
    Column("face_ids.time_s", "float64", "s", "tracks", "PTS of the frame", "never descending"),
    Column("face_ids.track", "int64", "", "tracks", "the track of the face"),
    Column(
        "face_ids.embedding",
        "float32",
        "L2 = 1",
        "tracks",
        "Face-ID embedding of the aligned 112 px crop",
        shape=(-1,),
    ),
    # poses: the bodies under the main faces
    Column("poses.time_s", "float64", "s", "body", "PTS of the frame", "never descending"),
    Column("poses.track", "int64", "", "body", "the track of the face on that body"),
    Column(
        "poses.points",
        "float32",
        "share of width, height; 0-1",
        "body",
        "x, y, confidence of the 17 COCO points: nose, eyes, ears, shoulders, elbows, wrists, hips, "
        "knees, ankles, each the subject's left first",
        "x to the right, y down",
        shape=(51,),
    ),
    # tracks: one row per track, at the end
    Column("tracks.id", "int64", "", "tracks", "number of the track, in order of appearance", "ascending"),
    Column(
        "tracks.person",
        "int64",
        "",
        "tracks",
        "number of the person: tracks that Face-ID (or, without it, place and time) joins share it",
    ),
    Column("tracks.start_s", "float64", "s", "tracks", "first time the face was seen"),
    Column("tracks.end_s", "float64", "s", "tracks", "last time the face was seen"),
    Column("tracks.n_faces", "int64", "", "tracks", "rows of `faces` in it"),
    Column("tracks.jpeg", "bytes", "JPEG", "tracks", "a small picture of the face, for reports"),
    # made by verbs, not by perceivers: what watching a feed missed, and when somebody forgotten can be seen
    Column(
        "gaps.start_s", "float64", "s", "watch", "start of a stretch of a feed that nobody saw", "ascending"
    ),
    Column(
        "gaps.end_s",
        "float64",
        "s",
        "watch",
        "its end (half-open); NaN where nobody knows how long it was, and time went on by one frame",
    ),
    Column("gaps.reason", "bytes", "UTF-8", "watch", "why nothing was seen"),
    Column(
        "forgotten.start_s",
        "float64",
        "s",
        "forgetting",
        "start of a span in which somebody who was forgotten can be seen: no picture is made of it",
        "ascending",
    ),
    Column(
        "forgotten.end_s", "float64", "s", "forgetting", "end of that span, which belongs to it", "ascending"
    ),
)
