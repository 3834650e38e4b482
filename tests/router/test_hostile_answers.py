"""Parsers of the registry on what no router should print: they refuse it, and never otherwise."""

import contextlib
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.router.recorded import STATES, output, recording
from tui.router.commands import REGISTRY
from tui.router.output import Output

REFUSALS = (ValueError, KeyError, IndexError, StopIteration)
"""What `RouterConnection.run` and `Survey.fact` turn into words."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["ifname", "flags", "addr_info", "config", "add", "create", "src_port_range", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def parse(name: str, status: int, stdout: bytes) -> None:
    with contextlib.suppress(*REFUSALS):
        REGISTRY[name].parse(Output(status, stdout))


@pytest.mark.parametrize("name", REGISTRY)
@settings(max_examples=10, deadline=None)
@given(status=st.sampled_from([0, 1, 3, 127]), stdout=st.binary(max_size=200))
@example(status=0, stdout=b"[" * 20_000)
@example(status=0, stdout=b'{"a":' * 20_000)
@example(status=0, stdout=b"9" * 5000)
@example(status=0, stdout=b"\n\n")
def test_any_bytes(name: str, status: int, stdout: bytes) -> None:
    parse(name, status, stdout)


@pytest.mark.parametrize("name", [n for n in REGISTRY if "-j" in REGISTRY[n].argv or "bag" in n])
@settings(max_examples=40, deadline=None)
@given(content=JSON)
def test_any_json(name: str, content: object) -> None:
    parse(name, 0, json.dumps(content).encode())


@pytest.mark.parametrize("name", REGISTRY)
@settings(max_examples=10, deadline=None)
@given(
    state=st.sampled_from(STATES),
    cut=st.floats(0, 1),
    where=st.floats(0, 1),
    planted=st.sampled_from(
        [
            b"",
            b"\x00",
            b"\xff",
            b" ",
            b"\n",
            b"=",
            b":",
            b"-1",
            b"[",
            b"Session 0 in tunnel",
            b"9e9",
        ]
    ),
)
def test_a_recorded_answer_with_a_fault(
    name: str, state: str, cut: float, where: float, planted: bytes
) -> None:
    answer = output(state, name)
    text = answer.stdout[: int(len(answer.stdout) * cut)]
    at = int(len(text) * where)
    parse(name, answer.status or 0, text[:at] + planted + text[at:])


def test_every_command_has_a_recording_to_go_by() -> None:
    assert set(REGISTRY) <= set(recording("vpn_idle")["answers"])
