"""The kind of a file by its first bytes, because names and declared types can lie."""

VIDEO_TYPES = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/x-flv": "flv",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
    "video/x-ms-asf": "asf",
}
"""The kinds of video that may be opened, each with the only demuxer that may open it."""

PHOTO_TYPES = {"image/jpeg": "JPEG", "image/webp": "WEBP", "image/png": "PNG", "image/heic": "HEIC"}
"""The kinds of photo that may be opened, each with the name of its decoder."""

CONTAINERS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "video/x-flv": "flv",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
    "video/x-ms-asf": "wmv",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "image/png": "png",
    "image/heic": "heic",
}
"""The short name of each kind."""

HEAD_BYTES = 4096
"""The first bytes that `sniff` needs."""

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF_BRANDS = {b"avif", b"avis"}
_GENERAL_BRANDS = {b"mif1", b"msf1"}  # ISO/IEC 23008-12, 10: pictures, and pictures that move, however compressed
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_TRANSPORT_PACKETS = (
    (0, 188),
    (4, 192),
)  # the place of the first sync byte, and the size; camcorders put a time before
_BARE_QUICKTIME_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_STRANGERS = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"GIF8", "a GIF"),
    (b"BM", "a bitmap"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a script"),
    (b"#EXTM3U", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"ffconcat", "a list of other files"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 file"),
    (b"fLaC", "a FLAC file"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
)
_MARKUP = (
    (b"<svg", "an SVG drawing"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<mpd", "a playlist"),
    (b"<smil", "a playlist"),
)


def sniff(head: bytes) -> str | None:
    """Returns the content type of a file that begins with `head` (up to HEAD_BYTES bytes); None if it may not be opened."""
    if head[4:8] == b"ftyp":
        return _by_brands(head[8:12], head[16 : int.from_bytes(head[:4], "big")])
    if head[4:8] in _BARE_QUICKTIME_BOXES:
        return "video/quicktime"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return {b"webm": "video/webm", b"matroska": "video/x-matroska"}.get(_ebml_doctype(head))
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(head[8:12])
    return _by_older_signs(head)


def describe(head: bytes) -> str:
    """Returns what a refused file seems to be, in words that follow "This is"."""
    for magic, name in _STRANGERS:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "an AVIF image"
    if head.startswith(b"RIFF"):
        return "a WAV file" if head[8:12] == b"WAVE" else "a RIFF file"
    text = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, name in _MARKUP:
        if text.startswith(magic) or (text.startswith((b"<?xml", b"<!--")) and magic in text):
            return name
    return "an XML document" if text.startswith(b"<?xml") else "something else"


def _by_older_signs(head: bytes) -> str | None:
    """Returns the content type of a video that TikTok does not take, but that can be converted."""
    if head.startswith(b"FLV\x01"):
        return "video/x-flv"
    if head.startswith(_ASF_HEADER):
        return "video/x-ms-asf"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "video/mpeg"
    is_stream = any(
        all(head[at : at + 1] == b"G" for at in range(first, 4 * size, size)) for first, size in _TRANSPORT_PACKETS
    )
    return "video/mp2t" if is_stream else None


def _by_brands(brand: bytes, compatible: bytes) -> str | None:
    """Returns the content type by the brands of an `ftyp` box (ISO/IEC 14496-12, 4.3). Some brands only mean "a picture"."""
    others = {compatible[at : at + 4] for at in range(0, len(compatible), 4)}
    if brand in _AVIF_BRANDS or (brand in _GENERAL_BRANDS and others & _AVIF_BRANDS and not others & _HEIC_BRANDS):
        return None
    if brand in _HEIC_BRANDS | _GENERAL_BRANDS:
        return "image/heic"
    return "video/quicktime" if brand == b"qt  " else "video/mp4"


def _ebml_doctype(head: bytes) -> bytes:
    """Returns the DocType (element 0x4282) of an EBML header (RFC 8794, 11.2), at any place and with any length of its size."""
    at = 4 + _width(head[4:5])
    while at + 4 <= len(head):
        name = head[at : at + _width(head[at : at + 1])]
        at += len(name)
        width = _width(head[at : at + 1])
        size = int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)
        at += width
        if name == b"\x42\x82":
            return head[at : at + size].rstrip(b"\x00")
        at += size
    return b""


def _width(first: bytes) -> int:
    """Returns how many bytes a number has that begins with this byte (RFC 8794, 4.1)."""
    return 9 - max(1, int.from_bytes(first, "big").bit_length())
