"""How many bits a second films have, and how many bytes they may come to. The child reads this too: it imports little."""

import math

from tiktok_api.media import checks

SOUND_BITS = 128_000
_MOST_BITS, _LEAST_BITS = 8_000_000, 200_000
_BYTE = 8
_OVERHEAD = 1.2  # of the container, and of a rate that is kept only on average
_INDEX_BYTES = 2 * checks.MEGABYTE


def bits_for(seconds: float, max_bytes: int) -> int:
    """Returns how many bits a second of pictures may have, so that the film fits into `max_bytes`."""
    fitting = (max_bytes - _INDEX_BYTES) * _BYTE / _OVERHEAD / seconds - SOUND_BITS
    return round(max(_LEAST_BITS, min(_MOST_BITS, fitting)))


def most_bytes_of(seconds: float, bits: int) -> int:
    """Returns what a film with so many bits a second of pictures, and sound, may come to."""
    return math.ceil(seconds * (bits + SOUND_BITS) / _BYTE * _OVERHEAD) + _INDEX_BYTES
