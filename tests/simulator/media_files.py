"""Real videos and photos, made when they are needed, as small as possible."""

import functools
import io
import struct

import av
from PIL import Image


@functools.cache
def video(
    *,
    seconds: float = 1,
    width: int = 360,
    height: int = 640,
    fps: int = 30,
    codec: str = "libx264",
    container: str = "mp4",
) -> bytes:
    """A black video."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        stream = file.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if codec == "libx264":
            stream.options = {"preset": "ultrafast"}
        for _ in range(int(seconds * fps)):
            frame = av.VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return buffer.getvalue()


def padded(media: bytes, size: int) -> bytes:
    """The same MP4 in exactly so many bytes, the rest in a box that players skip."""
    missing = size - len(media)
    return media + struct.pack(">I", missing) + b"free" + bytes(missing - 8)


@functools.cache
def photo(*, width: int = 1080, height: int = 1080, kind: str = "JPEG") -> bytes:
    """A plain photo."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 60, 90)).save(buffer, kind)
    return buffer.getvalue()
