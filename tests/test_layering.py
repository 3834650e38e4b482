"""Floors: what may import what, as written in pyproject.toml, and what is loaded at run time."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parent.parent
HEAVY: Final = ("textual", "httpx", "asyncssh", "cryptography", "keyring", "uvicorn", "tui.lab")
WITHOUT_TEXTUAL: Final = (
    "tui.__main__",
    "tui.action",
    "tui.actions",
    "tui.cloud",
    "tui.commands",
    "tui.diagnose",
    "tui.demo",
    "tui.lab",
    "tui.logs",
    "tui.operations",
    "tui.router",
    "tui.safety",
    "tui.session",
    "tui.settings",
    "tui.table_actions",
    "tui.user_actions",
    "tui.vpn",
    "tui.vpn_actions",
    "tui.diagnose_actions",
    "tui.log_actions",
)
ABOVE: Final = {"tui.__main__", "tui.demo"}
"""They start the console and the lab, in functions that load them then."""
WITH_TEXTUAL: Final = ("tui.app", "tui.terminal", "tui.widgets")


def children() -> list[str]:
    """Every module and package directly within `tui`."""
    found = [path.stem for path in (ROOT / "tui").glob("*.py") if path.stem != "__init__"]
    found += [path.parent.name for path in (ROOT / "tui").glob("*/__init__.py")]
    return sorted(f"tui.{name}" for name in found)


def modules_below(package: str) -> list[str]:
    """The modules of a package and of all packages in it; a plain module is its own."""
    folder = ROOT / package.replace(".", "/")
    if not folder.is_dir():
        return [package]
    paths = (path.relative_to(ROOT).with_suffix("") for path in sorted(folder.rglob("*.py")))
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


def contracts() -> list[dict[str, Any]]:
    """The contracts of import-linter."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def loaded_by(*modules: str) -> set[str]:
    """Which of `HEAVY` are there after importing `modules` in a process of their own."""
    script = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


def test_the_contracts_are_kept() -> None:
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stdout
    assert f"Contracts: {len(contracts())} kept, 0 broken." in ran.stdout


def test_every_part_has_its_floor() -> None:
    (floors,) = (contract for contract in contracts() if contract["type"] == "layers")
    named = {
        name.strip() for layer in floors["layers"] for name in layer.strip("()").split("|")
    } | {"tui.lab"}
    assert set(children()) - named == set(), "give it a floor in pyproject.toml"
    optional = {layer.strip("()") for layer in floors["layers"] if layer.startswith("(")}
    assert not {name for name in optional if name in children()}, "it exists: no brackets"


def test_every_part_either_knows_textual_or_not() -> None:
    assert sorted((*WITHOUT_TEXTUAL, *WITH_TEXTUAL)) == children()
    (contract,) = (c for c in contracts() if c.get("forbidden_modules") == ["textual"])
    assert set(contract["source_modules"]) == set(WITHOUT_TEXTUAL) - ABOVE


def test_nothing_else_may_open_the_lab() -> None:
    (contract,) = (c for c in contracts() if c.get("forbidden_modules") == ["tui.lab"])
    others = set(children()) - ABOVE - {"tui.lab"}
    assert set(contract["source_modules"]) == others | {"screens"}


@pytest.mark.parametrize("package", WITHOUT_TEXTUAL)
def test_no_module_below_the_screens_loads_textual(package: str) -> None:
    loaded = loaded_by(*modules_below(package))
    assert "textual" not in loaded
    if package not in ("tui.lab", "tui.demo"):
        assert "tui.lab" not in loaded


def test_the_headless_commands_load_nothing_before_they_need_it() -> None:
    assert loaded_by("tui.__main__", *modules_below("tui.commands")) == set()


def test_the_session_loads_neither_the_cloud_s_nor_the_router_s_library() -> None:
    assert loaded_by(*modules_below("tui.session"), *modules_below("tui.operations")) == set()


def test_the_console_is_on_the_screen_before_any_client_is_loaded() -> None:
    assert loaded_by("tui.app", *modules_below("screens")) == {"textual"}


def test_the_probe_sees_what_is_loaded() -> None:
    assert loaded_by("tui.router.connection") >= {"asyncssh"}
    assert loaded_by("tui.cloud.exchange") >= {"httpx"}
