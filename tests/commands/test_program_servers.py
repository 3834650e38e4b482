"""The program against servers that are not what the profile says, or not well."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import time

import pytest

from tests.commands.test_program import csvpn, only_error
from tui.settings.model import Profile
from tui.settings.profiles import save_profile

JSON = "application/json;charset=UTF-8"
PAGE = b"<!DOCTYPE html><html><body><h1>Welcome to nginx!</h1></body></html>"
REFUSED = (
    b'{"listzonesresponse":{"uuidList":[],"errorcode":401,'
    b'"errortext":"unable to verify user credentials and/or request signature"}}'
)


class Answer:
    """What a server says to every call."""

    def __init__(
        self, body: bytes, status: int = 200, *, kind: str = JSON, ahead: float = 0, short: int = 0
    ) -> None:
        """Its clock is `ahead` by so many seconds; `short` bytes of the promised body are kept."""
        self.body = body
        self.status = status
        self.kind = kind
        self.ahead = ahead
        self.short = short


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The URL of a server that answers so."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response_only(answer.status)
            self.send_header("Date", formatdate(time() + answer.ahead, usegmt=True))
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) - answer.short])
            self.close_connection = True

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/client/api"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (Answer(PAGE, kind="text/html"), 2, "A web page answered"),
        (Answer(PAGE, 404, kind="text/html"), 2, "A web page answered"),
        (Answer(b'{"listzonesresponse":{"count":1,"zone":[{"id"'), 2, ""),
        (Answer(b'{"listzonesresponse":{}}', short=5), 2, ""),
        (Answer(b"Service Unavailable", 503, kind="text/plain"), 2, "503"),
        (Answer(REFUSED, 401), 4, "key"),
        (Answer(REFUSED, 401, ahead=3600), 4, "clock"),
        (Answer(REFUSED, 401, ahead=-3600), 4, "clock"),
    ],
    ids=["page", "404", "half", "cut off", "503", "wrong key", "clock behind", "clock ahead"],
)
def test_one_line_says_what_is_wrong(answer: Answer, code: int, says: str, tmp_path: Path) -> None:
    with serving(answer) as url:
        save_profile(Profile(name="prod", url=url, api_key="k" * 20), tmp_path / "profiles.toml")
        environment = {
            **os.environ,
            "CSVPN_CONFIG_DIR": str(tmp_path),
            "CSVPN_SECRET_KEY": "never-to-be-printed",
        }
        done = csvpn("users", "--json", environment=environment)
    line = only_error(done)
    assert done.returncode == code, line
    assert says in line
    assert "; " in line, "what to do about it"
    assert "never-to-be-printed" not in line
