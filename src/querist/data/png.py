"""Writing PNG fast: a picture is sent once and looked at now, so time counts, not the last tenth of its size."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}
"""Colour types of the standard (ISO/IEC 15948, table 11.1) by the channels of a pixel: grey or colour, with alpha."""
_UP = 2
"""The filter that keeps of each row what differs from the row above."""


def encode(pixels: NDArray[np.uint8]) -> bytes:
    """Write 8-bit pixels [height, width] or [height, width, 1 to 4 channels] as PNG, without loss. Cost O(pixels).

    Rows are filtered by the row above, and packed by Huffman codes and runs alone (``Z_RLE``): about ten times as fast
    as a search for repeated strings, and on images from a sensor as small to a tenth.

    >>> encode(np.zeros((2, 3), np.uint8))[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    deep = pixels if pixels.ndim == 3 else pixels[..., None]
    height, width, channels = deep.shape
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = _UP
    flat = deep.reshape(height, width * channels)
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    packed = packer.compress(rows.data) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
