"""PNG as Pillow reads it back: every pixel the same, for each number of channels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from querist.data import png


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
@given(data=st.data())
def test_every_pixel_reads_back(channels, mode, data):
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    pixels = data.draw(arrays(np.uint8, (*shape, channels)))
    read = Image.open(io.BytesIO(png.encode(pixels)))
    assert read.mode == mode
    assert np.array_equal(np.asarray(read).reshape(pixels.shape), pixels)


def test_grey_needs_no_axis_of_channels():
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png.encode(pixels)))), pixels)
    assert png.encode(pixels) == png.encode(pixels[..., None])


def test_what_is_even_is_small():
    assert len(png.encode(np.full((1000, 1000), 7, np.uint8))) < 8_000
