"""Texts without what tells who somebody is: paths of files, addresses, names; for bug reports.

What looks like a path or an address gets a placeholder. As a name may be anything, and stand anywhere, only words that
are the program's own are left of the rest: `Vocabulary`.
"""

from __future__ import annotations

import builtins
import errno
import getpass
import importlib.metadata
import ipaddress
import os
import re
import socket
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from puppet.core.addresses import HIDDEN, SECRET
from puppet.storage.folders import ASSETS

PROGRAM = Path(__file__).resolve().parents[2]
DISTRIBUTION = "puppet-live"
# Every pattern takes time in proportion to the text: it is bounded, or begins only where a word or line begins.
LONGEST_NAME = 255  # characters of a file's name
SYSTEM_PATH = re.compile(r"/(?:dev|proc|sys|usr|lib\w*|bin|etc)(?:/[\w.+-]+)+")  # nobody's own files
# A path may hold spaces, so it ends only at a quote, at ": " and at the end of the line: rather too much goes.
PATH_END = r"""[^"'<>|\n]*?(?=["'<>|\n]|:\s|$)"""
PATH = re.compile(rf"(?<![\w<>./\\-])(?:~|[A-Za-z]:)?[/\\]{PATH_END}", re.M)
# A file's name without a folder begins at the last quote, ": " or "=", for the same reason. "puppet.actor.x" is none.
FILE = re.compile(
    rf"""(?:(?<=["'=:\]])|^|(?<=:\s))[^"'<>=:\n]{{0,{LONGEST_NAME}}}?\.(?:mp4|m4v|mov|mkv|webm|avi|gif|webp|png|apng"""
    r"""|jpe?g|bmp|tiff?|p[bgpn]m|h5|hdf5|actor|npz|npy|json|csv|wav|safetensors|zip|part)\b(?!\.[a-z_])""",
    re.I | re.M,
)
ADDRESS = re.compile(r"[a-zA-Z][\w+.-]{0,30}://\S*|(?<!\S)\S+@\S+")
NUMBERS = re.compile(
    r"(?<![\w:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:\.\d{1,3}){0,3}"
    r"|(?<!\d)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)"
)
HARDWARE = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}(?![0-9a-fA-F])")  # of a network card
LONG_NUMBER = re.compile(
    r"(?<![0-9a-fA-F])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a UUID
    r"|(?<![0-9a-fA-F])(?=[a-fA-F]{0,64}\d)[0-9a-fA-F]{7,}"
    r"|\d{7,}",
    re.I,
)
# Letters, and all that may stand for one: combining marks, signs beyond ASCII, and escapes of these.
ESCAPE = r"\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\x[0-9a-fA-F]{2}|\\[0-7]{3}|%[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{1,6};"
WORD = re.compile(rf"(?:[a-zA-Z]|[^\x00-\x7f…]|{ESCAPE})+")
UNKNOWN = "…"
ROW = re.compile(rf"{UNKNOWN}(?:[ '_.,&+-]{{0,3}}{UNKNOWN})+")
COMMON = {"", "me", "demo", "auto", "localhost", "root"}  # names that tell nothing
BUILT_IN = {path.stem for path in (ASSETS / "actors").iterdir()}

LETTERS = re.compile(r"[^\W\d_]+")
# What ffmpeg, ONNX Runtime, Qt, drivers and Python say, and the program's own source does not.
FOREIGN_WORDS = """
    aac abi abort aborted access address again alloc allocate allocation already alsa ambiguous amd and api app are args
    ascii assertion at atom attempt attribute audio avc avfoundation avx backend backtrace bad badzipfile be bind
    bitrate bits bootstrap broadcast broken brokenprocesspool bsf buffer bus by bytes cached callable calledprocesserror
    cannot capi channel char child clang close cls code codec codecs collection column command comparison compile
    compiled compute configuration connect connection container context conversion convert copyright core coreml corrupt
    could cpu cublas cublaslt cuda cudart cudnn cufft curand cursor darwin data deadlock decode decoder decoding
    decompressionbombwarning default delimiter demuxer demuxing denied dependency deprecated dequantize descriptor
    desktop device dimension dimensions directml directory disabled dispatcher display divide dll dml double driver drm
    dshow dts duplicate dylib dynamic egl element enable enclosed encode encoder encoding encountered end eof epfail err
    error errors exc exceeded exception exec execution exhausted exists exit expected expecting external extra fail
    failed failure fallback fatal fault feature features file files filter find fn fonts for format found fps fragment
    frame frames free from function gcc geforce gemm glibc gpu graph group handle hardware has hashable header height
    hevc hwaccel idx illegal import improper in incompatible incomplete index inference initialization initialize inner
    input inputs insufficient intel interface internal interrupted invalid invalidargument invalidgraph invalidprotobuf
    io ioctl iphone is it iterable jack jsondecodeerror kernel keyword killed kwargs layer lib libc libcublas
    libcublaslt libcuda libcudart libcudnn libcufft libcurand libegl libgl libglx libm libnvinfer libportaudio libqxcb
    library libs libstdc libva libx libxcb linked linux load loaded loading lock logitech macos main mainthread malloc
    mapping match matched matching maximum mediafoundation memory mesa mesg metadata method minimum mismatch missing
    moderate module moov most muxer muxing nal name namespace native no node non nonmonotonic nosuchfile not
    notimplemented null number nvcuda nvdec nvenc nvidia nvml obj object obs of offscreen on onednn op open opened
    opengl opening operation operator opset optimizers option options or ortexception out output outputs overflow
    overrun package packet packets parameter parameters parse parsing peer permission permitted pipe pixel platform
    plugin plugins pointer pool port portaudio positional possible pps previous primary process processing profile
    property protobuf protocol provider providers pts pulse pulseaudio pybind pyd python qoffscreen qpa queue quota
    quotes radeon raise range rank reached read realtek recent reference refused register registered rename request
    required reset resize resource result retry return returned runtime runtimeexception sample scalar scale section
    segfault segmentation self session shader shape shared signal site socket specified ssize stack start started static
    status stderr stdin stdout step stop stopped stream streams string subgraph subprocess subscriptable such supported
    surface swscaler symbol sync system target temporarily tensor tensorrt terminated the this thread threading timed
    timeout timeoutexpired timestamp timestamps to torch traceback track trailing truncated truth try trying type types
    unable unavailable undefined underrun unexpected unidentifiedimageerror unimplemented unknown unpack unrecognized
    unsupported until usb user using utf vaapi valid value values vcruntime vector version video violation visible
    vulkan wait waiting warning was wayland webcam while width windows with wrapper write writing wrong xcb xkbcommon
    yuv yuyv zero
"""
NEVER = {"lovelace", "james", "bishop", "birthday"}  # examples and authors in the source
# Words of the program, and with a capital also people's names: at the beginning of a sentence they go, too.
ALSO_NAMES = {
    "iris",
    "jack",
    "kit",
    "len",
    "mark",
    "mat",
    "mel",
    "rich",
    "sam",
    "max",
    "may",
    "norm",
    "page",
    "white",
    "green",
    "will",
}


class Vocabulary:
    """Replaces every word that is none of the program's own by "…", and every long number."""

    def __init__(self) -> None:
        self._known = frozenset(_vocabulary()) - NEVER

    def __call__(self, text: str) -> str:
        """The text; a row of unknown words becomes a single "…"."""
        text = unicodedata.normalize("NFC", text)
        text = LONG_NUMBER.sub(UNKNOWN, text)
        return ROW.sub(UNKNOWN, WORD.sub(self._word, text))

    def _word(self, found: re.Match[str]) -> str:
        word = found[0]
        small = word.lower()
        return word if small in self._known and (word == small or small not in ALSO_NAMES) else UNKNOWN


class Redaction:
    """Replaces what is private by placeholders such as <path>, <address>, <user>."""

    def __init__(self, names: Iterable[str], secrets: Iterable[str] = (), versions: Iterable[str] = ()) -> None:
        """names: of users. secrets: other texts to hide, such as files and hosts. versions: numbers that are none."""
        users = {*names, _login(), Path.home().name}
        self._names = _words({name for name in users if name.lower() not in COMMON})
        others = {socket.gethostname(), *secrets}
        self._secrets = _words({text for text in others if text.lower() not in COMMON | BUILT_IN and len(text) > 2})
        self._versions = frozenset(versions)
        own = {str(PROGRAM): "<program>", sys.prefix: "<python>", sys.base_prefix: "<python>"}
        self._own = sorted(own.items(), key=lambda item: -len(item[0]))

    def __call__(self, text: str) -> str:
        """The text, of any number of lines, with placeholders."""
        text = SECRET.sub(rf"\g<1>{HIDDEN}", text)
        for folder, placeholder in self._own:
            text = text.replace(folder, placeholder)
        text = ADDRESS.sub("<address>", text)
        text = PATH.sub(self._path, text)
        text = FILE.sub("<file>", text)
        text = HARDWARE.sub("<address>", text)
        text = NUMBERS.sub(self._number, text)
        text = self._secrets.sub("<hidden>", text) if self._secrets else text
        return self._names.sub("<user>", text) if self._names else text

    @staticmethod
    def _path(found: re.Match[str]) -> str:
        system = SYSTEM_PATH.match(found[0])
        return found[0] if system is not None and system.end() == len(found[0]) else "<path>"

    def _number(self, found: re.Match[str]) -> str:
        if found[0] in self._versions:
            return found[0]
        try:
            ipaddress.ip_address(found[0])
        except ValueError:
            return found[0]
        return "<address>"


def _vocabulary() -> Iterator[str]:
    """Words, in small letters, that anybody's copy of the program has in it."""
    for source in sorted((PROGRAM / "puppet").rglob("*.py")):
        try:
            yield from _letters(source.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    public = [*dir(builtins), *sys.stdlib_module_names, *BUILT_IN, *map(os.strerror, errno.errorcode), FOREIGN_WORDS]
    for text in public:
        yield from _letters(text)
    for wanted in _requirements():
        name = re.split(r"[^\w.-]", wanted, maxsplit=1)[0]
        yield from _letters(name)
        for file in () if "extra ==" in wanted else _files(name):
            if file.suffix == ".py":  # a traceback names it
                yield from _letters(str(file))


def _letters(text: str) -> Iterator[str]:
    return (word.lower() for word in LETTERS.findall(text))


def _requirements() -> list[str]:
    """The packages that the program asks for, as its metadata has them: name, version, condition."""
    try:
        return importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:  # it runs from a checkout; its source names them, too
        return []


def _files(distribution: str) -> list[PurePath]:
    """What the package brought with it, below the folder of packages."""
    try:
        files = importlib.metadata.files(distribution) or []
    except (importlib.metadata.PackageNotFoundError, OSError, ValueError):
        return []
    return [PurePath(file) for file in files if ".." not in file.parts and not file.is_absolute()]


def _words(texts: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds any of these as whole words, upper and lower case alike; None without any."""
    longest_first = sorted({text for text in texts if text.strip()}, key=len, reverse=True)
    every = "|".join(re.escape(text) for text in longest_first)
    return re.compile(rf"(?<!\w)(?:{every})(?!\w)", re.I) if every else None


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user in the system's list
        return os.environ.get("USERNAME", "")
