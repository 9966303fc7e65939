"""TorchServe's handler: what a request may hold, and what its answer looks like.

archive.py packs this file into model.mar, beside

    model.pt2           the network, written with `torch.export.save`: from raw pixels
                        float32 (n, height, width[, 3]) to probabilities (n, classes)
    index_to_name.json  {"0": the first class's name, ...}
    inputs.json         {"shape", "max_value", "scaled"} of images

A request's body is one of

    an image as JSON, rows of pixels from 0 to max_value; of colours, of three each
    a list of such images
    {"data": ...}, one of these two
    {"instances": [image, ...]}, answered with {"predictions": [...]}
    a PNG or JPEG file, as the body or as the field `data` of a form

and the answer for each image is {class: probability, ...}, the most probable first. It
imports nothing of the project: TorchServe's environment has PyTorch and Pillow only.
"""

import io
import json
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageOps, UnidentifiedImageError

# What TorchServe hands over as the body of a request, if it was not JSON.
RAW = (bytes, bytearray)
MOST_PIXELS = 2**25  # of a file, as in pictures.py: 100 MB of colours while it is read


class Handler:
    """A loaded model. TorchServe makes one in each of its workers."""

    def initialize(self, context: Any) -> None:
        """Load the network and what belongs to it.

        Args:
            context: TorchServe's; its `model_dir` holds the files of the archive.
        """
        properties = context.system_properties
        folder = Path(properties["model_dir"])
        gpu = properties.get("gpu_id")
        on_gpu = torch.cuda.is_available() and gpu is not None
        self.device = torch.device(f"cuda:{gpu}" if on_gpu else "cpu")
        file = context.manifest["model"]["serializedFile"]
        self.network = torch.export.load(folder / file).module().to(self.device)
        names = json.loads((folder / "index_to_name.json").read_text("utf-8"))
        self.classes = [names[str(index)] for index in range(len(names))]
        inputs = json.loads((folder / "inputs.json").read_text("utf-8"))
        self.shape = tuple(inputs["shape"])  # (height, width), or (height, width, 3)
        self.max_value = float(inputs["max_value"])
        self.scaled = inputs.get("scaled", False)

    def handle(self, requests: list[dict[str, Any]], context: Any) -> list[Any]:
        """Answer requests that TorchServe has collected.

        Args:
            requests: For each, its body under "body", or the form field "data".
            context: TorchServe's; takes the status of every answer.

        Returns:
            An answer for each request. One that cannot be read gets status 400 and
            says why; the others are answered all the same.
        """
        answers: list[Any] = []
        for index, request in enumerate(requests):
            context.set_response_content_type(index, "application/json")
            try:
                answers.append(self.answer(request.get("data", request.get("body"))))
            except ValueError as error:
                context.set_response_status(400, "Bad Request", index)
                problem = {"code": 400, "type": "BadRequestException"}
                answers.append(problem | {"message": str(error)})
        return answers

    def answer(self, body: Any) -> Any:
        """Return what one request is answered, ready for JSON.

        Raises:
            ValueError: If the body is none of what the top of this file lists.
        """
        if body is None:
            raise ValueError("no body; JSON has to be sent as application/json")
        if isinstance(body, RAW):
            return self.predict(self.decoded(bytes(body)), "body")[0]
        field = "body"
        if isinstance(body, dict):
            if set(body) not in ({"instances"}, {"data"}):
                found = ", ".join(map(repr, body)) or "nothing"
                wanted = 'the key "instances" or "data"'
                raise ValueError(f"body: expected {wanted}, got {found}")
            ((field, body),) = body.items()
        images = self.tensor(body, field)
        if field == "instances":
            return {"predictions": self.predict(images, field)}
        if images.dim() == len(self.shape):
            return self.predict(images[None], field)[0]
        return self.predict(images, field)

    def tensor(self, value: Any, field: str) -> torch.Tensor:
        """Return nested lists of numbers as float32.

        Raises:
            ValueError: If it is something else, its lists differ in length, or its
                numbers look scaled to 0..1.
        """
        if not isinstance(value, list):
            raise ValueError(f"{field}: expected a list, got {type(value).__name__}")
        try:
            images = torch.tensor(value, dtype=torch.float32)
        except (TypeError, ValueError, RuntimeError, OverflowError) as error:
            raise ValueError(f"{field}: no array of numbers: {error}") from error
        if images.numel() and 0 < images.max() <= 1 < self.max_value:
            wanted = f"as they are in the file, from 0 to {self.max_value:g}"
            raise ValueError(f"{field}: no pixel is above 1; send pixels {wanted}")
        return images

    def decoded(self, file: bytes) -> torch.Tensor:
        """Return the pixels of an image file, float32 (1, height, width[, 3]).

        Values of 0 to 255 become 0 to max_value. As in training, it is turned by its
        EXIF, put on white, and stretched if it has another size and those of the
        training were; else that is refused.

        Raises:
            ValueError: If it is no image, is damaged, too large, of another size, or of
                more than 8 bits a channel.
        """
        height, width = self.shape[:2]
        try:
            # Opening reads no more than the size; a huge image is never decoded.
            with Image.open(io.BytesIO(file), formats=("PNG", "JPEG")) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise ValueError(f"body: has more than {MOST_PIXELS:,} pixels")
                # `convert` would cut the bright ones off.
                if image.mode[0] in "IF" or ";16" in str(getattr(image, "tile", "")):
                    raise ValueError("body: has more than 8 bits a channel")
                ImageOps.exif_transpose(image, in_place=True)
                if image.size != (width, height) and not self.scaled:
                    found = "{1} x {0}".format(*image.size)
                    wanted = f"{height} x {width} (height x width)"
                    raise ValueError(f"body: an image of {wanted} pixels, not {found}")
                seen: Image.Image = image
                if image.has_transparency_data:
                    white = Image.new("RGBA", image.size, "white")
                    seen = Image.alpha_composite(white, image.convert("RGBA"))
                seen = seen.convert("RGB" if len(self.shape) == 3 else "L")
                seen = seen.resize((width, height), Image.Resampling.BILINEAR)
        except UnidentifiedImageError as error:
            raise ValueError("body: neither JSON, PNG nor JPEG") from error
        except Image.DecompressionBombError as error:
            raise ValueError(f"body: {error}") from error
        except (OSError, SyntaxError) as error:
            raise ValueError(f"body: a damaged image: {error}") from error
        pixels = torch.frombuffer(bytearray(seen.tobytes()), dtype=torch.uint8)
        return pixels.reshape(1, *self.shape) * (self.max_value / 255)

    def predict(self, images: torch.Tensor, field: str) -> list[dict[str, float]]:
        """Return, for each image, the classes' probabilities, the largest first.

        Args:
            images: float32 (n, height, width[, 3]), from 0 to max_value.
            field: What the images are called in the request, for messages.

        Raises:
            ValueError: If there is no image, the size is another, or a pixel is
                outside its range or not a number.
        """
        wanted = ("n", *self.shape)
        if not images.dim() or not len(images) or images.shape[1:] != self.shape:
            raise ValueError(f"{field}: expected {wanted}, got {tuple(images.shape)}")
        if not bool(((images >= 0) & (images <= self.max_value)).all()):
            raise ValueError(f"{field}: a pixel is not from 0 to {self.max_value:g}")
        with torch.inference_mode():
            found = self.network(images.to(self.device)).cpu()
        return [
            {self.classes[index]: float(row[index]) for index in order}
            for row, order in zip(
                found, found.argsort(descending=True).tolist(), strict=True
            )
        ]
