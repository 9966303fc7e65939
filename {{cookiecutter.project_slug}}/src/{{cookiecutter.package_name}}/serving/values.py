"""Checks of what a request holds; each error names the very value that is wrong."""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import numpy as np

from .messages import RequestError
from .parsing import kind_of
from .tensors import TEXT, Array, Floats

Kind: TypeAlias = tuple[set[type], str]  # types of Python, and what to call them
NUMBERS: set[type] = {int, float}
NUMBER: Kind = (NUMBERS, "a number")
SHOWN = 5  # names of a list that an error repeats
MOST_SIZES = 4  # no model here has an input of more dimensions


def require_list(value: Any, field: str, of: str = "rows") -> list[Any]:
    """Return a list as it is; refuse anything else, and an empty one.

    Raises:
        RequestError: 400.
    """
    if not isinstance(value, list):
        raise RequestError(400, f"must be a list of {of}, is {kind_of(value)}", field)
    if not value:
        raise RequestError(400, f"is empty; it must have at least one of {of}", field)
    return value


def require_names(given: Collection[str], known: Sequence[str], field: str) -> None:
    """Refuse names that are unknown, missing, or there twice.

    Args:
        given: The names in the request.
        known: The ones that must be there.
        field: What they are the names of.

    Raises:
        RequestError: 400.
    """
    names = set(given)
    if unknown := [name for name in names if name not in known]:
        raise RequestError(
            400, f"unknown: {listed(sorted(unknown))}; known: {listed(known)}", field
        )
    if missing := [name for name in known if name not in names]:
        raise RequestError(400, f"missing: {listed(missing)}", field)
    if len(given) > len(names):
        raise RequestError(400, "a name is there twice", field)


def listed(names: Sequence[str]) -> str:
    """Write some names for a message; not all of a long list, not all of a long one."""
    shown = ", ".join(f"{name!r:.60}" for name in names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def numbers(value: Any, shape: tuple[int, ...], field: str) -> Floats:
    """Turn lists of numbers into an array.

    Args:
        value: As parsed from JSON; lists in lists, as deep as `shape` is long.
        shape: What shape they must have.
        field: Where they were.

    Returns:
        float64, finite, of that shape.

    Raises:
        RequestError: 400 if a list is missing, too long or too short, or what is in
            it is no number.
    """
    require_shape(value, shape, field)
    return np.array(value, dtype=np.float64)


def require_shape(
    value: Any, shape: tuple[int, ...], field: str, kind: Kind = NUMBER
) -> None:
    """Refuse what is not lists of a shape, with values of a kind in the innermost.

    Raises:
        RequestError: 400; names the first list or value that is wrong.
    """
    size, *inner = shape
    allowed, wanted = kind
    rule = f"must be a list of {size} {'lists' if inner else 'values'}"
    if not isinstance(value, list):
        raise RequestError(400, f"{rule}, is {kind_of(value)}", field)
    if len(value) != size:
        raise RequestError(400, f"{rule}, has {len(value)}", field)
    if inner:
        for index, each in enumerate(value):
            require_shape(each, tuple(inner), f"{field}[{index}]", kind)
    elif not set(map(type, value)) <= allowed:
        for index, each in enumerate(value):
            if type(each) not in allowed:
                where = f"{field}[{index}]"
                raise RequestError(400, f"must be {wanted}, is {kind_of(each)}", where)


def require_all(
    good: np.ndarray[Any, np.dtype[np.bool_]], values: Array, rule: str, field: str
) -> None:
    """Refuse an array of which a value breaks a rule.

    Args:
        good: Which values keep it.
        values: The values, of the same shape.
        rule: How a value must be.
        field: Where the array was; the place of the value is added to it.

    Raises:
        RequestError: 400; names the first of these values.
    """
    if good.all():
        return
    place = tuple(int(index) for index in np.argwhere(~good)[0])
    where = field + "".join(f"[{index}]" for index in place)
    value = values[place]
    shown = value.item() if isinstance(value, np.generic) else value
    raise RequestError(400, f"must be {rule}, is {shown!r:.60}", where)


def converted(values: Array, dtype: np.dtype[Any], field: str) -> Array:
    """Give an array the type that the graph wants, and its own place in memory.

    Fractions are rounded to the nearest one there is, as those of JSON are; of whole
    numbers, those are refused that might not be kept; nothing may become infinite.

    Args:
        values: Numbers or truth values, of any width; or texts.
        dtype: The type of the tensor.
        field: Where they were.

    Raises:
        RequestError: 400 if texts are given for numbers or numbers for texts, or if a
            number does not fit.
    """
    if (values.dtype == TEXT) != (dtype == TEXT):
        wanted, given = ("texts", "numbers") if dtype == TEXT else ("numbers", "texts")
        raise RequestError(400, f"must be {wanted}, is {given}", field)
    with np.errstate(over="ignore"):
        result = values.astype(dtype)
    if dtype == TEXT or values.dtype == dtype:
        return result
    if values.dtype.kind in "iu":
        most = 2 ** (np.finfo(dtype).nmant + 1)  # from here on, numbers are left out
        fits = (values >= -most) & (values <= most)
    else:
        fits = np.isfinite(result) | ~np.isfinite(values.astype(np.float64))
    require_all(fits, values, f"a number that fits in {dtype}", field)
    return result


def shape(value: Any, field: str) -> tuple[int, ...]:
    """Read a shape: the sizes of an array, none of them 0 and none left open.

    Raises:
        RequestError: 400 if it is not a list of one to four whole numbers.
    """
    sizes = require_list(value, field, "sizes")
    if len(sizes) > MOST_SIZES or any(
        type(size) is not int or size < 1 for size in sizes
    ):
        message = f"must be 1 to {MOST_SIZES} whole numbers, none less than 1"
        raise RequestError(400, message, field)
    return tuple(sizes)
