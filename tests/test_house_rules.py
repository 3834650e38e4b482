"""Rules of the house that no linter knows, over every module of `tui/` and `screens/`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
MODULES: Final = tuple(
    str(path.relative_to(ROOT))
    for folder in ("tui", "screens")
    for path in sorted((ROOT / folder).rglob("*.py"))
)
OF_TEXTUAL: Final = tuple(
    module for module in MODULES if "from textual" in (ROOT / module).read_text("utf-8")
)
STYLES: Final = tuple(
    str(path.relative_to(ROOT))
    for folder in ("tui", "screens")
    for path in sorted((ROOT / folder).rglob("*.tcss"))
)
LONGEST_FILE: Final = 400
LONGEST_FUNCTION: Final = 60
FOLDERS_OF_XDG: Final = {"data_folder"}
EMPTY_NAMES: Final = re.compile(r"(?:^|_)(?:data|info|manager|helpers?|utils?|misc|stuff)(?:_|$)")

SHOWN_AS_MARKUP: Final = {"Static", "Label", "Button", "Option", "Checkbox", "RadioButton"}
"""Widgets whose first argument Textual reads as markup when it is a `str`."""
SETTERS: Final = {"border_title", "border_subtitle", "tooltip"}
COLOURS: Final = re.compile(
    r"(?:ansi_)?(?:red|green|blue|yellow|white|black|cyan|magenta|orange|purple|grey|gray|pink)"
)


def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text("utf-8"), module)


def called(node: ast.Call) -> str:
    """The last part of what is called: `update` for `self.query_one(x).update(...)`."""
    function = node.func
    if isinstance(function, ast.Subscript):
        function = function.value
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def is_literal(node: ast.expr) -> bool:
    """A text that stands in the program as it is, or a choice between such."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.IfExp):
        return is_literal(node.body) and is_literal(node.orelse)
    if isinstance(node, ast.BinOp):
        return is_literal(node.left) and is_literal(node.right)
    return False


@pytest.mark.parametrize("module", MODULES)
def test_a_file_has_one_idea_and_says_which(module: str) -> None:
    text = (ROOT / module).read_text("utf-8")
    assert len(text.splitlines()) < LONGEST_FILE
    assert ast.get_docstring(tree_of(module)), "the module has no docstring"
    assert not EMPTY_NAMES.search(Path(module).stem), "a name that says nothing"


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_short_and_names_say_something(module: str) -> None:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length < LONGEST_FUNCTION, f"{node.name} has {length} lines"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower()
            assert spaced in FOLDERS_OF_XDG or not EMPTY_NAMES.search(spaced), node.name


@pytest.mark.parametrize("module", MODULES)
def test_public_classes_and_functions_are_explained(module: str) -> None:
    for node in tree_of(module).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            explained = node.name.startswith("_") or ast.get_docstring(node)
            assert explained, f"{node.name} has no docstring"


@pytest.mark.parametrize("module", MODULES)
def test_no_error_is_swallowed(module: str) -> None:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: a bare except"
            body = node.body
            assert not (len(body) == 1 and isinstance(body[0], ast.Pass)), (
                f"line {node.lineno}: except … pass"
            )


@pytest.mark.parametrize("module", OF_TEXTUAL)
def test_every_worker_is_named_alone_and_harmless(module: str) -> None:
    tree = tree_of(module)
    workers = [call for call in calls(tree) if called(call) in ("work", "run_worker")]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            bare = [d for d in node.decorator_list if isinstance(d, ast.Name) and d.id == "work"]
            assert not bare, f"{node.name}: @work without group"
    for worker in workers:
        said = {k.arg: ast.unparse(k.value) for k in worker.keywords}
        where = f"line {worker.lineno}"
        assert "group" in said, f"{where}: no group"
        assert said.get("exclusive") in ("True", "False"), f"{where}: exclusive is not said"
        assert said.get("exit_on_error") == "False", f"{where}: would end the console"


@pytest.mark.parametrize("module", OF_TEXTUAL)
def test_thousands_of_rows_or_lines_are_shown_by_widgets_of_our_own(module: str) -> None:
    """Textual's hold a widget's worth of work for every row; a handful of lines is fine, and has
    `OptionList` and `Static`."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual"):
            slow = {each.name for each in node.names} & {"DataTable", "Log", "RichLog", "ListView"}
            assert not slow, f"line {node.lineno}: {slow}"


@pytest.mark.parametrize("module", OF_TEXTUAL)
def test_no_text_from_outside_is_read_as_markup(module: str) -> None:
    tree = tree_of(module)
    of_module = functions_of_content(tree) | attributes_of_content(tree)
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        known = of_module | parameters_of_content(function)
        known |= variables_of_content(function, known)
        for line, shown in shown_texts(function):
            safe = is_literal(shown) or is_content(shown, known)
            assert safe, f"line {line}: {ast.unparse(shown)[:80]} may be read as markup"
    for call in calls(tree):
        assert called(call) != "from_markup", f"line {call.lineno}: markup"
        for keyword in call.keywords:
            if keyword.arg == "markup":
                assert ast.unparse(keyword.value) == "False", f"line {call.lineno}: markup"


Function = ast.FunctionDef | ast.AsyncFunctionDef
CONTENT_MAKERS: Final = {
    "Content",
    "styled",
    "assemble",
    "step_lines",
    "user_lines",
    "check_lines",
    "facts_text",
    "report_text",
    "finding_lines",
    "clue_lines",
    "verdict_text",
    "no_verdict_text",
    "symptom_text",
    "check_text",
    "counts_line",
    "remedies_text",
}
"""What gives `Content`: its own constructors, and functions of screens that other modules use."""


def shown_texts(function: ast.AST) -> Iterator[tuple[int, ast.expr]]:
    """What is given to widgets to be shown, with its line."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and called(node) in SHOWN_AS_MARKUP | {"update"}:
            plain = any(k.arg == "markup" for k in node.keywords)
            if node.args and not plain:
                yield node.lineno, node.args[0]
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in SETTERS:
                    yield node.lineno, node.value


def functions_of_content(tree: ast.AST) -> set[str]:
    """Functions and methods that say that they give `Content`, as `name` or `name[1]`."""
    found: set[str] = set()
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        given = function.returns
        if given is not None and ast.unparse(given) == "Content":
            found.add(function.name)
        if isinstance(given, ast.Subscript) and isinstance(given.slice, ast.Tuple):
            for place, part in enumerate(given.slice.elts):
                if ast.unparse(part) == "Content":
                    found.add(f"{function.name}[{place}]")
    return found


def parameters_of_content(function: Function) -> set[str]:
    """Parameters that are said to be `Content`."""
    arguments = (*function.args.args, *function.args.kwonlyargs)
    return {a.arg for a in arguments if a.annotation and ast.unparse(a.annotation) == "Content"}


def variables_of_content(function: Function, known: set[str]) -> set[str]:
    """Variables that are given nothing but `Content`."""
    given: dict[str, bool] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            given[name] = given.get(name, True) and is_content(node.value, known)
    return {name for name, always in given.items() if always}


def attributes_of_content(tree: ast.AST) -> set[str]:
    """Attributes that hold a parameter which is `Content`."""
    found: set[str] = set()
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        parameters = parameters_of_content(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and is_content(node.value, parameters):
                found |= {t.attr for t in node.targets if isinstance(t, ast.Attribute)}
    return found


def is_content(node: ast.expr, known: set[str]) -> bool:
    """Whether `node` is certainly `Content`."""
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr == "join":
            return is_content(function.value, known)
        return called(node) in CONTENT_MAKERS | known
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call):
        return f"{called(node.value)}[{ast.unparse(node.slice)}]" in known
    if isinstance(node, ast.Name):
        return node.id in known
    if isinstance(node, ast.Attribute):
        return node.attr in known
    if isinstance(node, ast.IfExp):
        return all(is_literal(n) or is_content(n, known) for n in (node.body, node.orelse))
    return False


RECORDS_SECRETS: Final = {"note_secret_use", "note_printed", "copy_out"}
SHOWS_FOR_ANOTHER: Final = {
    "screens/add_users.py": "checks what was typed",
    "screens/enable_words.py": "lines for screens/enable.py",
    "tui/commands/changing.py": "lines for the commands that use it",
}
"""Modules that reveal a secret and leave the recording to those that they work for."""


@pytest.mark.parametrize("module", MODULES)
def test_whoever_shows_a_secret_records_it(module: str) -> None:
    if not module.startswith(("screens/", "tui/commands/")) or module in SHOWS_FOR_ANOTHER:
        return
    names = {called(call) for call in calls(tree_of(module))}
    assert "reveal" not in names or names & RECORDS_SECRETS, "call note_secret_use or note_printed"


@pytest.mark.parametrize("style", STYLES)
def test_styles_take_their_colours_from_the_theme(style: str) -> None:
    assert no_colours((ROOT / style).read_text("utf-8")) == []
    screen = (ROOT / style).with_suffix(".py")
    shared = {"console.tcss", "frame.tcss", "dialogs.tcss"}
    assert screen.exists() or Path(style).name in shared, "a style belongs beside its screen"


@pytest.mark.parametrize("module", OF_TEXTUAL)
def test_styles_in_modules_do_too(module: str) -> None:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Assign) and "CSS" in ast.unparse(node.targets[0]):
            for constant in ast.walk(node.value):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    assert no_colours(constant.value) == []
        if isinstance(node, ast.Call) and called(node) == "styled" and len(node.args) > 1:
            style = node.args[1]
            if isinstance(style, ast.Constant):
                assert no_colours(str(style.value)) == []


def no_colours(css: str) -> list[str]:
    """The colour literals in a style sheet, which should be none."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    found = re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\b(?:rgba?|hsla?)\(", css)
    words = re.findall(r"(?<![\w$.#-])[a-z_]+(?![\w-])", css)
    return [*found, *(word for word in words if COLOURS.fullmatch(word))]


def test_the_rules_find_what_they_are_for() -> None:
    assert no_colours("A { color: #ff0000; }") == ["#ff0000"]
    assert no_colours("A { color: rgb(1,2,3); background: red; }") == ["rgb(", "red"]
    assert no_colours("#red { color: $error; } .red { width: 3; }") == []
    for text, safe in (
        ("name", False),
        ("f'{name}'", False),
        ("'plain'", True),
        ("'a' if name else 'b'", True),
        ("'\\n'.join(names)", False),
        ("Content(name)", True),
        ("Content('\\n').join(lines)", True),
        ("Content(name) if name else ''", True),
    ):
        shown = ast.parse(text, mode="eval").body
        assert (is_literal(shown) or is_content(shown, set())) is safe, text
    assert len(MODULES) > 100
    assert len(STYLES) > 5


def test_hosts_machines_and_sessions_are_not_in_the_program() -> None:
    for module in (*MODULES, *STYLES):
        text = (ROOT / module).read_text("utf-8")
        assert not re.search(r"/(?:work|home|tmp/w)/", text), module
