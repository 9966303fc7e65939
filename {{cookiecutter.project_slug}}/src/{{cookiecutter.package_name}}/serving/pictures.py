"""From a picture file to its pixels."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from .messages import RequestError

FORMATS = ("PNG", "JPEG")
# Pillow's modes of 8 bits or less: truth values, grey, palette, colour; each also with
# an opacity, which is ignored. Of more bits, `convert` would cut the bright ones off.
MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}
# What Pillow raises for files that are cut off or damaged.
DAMAGED = (OSError, SyntaxError, ValueError)


def read_picture(
    picture: bytes, size: tuple[int, int], field: str
) -> npt.NDArray[np.uint8]:
    """Read the brightness of each pixel of a PNG or JPEG file.

    Args:
        picture: The file.
        size: What width and height it must have; it is never resized.
        field: What to call it in an error.

    Returns:
        uint8, (height, width): 0 is black, 255 white.

    Raises:
        RequestError: 400 if it is no such file, or of another size.
    """
    try:
        with Image.open(io.BytesIO(picture), formats=FORMATS) as image:
            # The size is in the header: a huge picture is never unpacked.
            if image.size != size:
                wanted, given = [f"{x} x {y}" for x, y in (size, image.size)]
                message = f"must be {wanted} pixels, is {given}; it is not resized"
                raise RequestError(400, message, field)
            if image.mode not in MODES:
                message = f"must have 8 bits a channel, is of mode {image.mode}"
                raise RequestError(400, message, field)
            return np.asarray(image.convert("L"))
    except (*DAMAGED, Image.DecompressionBombError) as error:
        # Pillow's own words name objects of this process.
        message = "is not a PNG or JPEG picture that can be read"
        raise RequestError(400, message, field) from error
