"""TOML tables to structs, with errors that name the key, what was given and what is allowed."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from tui.settings.errors import SettingsError

S = TypeVar("S", bound=msgspec.Struct)


def read_struct(table: object, kind: type[S], where: str, path: Path) -> S:
    """`table`, a decoded TOML table, as a `kind`.

    `where` is the table's own name, such as `profiles.prod`. Raises `SettingsError` for an unknown
    key (with the nearest known one), a missing key and a value of the wrong type or size.
    """
    if not isinstance(table, Mapping):
        raise SettingsError(
            f"{where} is {describe(table)}", f"write it as a table: [{where}]", path=path
        )
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key not in fields:
            raise unknown_key(key, fields, where, path)
        _check_value(value, fields[key].type, f"{where}.{key}", path)
    for field in fields.values():
        if field.required and field.name not in table:
            raise SettingsError(f"{where} has no {field.name}", f"add {field.name} = …", path=path)
    return msgspec.convert(table, kind)


def unknown_key(key: str, known: Iterable[str], where: str, path: Path) -> SettingsError:
    """The error for a key that nothing reads."""
    near = nearest(key, known)
    remedy = f"did you mean {near}?" if near else f"known keys: {', '.join(known)}"
    return SettingsError(f"{where or 'the file'} has an unknown key {key!r}", remedy, path=path)


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of `known` that `word` was probably meant to be, or nothing."""
    import difflib  # only mistakes need it, and starting must be quick

    return next(iter(difflib.get_close_matches(word, list(known), n=1)), "")


def describe(value: object) -> str:
    """A value of a TOML file in words: its type and the value itself, shortened."""
    words = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    shown = repr(value)
    shown = f"{shown[:60]}…" if len(shown) > 60 else shown
    kind = words.get(type(value))
    if kind is None:
        kind = "a table" if isinstance(value, Mapping) else "a list"
        kind = kind if isinstance(value, Mapping | list) else "a date or time"
    return f"{shown} ({kind})"


def _check_value(value: object, kind: object, where: str, path: Path) -> None:
    """Struct by struct down to the leaf, so that the error names the exact key."""
    node = msgspec.inspect.type_info(kind)
    if isinstance(node, msgspec.inspect.StructType):
        read_struct(value, node.cls, where, path)
        return
    inner = _struct_inside(node)
    if inner is not None and isinstance(value, list):
        for index, item in enumerate(value):
            read_struct(item, inner, f"{where}[{index}]", path)
    elif inner is not None and isinstance(value, Mapping):
        for key, item in value.items():
            read_struct(item, inner, f"{where}.{key}", path)
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"{where} is {describe(value)}", f"allowed: {_allowed(node)}", path=path
        ) from error


def _struct_inside(node: msgspec.inspect.Type) -> type[msgspec.Struct] | None:
    match node:
        case msgspec.inspect.VarTupleType(item_type=msgspec.inspect.StructType(cls=kind)):
            return kind
        case msgspec.inspect.DictType(value_type=msgspec.inspect.StructType(cls=kind)):
            return kind
    return None


def _allowed(node: msgspec.inspect.Type) -> str:
    match node:
        case msgspec.inspect.LiteralType(values=values):
            return ", ".join(f'"{value}"' for value in values)
        case msgspec.inspect.BoolType():
            return "true or false"
        case msgspec.inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case msgspec.inspect.FloatType(le=most):
            return f"a number of seconds above 0, up to {most:g}" if most else "a number"
        case msgspec.inspect.StrType():
            return "a text in quotes"
        case msgspec.inspect.VarTupleType():
            return 'a list of tables, such as [{host = "bastion", user = "me"}]'
        case msgspec.inspect.DictType(value_type=msgspec.inspect.StructType()):
            return "a table of tables"
        case msgspec.inspect.DictType(value_type=msgspec.inspect.VarTupleType()):
            return 'a table of lists of texts, such as {name = ["one", "two"]}'
        case _:
            return 'a table of texts, such as {"r-4-VM" = "127.0.0.1:2222"}'
