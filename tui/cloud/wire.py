"""Bytes from the server into clean, typed facts.

The server un-escapes `\\uXXXX` into raw control characters inside strings, sends numbers and
booleans as strings here and there, and any user of the cloud may name a network as he likes. So a
body is made harmless as a whole, before anything is decoded from it, and a field of an unexpected
type costs that field, not the listing.
"""

import json
import re
import types
from typing import Any, Final, TypeVar, Union, get_args, get_origin

import msgspec

from tui.cloud.errors import NotCloudStack
from tui.safety.secret import Secret
from tui.safety.text import DEFAULT_LIMIT, clean, clean_tree

T = TypeVar("T")

_ESCAPED_CHARACTER: Final = re.compile(r"\\[^\"\\/]")
_LONG_STRING: Final = re.compile(rf'"[^"]{{{DEFAULT_LIMIT + 1},}}')
_DECODE_ERRORS: Final = (ValueError, RecursionError, OverflowError)


def harmless(body: bytes) -> bytes:
    """Return `body` as JSON in which no string does anything to a terminal (`safety.clean`).

    A body that needs nothing is handed back as it is, which is nearly every one. Raises
    `UnicodeDecodeError` for bytes that are not UTF-8 and another `ValueError` for what is not
    JSON; a body without anything to clean is not checked for being JSON.
    """
    text = body.decode("utf-8-sig")
    if (
        clean(text, len(text)) is text
        and _ESCAPED_CHARACTER.search(text) is None
        and _LONG_STRING.search(text) is None
    ):
        return body if not body.startswith(b"\xef\xbb\xbf") else body[3:]
    return msgspec.json.encode(clean_tree(json.loads(text, strict=False)))


def read_envelope(body: bytes, *, command: str, status: int) -> tuple[str, msgspec.Raw]:
    """Return the key and the inner object of a reply `{"…response": {…}}`, made harmless.

    Raises `NotCloudStack` for anything else.
    """

    def odd(text: str, oddity: Any) -> NotCloudStack:
        return NotCloudStack(text, oddity=oddity, command=command, status=status)

    if body.lstrip()[:1] == b"<":
        raise odd(f"A web page answered instead of the CloudStack API{_title(body)}", "markup")
    try:
        outer = msgspec.json.decode(harmless(body), type=dict[str, msgspec.Raw])
    except UnicodeDecodeError as error:
        raise odd("The answer is not UTF-8 text", "encoding") from error
    except _DECODE_ERRORS as error:
        if body.lstrip()[:1] == b"{":
            raise odd("The answer is JSON that breaks off or is damaged", "truncated") from error
        raise odd(f"The answer is no JSON: {_beginning(body)}", "content") from error
    key, inner = next(iter(outer.items()), ("", msgspec.Raw(b"")))
    named = key.endswith("response") or key == "null"
    if len(outer) != 1 or not named or not bytes(inner).lstrip().startswith(b"{"):
        raise odd("The answer is JSON, but not of the CloudStack API", "content")
    return key, inner


def _title(body: bytes) -> str:
    found = re.search(rb"<title[^>]{0,200}>([^<]{1,200})", body[:16384], re.IGNORECASE)
    if found is None:
        return ""
    title = " ".join(found[1].decode("utf-8", "replace").split())
    return f" (“{clean(title, 80)}”)" if title else ""


def _beginning(body: bytes) -> str:
    text = " ".join(body[:400].decode("utf-8", "replace").split())
    return f"“{clean(text, 120)}”" if text else "it is empty"


def from_wire(kind: type, value: object) -> object:
    """`dec_hook` of every decoder here: strings into `Secret`s."""
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(f"no way from {type(value).__name__} to {kind.__name__}")


def decode(raw: msgspec.Raw | bytes, kind: type[T]) -> T:
    """Decode JSON that `harmless` has passed into `kind`, tolerating fields of odd types.

    Raises `msgspec.DecodeError` for what is not JSON and `msgspec.ValidationError` where even
    the outermost type does not fit.
    """
    try:
        return msgspec.json.decode(raw, type=kind, strict=False, dec_hook=from_wire)
    except msgspec.ValidationError:
        return tolerant(msgspec.json.decode(raw), kind)


def decode_rows(raw: msgspec.Raw | bytes, kind: type[T]) -> list[T]:
    """Decode a JSON array of `kind`; see `decode`. A row that is no object at all is left out."""
    return decode(raw, list[kind])  # type: ignore[valid-type]


def tolerant(value: object, kind: type[T]) -> T:
    """Convert a decoded JSON value to `kind`; a field that does not fit keeps its default."""
    converted = _tolerant(value, kind)
    if converted is _MISFIT:
        raise msgspec.ValidationError(f"expected {kind}, got {type(value).__name__}")
    return converted  # type: ignore[no-any-return]


_MISFIT: Final = object()


def _tolerant(value: object, kind: Any) -> Any:
    """`value` as `kind`, or `_MISFIT`."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _first_fit(value, get_args(kind))
    if origin in (list, tuple) and isinstance(value, list):
        fits = [_tolerant(item, get_args(kind)[0]) for item in value]
        return origin(item for item in fits if item is not _MISFIT)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        return _tolerant_struct(value, kind)
    if kind is str and isinstance(value, int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return msgspec.convert(value, kind, strict=False, dec_hook=from_wire)
    except (msgspec.ValidationError, NotImplementedError):
        return _MISFIT


def _first_fit(value: object, kinds: tuple[Any, ...]) -> Any:
    if value is None and type(None) in kinds:
        return None
    for kind in kinds:
        if kind is not type(None):
            fit = _tolerant(value, kind)
            if fit is not _MISFIT:
                return fit
    return _MISFIT


def _tolerant_struct(value: dict[str, object], kind: type[msgspec.Struct]) -> Any:
    fitting: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in value:
            fit = _tolerant(value[field.encode_name], field.type)
            if fit is not _MISFIT:
                fitting[field.name] = fit
    try:
        return kind(**fitting)
    except TypeError:
        return _MISFIT  # a field without a default is missing
