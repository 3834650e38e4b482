import importlib
import inspect
import json
from pathlib import Path

import pytest

from bench import __main__ as running
from bench.ratios import Ratio, Samples


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `bench` of its own, with what programs need."""
    made = tmp_path / "bench"
    made.mkdir()
    (made / "__init__.py").touch()
    for name in ("ratios.py",):
        (made / name).write_text((running.FOLDER / name).read_text("utf-8"), "utf-8")
    monkeypatch.setattr(running, "FOLDER", made)
    return made


PROGRAM = """
from bench.ratios import Ratio, Samples, run_alone

def measure() -> list[Ratio]:
    {body}
    return [Ratio(bar=4, name="x", ours=Samples((1.0, 2.0)), peer=Samples((4.0,)), unit="B",
                  limit=0.5, at_least=False)]

if __name__ == "__main__":
    run_alone(measure)
"""


@pytest.mark.parametrize("name", running.programs())
def test_every_program_says_what_it_compares(name: str) -> None:
    module = importlib.import_module(f"bench.{name}")
    assert module.__doc__
    assert len(module.__doc__) > 200
    source = inspect.getsource(module)
    assert "run_alone(measure)" in source


def test_only_programs_are_run(folder: Path) -> None:
    (folder / "one.py").write_text(PROGRAM.format(body="pass"))
    (folder / "part.py").write_text("NOTHING = 1\n")
    assert running.programs() == ["one"]


def test_a_program_runs_in_a_process_of_its_own(folder: Path) -> None:
    (folder / "one.py").write_text(PROGRAM.format(body="print('noise')"))
    [ratio] = running.run("one", 30)
    assert ratio.verdict == "ok"
    assert ratio.ratio == 0.375


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("raise SystemExit('error: nothing was painted')", "nothing was painted"),
        ("raise ValueError('no such thing')", "no such thing"),
        ("import os; os._exit(3)", "exit status 3"),
        ("import time; time.sleep(60)", "not done within 1 s"),
    ],
)
def test_a_program_that_fails_is_a_line_that_says_so(folder: Path, body: str, word: str) -> None:
    (folder / "one.py").write_text(PROGRAM.format(body=body))
    [ratio] = running.run("one", 1 if "sleep" in body else 30)
    assert ratio.verdict == "failed"
    assert word in ratio.note


def test_the_others_go_on_and_the_exit_status_says_it(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "bad.py").write_text(PROGRAM.format(body="raise SystemExit(4)"))
    (folder / "good.py").write_text(PROGRAM.format(body="pass"))
    monkeypatch.setattr(running, "RESULTS", folder / "results.json")
    monkeypatch.setattr(running, "versions", lambda: {"lnav": "1.2"})
    monkeypatch.setattr("sys.argv", ["bench"])
    assert running.main() == 1
    printed = capsys.readouterr().out
    assert "failed" in printed
    assert "ok" in printed
    written = json.loads((folder / "results.json").read_text())
    assert written["versions"] == {"lnav": "1.2"}
    assert [ratio["verdict"] for ratio in written["ratios"]] == ["ok", "failed"]
    assert written["ratios"][0]["ours"] == {"min": 1, "median": 1.5, "max": 2, "values": [1, 2]}
    (folder / "bad.py").unlink()
    assert running.main() == 0


def test_what_has_not_begun_in_time_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ALL_SECONDS", 0)
    [ratio] = running.measured(["flood"])
    assert (ratio.verdict, ratio.note) == ("failed", "no time was left for it")


def test_lines_come_in_the_order_of_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    def ran(name: str, seconds: float) -> list[Ratio]:
        bar = {"a": None, "b": 10, "c": 3}[name]
        ours = Samples((seconds,))
        return [Ratio(bar=bar, name=name, ours=ours, peer=None, unit="s", limit=1, at_least=False)]

    monkeypatch.setattr(running, "run", ran)
    assert [ratio.name for ratio in running.measured(["a", "b", "c"])] == ["c", "b", "a"]


def test_bars_come_before_what_may_be_left_out() -> None:
    found = running.programs()
    assert set(running.LAST) <= set(found)
    assert tuple(found[-len(running.LAST) :]) == running.LAST
    assert set(running.MOST_SECONDS) <= set(found)
