"""One typed object of settings: arguments > MOMENTSCAN_* > momentscan.toml > defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from momentscan import registry
from momentscan.errors import UsageError

TOML = "momentscan.toml"


class Settings(BaseSettings):
    """What can be set. Knobs of engines stand in tables of their own: `[saliency]`, `[picks]`; plug-ins'
    engines may add tables.
    """

    model_config = SettingsConfigDict(
        env_prefix="MOMENTSCAN_", extra="allow", frozen=True, env_nested_delimiter="__"
    )

    output: Path = Field(Path("output"), description="folder for results, one folder per video")
    engine: str = Field("all", description="engines to run, comma-separated, or all")
    models: Path | None = Field(None, description="folder of weights, looked into before the cache")
    embedder: str = Field(
        "auto",
        description="vision embedder; auto = the first whose weights are here, else the built-in descriptor",
    )
    detector: str = Field(
        "auto", description="face detector; auto = the first whose weights are here, none = look for no faces"
    )
    landmarks: str = Field(
        "auto",
        description="face landmarks; auto = the first whose weights are here, none = angles from five "
        "points only",
    )
    face_id: str = Field(
        "auto", description="Face-ID; auto = the first that may be used commercially and is here, none = none"
    )
    body_pose: str = Field(
        "auto", description="body pose; auto = the first whose weights are here, none = none"
    )
    voice: str = Field(
        "auto", description="voice activity; auto = the first whose weights are here, none = none"
    )
    tagger: str = Field(
        "auto",
        description="audio tagger (laughter, applause, …); auto = the first whose weights are here, none "
        "= none",
    )
    transcript: str = Field(
        "auto",
        description="SRT, VTT, ASS or JSON of what is said; auto = a file beside the video, none = none",
    )
    asr: str = Field(
        "none",
        description="speech recognition without a transcript: name or folder of a Whisper model (extra "
        "`speech`)",
    )
    device: Literal["auto", "cpu", "cuda", "coreml"] = Field("auto", description="where networks run")
    decode: Literal["exact", "fast"] = Field(
        "exact", description="fast skips the loop filter and frames that no other refers to"
    )
    motion: Literal["dis", "farneback"] = Field(
        "dis", description="optical flow; farneback = the seed's, full size, slow"
    )
    grid_hz: float = Field(10.0, ge=0.1, le=240, description="sampled frames per second of video")
    jobs: int = Field(1, ge=1, le=256, description="videos scanned at the same time, one process each")
    stills: bool = Field(True, description="cut full-size stills of the chosen frames")
    faces: dict[str, Any] = Field(default_factory=dict, description="knobs of how faces are looked for")
    tracks: dict[str, Any] = Field(default_factory=dict, description="knobs of the tracker")
    heads: dict[str, Any] = Field(default_factory=dict, description="knobs of the landmarks")
    bodies: dict[str, Any] = Field(default_factory=dict, description="knobs of the body pose")
    crops: dict[str, Any] = Field(default_factory=dict, description="knobs of the crops that are embedded")
    sentences: dict[str, Any] = Field(default_factory=dict, description="knobs of how words become sentences")
    recognising: dict[str, Any] = Field(
        default_factory=dict, description="knobs of how sound is cut for speech recognition"
    )
    rules: dict[str, Any] = Field(default_factory=dict, description="knobs of the rules engine")
    vector: dict[str, Any] = Field(default_factory=dict, description="knobs of the vector engine")
    saliency: dict[str, Any] = Field(default_factory=dict, description="knobs of the saliency engine")
    gate: dict[str, Any] = Field(default_factory=dict, description="knobs of the quality gate for faces")
    picks: dict[str, Any] = Field(default_factory=dict, description="knobs of the choice of stills")

    identity: bool = Field(True, description="build identity packs of the main people")
    token: str = Field("sks", description="word for the person in captions of identity packs")
    token_class: str = Field("person", description="what the token is one of, in captions of identity packs")
    packs: dict[str, Any] = Field(default_factory=dict, description="knobs of the choice of reference images")
    pairs: dict[str, Any] = Field(default_factory=dict, description="knobs of the pair pack")
    buckets: dict[str, Any] = Field(
        default_factory=dict, description="knobs of the bins of pose, expression, occlusion and light"
    )
    references: dict[str, Any] = Field(
        default_factory=dict, description="knobs of how good a reference a look is"
    )
    identities: dict[str, Any] = Field(default_factory=dict, description="knobs of the identity prototype")
    memory: dict[str, Any] = Field(default_factory=dict, description="knobs of the memory bank")
    cutting: dict[str, Any] = Field(default_factory=dict, description="knobs of how reference images are cut")

    cut: Literal["exact", "copy", "smart"] = Field(
        "exact",
        description="clips to the frame, by encoding; copy = on key frames, smart = encode the edges only",
    )
    aspect: str | None = Field(None, description="crop clips to 16:9, 9:16 or 1:1, following the main person")
    reel: bool = Field(False, description="all clips of an engine as one film with chapters, too")
    preview: Literal["none", "gif", "webp"] = Field("none", description="a small moving picture of each clip")
    subtitles: bool = Field(
        True, description="what is said in a clip as .srt and .vtt beside it, where a transcript was logged"
    )
    align: dict[str, Any] = Field(default_factory=dict, description="knobs of where clips start and end")
    delivery: dict[str, Any] = Field(default_factory=dict, description="knobs of which moments become clips")
    clips: dict[str, Any] = Field(default_factory=dict, description="knobs of how clips are encoded")
    follow: dict[str, Any] = Field(
        default_factory=dict, description="knobs of crops that follow the main person"
    )
    live: dict[str, Any] = Field(default_factory=dict, description="knobs of watching what is live")
    hardening: dict[str, Any] = Field(
        default_factory=dict, description="knobs of when a live moment is final"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, TOML)


def load(**given: Any) -> Settings:
    """The settings in force; arguments that are None were not given. Raises UsageError naming the setting and
    what was found.
    """
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(p) for p in first["loc"])
        raise UsageError(f"setting {name}: {first['msg'].lower()}, got {first.get('input')!r}") from None
    except (
        ValueError,
        OSError,
    ) as error:  # a momentscan.toml that is no TOML, an environment variable that is no JSON
        raise UsageError(
            f"{TOML} or a MOMENTSCAN_ variable cannot be read: {' '.join(str(error).split())}"
        ) from None
    tables = [*registry.names("scorers"), *registry.names("perceivers")]
    slots = registry.names("models")
    for name, value in (settings.model_extra or {}).items():  # knobs and models of plug-ins
        if name not in (tables if isinstance(value, dict) else slots):
            known = [*Settings.model_fields, *registry.names("scorers")]
            raise UsageError(
                f"there is no setting {name!r} (from {TOML} or an argument); there are "
                f"{', '.join(dict.fromkeys(known))}"
            )
    return settings
