"""What is given is written in order, by somebody who may wait as long as it takes."""

import threading

from tui.terminal.outlet import Outlet


class Gate:
    """A stream that takes nothing while it is shut."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.opened = threading.Event()
        self.came = threading.Event()

    def write(self, text: str, /) -> object:
        self.came.set()
        self.opened.wait(20)
        self.texts.append(text)
        return len(text)

    def flush(self) -> object:
        return None


def test_giving_never_waits_and_the_order_stays() -> None:
    gate, took = Gate(), list[float]()
    outlet = Outlet(gate, took.append)
    outlet.open()
    for number in range(1000):
        outlet.write(f"{number} ")
    assert outlet.is_busy and gate.came.wait(20)
    gate.opened.set()
    outlet.close()
    assert "".join(gate.texts) == "".join(f"{number} " for number in range(1000))
    assert len(gate.texts) < 1000, "what waits is written in one piece"
    assert not outlet.is_busy and not outlet.is_open
    assert len(took) == len(gate.texts)


def test_what_is_given_while_it_is_closed_waits() -> None:
    gate = Gate()
    gate.opened.set()
    outlet = Outlet(gate, lambda took: None)
    outlet.write("before")
    assert outlet.is_busy and gate.texts == []
    outlet.open()
    outlet.open()
    outlet.write(" after")
    outlet.close()
    assert "".join(gate.texts) == "before after"
    outlet.write("kept")
    outlet.close()
    assert "".join(gate.texts) == "before after"
    outlet.open()
    outlet.close()
    assert "".join(gate.texts) == "before afterkept"
