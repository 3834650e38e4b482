"""Every operation that changes something is known to the journal and comes back from it whole."""

import ast
import inspect
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.operations.scripted import ScriptedCloud
from tui.operations.keeping import Keeping
from tui.operations.reach import Reach
from tui.operations.registry import BY_KIND, OPERATIONS
from tui.operations.steps import Operation
from tui.safety.sealing import SealingKey
from tui.safety.secret import Secret

ROOT = Path(__file__).parents[2]
KEY = SealingKey.new(persistent=True)


def values(kind: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    """Values of a type that may stand in a plan."""
    match kind:
        case msgspec.inspect.StrType():
            return st.text(max_size=12)
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.IntType():
            return st.integers(0, 70_000)
        case msgspec.inspect.FloatType():
            return st.floats(0, 2e9, allow_nan=False)
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.LiteralType(values=allowed):
            return st.sampled_from(allowed)
        case msgspec.inspect.EnumType(cls=enum):
            return st.sampled_from(list(enum))
        case msgspec.inspect.DateType():
            return st.dates()
        case msgspec.inspect.VarTupleType(item_type=item):
            return st.lists(values(item), max_size=3).map(tuple)
        case msgspec.inspect.TupleType(item_types=items):
            return st.tuples(*(values(item) for item in items))
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(values(key), values(value), max_size=3)
        case msgspec.inspect.UnionType(types=types):
            return st.one_of(*(values(each) for each in types))
        case msgspec.inspect.StructType(cls=struct, fields=fields):
            return st.builds(struct, **{each.name: values(each.type) for each in fields})
        case msgspec.inspect.CustomType(cls=custom) if custom is Secret:
            return st.text(min_size=1, max_size=32).map(Secret)
        case msgspec.inspect.CustomType(cls=custom) if custom is IPv4Address:
            return st.ip_addresses(v=4)
    raise AssertionError(f"no values are known for {kind}")


def test_every_operation_is_registered_once() -> None:
    assert len(BY_KIND) == len(OPERATIONS)
    known = {each.__name__ for each in OPERATIONS}
    for path in sorted((ROOT / "tui" / "operations").glob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.ClassDef):
                continue
            kinds = [
                each
                for each in node.body
                if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "KIND"
            ]
            if kinds:
                assert node.name in known, f"{node.name} could not be resumed after a crash"


@pytest.mark.parametrize("kind", OPERATIONS, ids=lambda each: each.KIND)
def test_nothing_of_a_plan_is_lost(kind: type[Operation]) -> None:
    @given(values(msgspec.inspect.type_info(kind.WANTED)))
    def check(wanted: msgspec.Struct) -> None:
        kept = Keeping(KEY).write(wanted, "an-operation")
        assert Keeping(KEY).read(kept, kind.WANTED, "an-operation") == wanted

    check()


WITH_RULES = ("edit-sources", "timed-sources", "restart")
"""Their plans are checked when they are made: one by chance is refused. They have tests of their
own in which they are built again."""


@pytest.mark.parametrize(
    "kind",
    [each for each in OPERATIONS if each.KIND not in WITH_RULES],
    ids=lambda each: each.KIND,
)
def test_an_operation_is_built_from_its_plan_alone(kind: type[Operation]) -> None:
    assert kind.KIND and kind.WANTED.__struct_config__.frozen
    signature = inspect.signature(kind.rebuild)
    assert list(signature.parameters) == ["wanted", "reach"]
    reach = Reach(client=ScriptedCloud().client())

    @given(values(msgspec.inspect.type_info(kind.WANTED)))
    def check(wanted: msgspec.Struct) -> None:
        again = kind.rebuild(wanted, reach)
        assert again.wanted == wanted
        assert again.title and isinstance(again.subject, str) and len(again.target) == 3
        names = [step.name for step in again.plan()]
        other = [step.name for step in kind.rebuild(wanted, reach).plan()]
        assert names == other, "the plan depends on it alone"

    check()
