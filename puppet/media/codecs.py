"""Codecs, encoders and qualities, and what each needs on ffmpeg's command line.

Standard library only, so that the command line can name the choices; `encoders` finds out which ones work.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from puppet.core.errors import RecordingError
from puppet.core.options import ChoiceOption

KEYFRAME_SECONDS = 1.0
LOOKAHEAD = 5  # frames an encoder may hold back: less to lose, hardly larger files at constant quality
VAAPI_DEVICE = "/dev/dri/renderD128"


class Codec(Enum):
    """How pictures are compressed. The value is the word of settings and command line."""

    H264 = "h264"
    HEVC = "hevc"
    VP9 = "vp9"
    AV1 = "av1"
    PRORES = "prores"
    FFV1 = "ffv1"
    PRORES_4444 = "prores-4444"
    VP9_ALPHA = "vp9-alpha"

    @property
    def label(self) -> str:
        """The name for people, as "H.264"."""
        return {
            "h264": "H.264",
            "hevc": "HEVC",
            "vp9": "VP9",
            "av1": "AV1",
            "prores": "ProRes",
            "ffv1": "FFV1",
            "prores-4444": "ProRes 4444",
            "vp9-alpha": "VP9 with alpha",
        }[self.value]

    @property
    def alpha(self) -> bool:
        """Whether its files can be transparent."""
        return self in (Codec.PRORES_4444, Codec.VP9_ALPHA)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Endings of the names of files that can hold it, the usual one first."""
        return {
            "vp9": (".webm", ".mkv", ".mp4"),
            "av1": (".mp4", ".m4v", ".mkv", ".webm"),
            "prores": (".mov", ".mkv"),
            "ffv1": (".mkv",),
            "prores-4444": (".mov", ".mkv"),
            "vp9-alpha": (".webm", ".mkv"),
        }.get(self.value, (".mp4", ".m4v", ".mov", ".mkv"))


class Quality(Enum):
    """How much detail is kept. FFV1 is lossless whatever is asked, and ProRes 4444 nearly so."""

    SMALL = "small"
    GOOD = "good"
    HIGH = "high"


def _codec_help() -> str:
    """Which files each codec goes into, the usual ending first: "h264, hevc: .mp4 .m4v .mov .mkv; vp9: ..."."""
    codecs: dict[tuple[str, ...], list[str]] = {}
    for codec in Codec:
        codecs.setdefault(codec.suffixes, []).append(codec.value)
    fitting = "; ".join(f"{', '.join(names)}: {' '.join(suffixes)}" for suffixes, names in codecs.items())
    return f"{fitting}; not given: the first that fits the file's name; the last two can be transparent"


CODEC = ChoiceOption("codec", Codec.H264.value, tuple(codec.value for codec in Codec), _codec_help())
QUALITY = ChoiceOption(
    "quality", Quality.HIGH.value, tuple(quality.value for quality in Quality), "small files or all detail"
)
HEIGHT = ChoiceOption("height", 0, (0, 480, 720, 1080), "of the file's pictures, px; 0: as large as they are", "px")


@dataclass(frozen=True)
class Encoder:
    """One of ffmpeg's encoders.

    hardware: what runs it, for people; empty: the processor. pixels: the pixel format that it takes.
    """

    name: str
    codec: Codec
    hardware: str = ""
    pixels: str = "yuv420p"

    @property
    def lossless(self) -> bool:
        """Whether pictures come out as they went in; their colours are not converted then."""
        return self.codec is Codec.FFV1


X264 = Encoder("libx264", Codec.H264)
ENCODERS: tuple[Encoder, ...] = (  # of each codec the first that works is taken: hardware before the processor
    Encoder("h264_nvenc", Codec.H264, "NVIDIA NVENC"),
    Encoder("h264_videotoolbox", Codec.H264, "Apple VideoToolbox"),
    Encoder("h264_qsv", Codec.H264, "Intel Quick Sync", "nv12"),
    Encoder("h264_amf", Codec.H264, "AMD AMF", "nv12"),
    Encoder("h264_vaapi", Codec.H264, "VAAPI", "nv12"),
    X264,
    Encoder("hevc_nvenc", Codec.HEVC, "NVIDIA NVENC"),
    Encoder("hevc_videotoolbox", Codec.HEVC, "Apple VideoToolbox"),
    Encoder("hevc_qsv", Codec.HEVC, "Intel Quick Sync", "nv12"),
    Encoder("hevc_amf", Codec.HEVC, "AMD AMF", "nv12"),
    Encoder("hevc_vaapi", Codec.HEVC, "VAAPI", "nv12"),
    Encoder("libx265", Codec.HEVC),
    Encoder("libvpx-vp9", Codec.VP9),
    Encoder("av1_nvenc", Codec.AV1, "NVIDIA NVENC"),
    Encoder("av1_qsv", Codec.AV1, "Intel Quick Sync", "nv12"),
    Encoder("av1_amf", Codec.AV1, "AMD AMF", "nv12"),
    Encoder("av1_vaapi", Codec.AV1, "VAAPI", "nv12"),
    Encoder("libsvtav1", Codec.AV1),
    Encoder("libaom-av1", Codec.AV1),
    Encoder("prores_videotoolbox", Codec.PRORES, "Apple VideoToolbox", "yuv422p10le"),
    Encoder("prores_ks", Codec.PRORES, "", "yuv422p10le"),
    Encoder("ffv1", Codec.FFV1, "", "bgr0"),
    Encoder("prores_ks", Codec.PRORES_4444, "", "yuva444p10le"),
    Encoder("libvpx-vp9", Codec.VP9_ALPHA, "", "yuva420p"),
)

LEVELS = {  # of Quality, small to high: what looks about the same with each kind of encoder
    "crf": (28, 23, 16),  # x264's scale, which NVENC, QSV, AMF and VAAPI share nearly enough
    "x265": (30, 25, 20),
    "av1": (45, 35, 26),  # 0 .. 63
    "vp9": (40, 31, 20),  # the same scale
    "videotoolbox": (45, 60, 75),  # 0 .. 100, larger is better
    "prores": (1, 2, 3),  # LT, standard, HQ
    "prores-4444": (4, 4, 4),  # 4444; its XQ is for grading film
}


def quality_arguments(encoder: Encoder, quality: Quality, fps: float, patient: bool = False) -> list[str]:
    """The arguments of an encoder, from `-c:v` on.

    No B-frames anywhere: time starts at 0 in every player, and little is held back. patient: a rendering, so that x264
    may take its time, which keeps fine detail.
    """
    step = list(Quality).index(quality)
    family = encoder.name.rpartition("_")[2] if encoder.hardware else encoder.name
    every = ["-g", str(max(1, round(fps * KEYFRAME_SECONDS)))]
    crf, av1 = str(LEVELS["crf"][step]), str(LEVELS["av1"][step])
    scale = av1 if encoder.codec is Codec.AV1 else crf
    if encoder.codec in (Codec.PRORES, Codec.PRORES_4444):
        vendor = ["-vendor", "apl0"] if family == "prores_ks" else []
        alpha = ["-alpha_bits", "16"] if encoder.codec.alpha else []  # what other programs write, and expect
        chosen = ["-profile:v", str(LEVELS[encoder.codec.value][step]), *vendor, *alpha]
        return ["-c:v", encoder.name, *chosen, "-pix_fmt", encoder.pixels]
    options: dict[str, list[str]] = {
        "libx264": ["-preset", "medium" if patient else "veryfast", "-crf", crf, "-rc-lookahead", str(LOOKAHEAD)],
        "libx265": [
            *("-preset", "superfast", "-crf", str(LEVELS["x265"][step])),
            *("-x265-params", f"bframes=0:rc-lookahead={LOOKAHEAD}:log-level=error"),
        ],
        "libsvtav1": ["-preset", "10", "-crf", av1, "-svtav1-params", "pred-struct=1"],  # low delay
        "libaom-av1": ["-usage", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-crf", av1],
        "libvpx-vp9": [
            *(["-deadline", "good", "-cpu-used", "4"] if patient else ["-deadline", "realtime", "-cpu-used", "8"]),
            *("-row-mt", "1", "-lag-in-frames", "0", "-crf", str(LEVELS["vp9"][step]), "-b:v", "0"),
        ],
        "ffv1": ["-level", "3", "-slicecrc", "1"],
        "nvenc": ["-preset", "p4", "-rc", "vbr", "-cq", scale, "-b:v", "0"],
        "qsv": ["-preset", "veryfast", "-global_quality", scale],
        "amf": ["-quality", "speed", "-rc", "cqp", "-qp_i", scale, "-qp_p", scale],
        "vaapi": ["-rc_mode", "CQP", "-qp", scale],
        "videotoolbox": ["-q:v", str(LEVELS["videotoolbox"][step])],
    }
    frames = ["-g", "1"] if encoder.lossless else every  # FFV1: every picture stands for itself
    no_b = [] if encoder.codec not in (Codec.H264, Codec.HEVC) or family == "libx265" else ["-bf", "0"]
    shown = ["-auto-alt-ref", "0"] if encoder.codec is Codec.VP9_ALPHA else []  # alpha goes with shown pictures only
    tag = ["-tag:v", "hvc1"] if encoder.codec is Codec.HEVC else []  # what Apple's players ask for
    surface = [] if family == "vaapi" else ["-pix_fmt", encoder.pixels]
    return ["-c:v", encoder.name, *options[family], *shown, *no_b, *frames, *surface, *tag]


def device_arguments(encoder: Encoder) -> list[str]:
    """The arguments of an encoder that come before the input."""
    return ["-vaapi_device", VAAPI_DEVICE] if encoder.name.endswith("_vaapi") else []


def pixel_filters(encoder: Encoder) -> list[str]:
    """Filters that turn BGR into what the encoder takes.

    BT.601 matrix, tagged: players that read tags and readers that do not (OpenCV) show the same colours.
    """
    if encoder.lossless:
        return [f"format={encoder.pixels}"]
    return [
        "scale=out_color_matrix=smpte170m:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int",
        f"format={encoder.pixels}",
        "setparams=colorspace=smpte170m:color_primaries=bt709:color_trc=bt709",
        *(["hwupload"] if encoder.name.endswith("_vaapi") else []),
    ]


def check_suffix(path: Path, codec: Codec) -> None:
    """Raise RecordingError for a file name whose ending does not suit the codec."""
    if path.suffix.lower() not in codec.suffixes:
        kinds = _either([suffix[1:].upper() for suffix in codec.suffixes])
        fitting = _either([other.label for other in Codec if path.suffix.lower() in other.suffixes])
        other = f", or the codec {fitting}" if fitting else ""
        if not fitting and codec is Codec.H264:  # the one that the name may change
            other = ", or with .webm for VP9"
        raise RecordingError(
            f"{path.name}: {codec.label} recordings are {kinds} files; choose a name that ends with "
            f"{codec.suffixes[0]}{other}"
        )


def _either(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
