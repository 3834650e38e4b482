"""`csvpn users`: lists, adds, removes; and says what it may not do."""

import io

import pytest

from tests.commands.contexts import Printed, context_for
from tui.cloud.errors import Credentials, Permission, ReadOnly
from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit
from tui.commands.users import Whose, add_users, list_users, remove_users
from tui.lab.lab import Lab
from tui.safety.credentials import CredentialStore
from tui.session.launch import Launcher, SecretMissing

ACME = Whose(account="acme")


def names(document: object) -> list[str]:
    assert isinstance(document, dict)
    return [user["name"] for user in document["users"]]


async def test_everybody_is_listed(demo_lab: Lab, printed: Printed) -> None:
    assert await list_users(context_for(demo_lab), Whose()) is Exit.FINE
    lines = printed.both()[0].splitlines()
    assert lines[0].split() == ["USER", "STATE", "ACCOUNT", "DOMAIN", "OF", "LIMIT", "REACHES"]
    assert any(line.split()[:4] == ["alice", "✔", "active", "acme"] for line in lines)
    owners = {line.split()[3] for line in lines[1:]}
    assert {"acme", "globex", "umbrella"} <= owners


async def test_lists_are_narrowed(demo_lab: Lab, printed: Printed) -> None:
    context = context_for(demo_lab, as_json=True)
    await list_users(context, Whose())
    everybody = names(printed.document())
    for whose in (Whose(account="umbrella"), Whose(domain="/partners"), Whose(domain="partners")):
        await list_users(context, whose)
        document = printed.document()
        assert {user["account"] for user in document["users"]} == {"umbrella"}
        assert 0 < len(names(document)) < len(everybody)
    await list_users(context, Whose(project="nothing"))
    assert printed.document() == {"users": [], "limit": 8}


async def test_an_empty_list_is_no_error(contract_lab: Lab, printed: Printed) -> None:
    assert await list_users(context_for(contract_lab, "other-user"), Whose()) is Exit.FINE
    out, err = printed.both()
    assert out == "" and "no VPN users" in err


async def test_a_user_is_added_with_a_password_made_here(
    contract_lab: Lab, printed: Printed
) -> None:
    code = await add_users(context_for(contract_lab, "user"), ["alice", "bob"], Whose())
    out, err = printed.both()
    assert code is Exit.FINE
    assert "✔ done" in out and "shown only now" in err
    shown = dict(
        line.removeprefix("password of ").split(": ")
        for line in out.splitlines()
        if line.startswith("password of")
    )
    assert set(shown) == {"alice", "bob"}
    kept = {user.username: user.password for user in contract_lab.world.vpn_users.values()}
    assert {name: kept[name] for name in shown} == shown


async def test_a_password_from_stdin_is_not_printed(
    contract_lab: Lab, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Corr3ct.Horse\nmore\n"))
    context = context_for(contract_lab, as_json=True)
    assert await add_users(context, ["alice"], ACME, password_stdin=True) is Exit.FINE
    out, err = printed.both()
    assert "Corr3ct.Horse" not in out + err
    assert '"password": null' in out
    (user,) = contract_lab.world.vpn_users.values()
    assert user.password == "Corr3ct.Horse"


@pytest.mark.parametrize("typed", ["", "\n", "ab\n", "with blank\n", "ümlaut\n"])
async def test_bad_passwords_are_refused_before_anything_is_asked(
    contract_lab: Lab, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(CommandError, match="first line of stdin"):
        await add_users(context_for(contract_lab), ["alice"], ACME, password_stdin=True)


@pytest.mark.parametrize("name", ["ab", "a b", "-alice", "a" * 65, "älice", "al\x1bice"])
async def test_bad_names_are_refused(contract_lab: Lab, name: str) -> None:
    with pytest.raises(CommandError) as caught:
        await add_users(context_for(contract_lab), [name], ACME)
    assert caught.value.code is Exit.USAGE


async def test_one_password_is_for_one_user(contract_lab: Lab) -> None:
    with pytest.raises(CommandError, match="for one user"):
        await add_users(context_for(contract_lab), ["a1b", "b1c"], ACME, password_stdin=True)


async def test_a_user_who_exists_and_a_full_account_are_findings(
    demo_lab: Lab, printed: Printed
) -> None:
    context = context_for(demo_lab)
    assert await add_users(context, ["alice"], ACME) is Exit.FINDINGS
    assert "already has a VPN user alice" in printed.both()[1]
    assert await add_users(context, ["newone"], Whose(account="umbrella")) is Exit.FINDINGS
    assert "8 of 8" in printed.both()[1]


async def test_removing_asks_says_what_it_means_and_does_it(
    demo_lab: Lab, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    context = context_for(demo_lab)
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert await remove_users(context, ["alice"], ACME) is Exit.FINDINGS
    assert "can no longer connect" in printed.both()[1]
    assert any(user.username == "alice" for user in demo_lab.world.vpn_users.values())
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert await remove_users(context, ["alice"], ACME) is Exit.FINE
    assert "alice is removed" in printed.both()[0]
    assert all(user.username != "alice" for user in demo_lab.world.vpn_users.values())


async def test_a_production_profile_wants_its_name_typed(
    demo_lab: Lab, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    context = context_for(demo_lab, production=True)
    assert await remove_users(context, ["alice"], ACME) is Exit.FINDINGS
    assert "type prod to go ahead" in printed.both()[1]


async def test_a_user_who_is_not_there(demo_lab: Lab) -> None:
    with pytest.raises(CommandError, match="did you mean alice"):
        await remove_users(context_for(demo_lab), ["alic"], ACME, yes=True)
    with pytest.raises(CommandError, match="name it with --account"):
        await remove_users(context_for(demo_lab), ["alice"], Whose(), yes=True)


async def test_unknown_owners(demo_lab: Lab) -> None:
    with pytest.raises(CommandError, match="did you mean acme"):
        await add_users(context_for(demo_lab), ["newone"], Whose(account="acmee"))
    with pytest.raises(CommandError, match="has no account"):
        await add_users(context_for(demo_lab), ["newone"], Whose(account="acme", domain="/none"))
    with pytest.raises(CommandError, match="no project"):
        await add_users(context_for(demo_lab), ["newone"], Whose(project="none"))


async def test_read_only_refuses_before_anything_is_sent(demo_lab: Lab) -> None:
    for context in (context_for(demo_lab, read_only=True), context_for(demo_lab, read_only=True)):
        with pytest.raises(ReadOnly):
            await add_users(context, ["newone"], ACME)
    with pytest.raises(ReadOnly):
        await remove_users(context_for(demo_lab, read_only=True), ["alice"], ACME, yes=True)


async def test_a_role_that_may_not_is_told(contract_lab: Lab) -> None:
    with pytest.raises(Permission, match="listVpnUsers"):
        await list_users(context_for(contract_lab, "viewer"), Whose())


async def test_profiles_that_cannot_be_opened(contract_lab: Lab) -> None:
    context = context_for(contract_lab)
    with pytest.raises(CommandError, match="did you mean prod"):
        await list_users(Context(context.launcher, "prdo"), Whose())
    with pytest.raises(SecretMissing):
        await list_users(Context(Launcher(CredentialStore({}))), Whose())
    wrong = Launcher(
        CredentialStore({"CSVPN_SECRET_KEY": "wrong key"}),
        transport=context.launcher._transport,
    )
    with pytest.raises(Credentials):
        await list_users(Context(wrong), Whose())


async def test_without_any_profile(contract_lab: Lab) -> None:
    with pytest.raises(CommandError, match="there is no profile yet"):
        await list_users(Context(Launcher(CredentialStore({}))), Whose())
