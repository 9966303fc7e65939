"""What a page is made of. Every text is data: the template escapes it.

By a block's `kind`, the template knows how to show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from markupsafe import Markup


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Table:
    """A table; cells are shown as they are.

    Attributes:
        caption: What it shows.
        header: The names of the columns.
        lines: As many cells each.
    """

    caption: str
    header: Sequence[str]
    lines: Sequence[Sequence[object]]
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Chart:
    """A figure.

    Attributes:
        svg: From `charts.drawn`, which is safe to put into a page.
        caption: What it shows.
    """

    svg: Markup
    caption: str
    kind: ClassVar[str] = "chart"


class Picture(NamedTuple):
    """An image.

    Attributes:
        source: A `data:` address.
        caption: What it shows.
    """

    source: str
    caption: str


@dataclass(frozen=True)
class Pictures:
    """Images side by side.

    Attributes:
        pictures: The images.
        pixels: Whether they are small, and their pixels to be seen.
    """

    pictures: Sequence[Picture]
    pixels: bool = False
    kind: ClassVar[str] = "pictures"


Block = Text | Table | Chart | Pictures


class Section(NamedTuple):
    """A part of the page.

    Attributes:
        key: Its name in addresses.
        title: Its heading.
        blocks: What is below.
    """

    key: str
    title: str
    blocks: Sequence[Block]
