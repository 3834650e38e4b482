"""Who may call: keys, signatures, sessions, roles, and the order of the checks."""

import json
import time
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.lab.replaying import CONTRACT, Bench, Json, bench, compare, exchanges, plain
from tui.lab.cloud.authentication import sign

BAD: Final = "unable to verify user credentials and/or request signature"


def vectors() -> list[Json]:
    found: list[Json] = json.loads((CONTRACT / "signing-vectors.json").read_text())["vectors"]
    return found


def test_signing_vectors() -> None:
    found = vectors()
    assert len(found) > 15
    for vector in found:
        assert sign(vector["params"], vector["secretkey"]) == vector["signature"], vector["params"]


async def test_recorded_failures(tmp_path: Path) -> None:
    """01: what keys and signatures alone decide."""
    wrong: list[str] = []
    async with bench(tmp_path) as lab:
        for position, exchange in enumerate(exchanges("01")):
            note = exchange["note"]
            if note == "routers for a domain admin":
                continue  # counts routers that were made later; the fields are in 04
            answer = None
            if note in ("wrong secret key", "unknown API key"):
                answer = await forged(lab, exchange, unknown=note == "unknown API key")
            wrong += [
                f"{position} {note}: {text}" for text in await lab.differences(exchange, answer)
            ]
    assert not wrong, "\n".join(wrong)


async def forged(lab: Bench, exchange: Json, *, unknown: bool) -> tuple[int, Json]:
    form = {
        **exchange["request"],
        "apikey": "nobody" if unknown else lab.lab.actors["user"].api_key,
    }
    form["signature"] = sign(form, "not the secret")
    response = await lab.client.post("/client/api", data=form)
    return response.status_code, response.json()


async def test_a_forbidden_command_is_432_even_with_a_wrong_secret(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        status, body = await forged(lab, {"request": {"command": "listHosts"}}, unknown=False)
    assert status == 432
    assert body["errorresponse"]["errortext"].startswith("The API [listHosts] does not exist")


@pytest.mark.parametrize("mixed", [False, True], ids=["lower case", "as CloudMonkey writes it"])
async def test_get_and_names_in_any_case(tmp_path: Path, mixed: bool) -> None:
    """`apiKey` sorts before `command`, `apikey` as well: the raw name counts."""
    async with bench(tmp_path) as lab:
        who = lab.lab.actors["user"]
        form = {
            "command": "listZones",
            "response": "json",
            "apiKey" if mixed else "apikey": who.api_key,
            "signatureVersion" if mixed else "signatureversion": "3",
            "expires": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 900)),
        }
        form["signature"] = sign(form, who.secret_key)
        response = await lab.client.get("/client/api", params=form)
        assert response.status_code == 200
        form["expires"] = "2020-01-01T00:00:00Z"
        form.pop("signature")
        form["signature"] = sign(form, who.secret_key)
        late = await lab.client.get("/client/api", params=form)
        assert late.status_code == 401
        assert late.headers["x-description"] == BAD


async def test_disabled_account(tmp_path: Path) -> None:
    """13: a disabled account is told nothing but 401."""
    recorded = exchanges("13")
    async with bench(tmp_path) as lab:
        wrong: list[str] = []
        for position in (1, 2, 3, 4):
            wrong += await lab.differences(recorded[position])
        (account,) = [a for a in lab.lab.world.accounts.values() if a.name == "viewer"]
        account.enabled = False
        wrong += await lab.differences(recorded[7])
    assert not wrong, wrong


async def session_call(client: httpx.AsyncClient, **form: str) -> tuple[int, Any]:
    response = await client.post("/client/api", data={"response": "json", **form})
    return response.status_code, response.json()


async def test_recorded_sessions(tmp_path: Path) -> None:
    """12, exchange by exchange: cookies as the recording says, its session keys as ours."""
    wrong: list[str] = []
    async with bench(tmp_path) as lab:
        key, jar = "", httpx.Cookies()
        for position, exchange in enumerate(exchanges("12")):
            form = dict(exchange["request"])
            if "sessionkey" in form:
                form["sessionkey"] = key
            # Every login was made by a client of its own; what came with cookies was the one that
            # had succeeded last.
            lab.client.cookies = jar if exchange["cookies"] else httpx.Cookies()
            if exchange["method"] == "GET":
                response = await lab.client.get("/client/api", params=form)
                assert response.status_code == exchange["status"]
                assert response.text == exchange["body"]
                continue
            response = await lab.client.post("/client/api", data=form)
            body = response.json()
            if "sessionkey" in body.get("loginresponse", {}):
                key, jar = body["loginresponse"]["sessionkey"], lab.client.cookies
            names = [c.partition("=")[0] for c in response.headers.get_list("set-cookie")]
            assert {c.partition("=")[0] for c in exchange["setcookie"]} == set(names)
            assert response.status_code == exchange["status"], (position, body)
            texts = compare(plain(exchange["body"]), plain(body))
            wrong += [f"{position}: {text}" for text in texts]
    assert not wrong, "\n".join(wrong)


async def test_second_factor(tmp_path: Path) -> None:
    """A session that has not shown its second factor gets 511 and ends."""
    async with bench(tmp_path) as lab:
        (person,) = [p for p in lab.lab.world.people.values() if p.username == "acme"]
        person.two_factor = True
        login = {"command": "login", "username": "acme", "password": "Passw0rd!x"}

        async def log_in() -> str:
            status, body = await session_call(lab.client, **login, domain="/customers")
            assert status == 200
            assert body["loginresponse"]["is2faverified"] == "false"
            key: str = body["loginresponse"]["sessionkey"]
            return key

        key = await log_in()
        status, _ = await session_call(lab.client, command="listZones", sessionkey=key)
        assert status == 511
        status, body = await session_call(lab.client, command="listZones", sessionkey=key)
        assert (status, body["listzonesresponse"]["errortext"]) == (401, BAD)
        key = await log_in()
        validate = {"command": "validateUserTwoFactorAuthenticationCode", "sessionkey": key}
        status, _ = await session_call(lab.client, **validate, codefor2fa="12")
        assert status == 531
        status, _ = await session_call(lab.client, **validate, codefor2fa="123456")
        assert status == 200
        status, _ = await session_call(lab.client, command="listZones", sessionkey=key)
        assert status == 200


async def test_elsewhere_there_is_only_html(tmp_path: Path) -> None:
    """Somebody who forgets /client/api gets a page, as from a real server."""
    async with bench(tmp_path) as lab:
        response = await lab.client.get("/client")
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")


async def test_a_form_that_is_too_large(tmp_path: Path) -> None:
    async with bench(tmp_path) as lab:
        response = await lab.client.post("/client/api", data={"command": "x" * 1_100_000})
    assert response.status_code == 413
