"""Adding and removing users."""

from tests.operations.scripted import Reply, done, refused, rows
from tests.operations.worlds import events, told, user, willing
from tui.cloud.errors import JobFailed, Limit, OutcomeUnknown, Validation
from tui.operations.facts import Owner
from tui.operations.users import AddUsers, NewUser, RemoveUsers, removing_means
from tui.safety.secret import Secret
from tui.vpn.users import check_password

ACME = Owner("acme", "514bce86-ccd1-4baf-8772-3f9051438781")
ROCKET = Owner(project_id="44a9d32b-0000-4000-8000-000000000000")
NAMES = ("alice", "bob", "carol")
FULL = refused(532, "Cannot add more than [8] remote access VPN users to Account [{…}].")


def people() -> tuple[NewUser, ...]:
    return tuple(NewUser(name, Secret(f"Winter2026-{name}")) for name in NAMES)


async def test_each_gets_its_own_call_and_owner() -> None:
    cloud = willing()
    operation = AddUsers(cloud.client(), people(), owner=ACME)
    assert operation.title == "Add 3 users"
    reported = await events(operation)
    assert {event.state for event in reported} == {"done"}
    assert cloud.parameters("addVpnUser")[1] == {
        "username": "bob",
        "password": "Winter2026-bob",
        "account": "acme",
        "domainid": ACME.domain_id,
    }
    assert [added.name for added in operation.added] == list(NAMES)
    assert "Winter2026" not in repr(operation.added) + repr(reported)


async def test_project_users_are_named_by_the_project_only() -> None:
    cloud = willing()
    await events(AddUsers(cloud.client(), people()[:1], owner=ROCKET))
    assert cloud.parameters("addVpnUser")[0]["projectid"] == ROCKET.project_id
    assert "account" not in cloud.parameters("addVpnUser")[0]


async def test_waiting_without_a_vpn() -> None:
    cloud = willing()
    cloud.answers("addVpnUser", done(vpnuser=user("alice", "Add")))
    operation = AddUsers(cloud.client(), people()[:1])
    (event,) = await events(operation)
    assert event.says == "alice is waiting: the account has no running VPN yet."
    assert operation.added[0].state == "Add"


async def test_the_limit_leaves_the_rest_untried() -> None:
    cloud = willing()
    cloud.answers("addVpnUser", done(vpnuser=user("alice")), FULL)
    operation = AddUsers(cloud.client(), people())
    reported = await events(operation)
    assert told(reported) == {
        "user alice": "done",
        "user bob": "failed",
        "user carol": "skipped",
    }
    assert isinstance(reported[1].error, Limit)
    assert len(cloud.changes) == 2
    assert [added.name for added in operation.added] == ["alice"]


async def test_a_router_that_refuses_one_does_not_stop_the_next() -> None:
    """Recording 10: the server takes the user back, and the next one goes through."""
    cloud = willing()
    text = (
        "Resource [RemoteAccessVPNServiceProvider:21] is unreachable: "
        "Failed add vpn user due to Resource unavailable "
    )
    cloud.answers("addVpnUser", refused(530, text, in_job=True), done(vpnuser=user("bob")))
    operation = AddUsers(cloud.client(), people()[:2])
    reported = await events(operation)
    assert told(reported) == {"user alice": "failed", "user bob": "done"}
    assert isinstance(reported[0].error, JobFailed)
    assert "taken the user back" in reported[0].remedy
    assert [added.name for added in operation.added] == ["bob"]


async def test_a_name_that_is_taken() -> None:
    cloud = willing()
    text = "VPN User with name alice is already added for account Account [{…}]"
    cloud.answers("addVpnUser", refused(431, text))
    (event,) = await events(AddUsers(cloud.client(), people()[:1]))
    assert event.says == "The account already has a user alice; the password was not changed."
    assert "removal was refused half-way" in event.remedy
    assert isinstance(event.error, Validation)


async def test_a_name_that_the_server_refuses() -> None:
    cloud = willing()
    cloud.answers("addVpnUser", refused(431, "Username [-] is invalid."))
    (event,) = await events(AddUsers(cloud.client(), people()[:1]))
    assert event.says == "Username [-] is invalid."


async def test_a_lost_reply_is_settled_by_the_list() -> None:
    cloud = willing()
    cloud.answers("addVpnUser", Reply({}, job=True, lost=True))
    cloud.answers("listVpnUsers", rows("vpnuser", user("alice")))
    operation = AddUsers(cloud.client(), people()[:1], owner=ACME)
    (event,) = await events(operation)
    assert event.state == "done"
    assert cloud.parameters("listVpnUsers")[0]["account"] == "acme"
    cloud.answers("listVpnUsers", rows("vpnuser"))
    (event,) = await events(AddUsers(cloud.client(), people()[:1]))
    assert event.state == "failed"
    assert isinstance(event.error, OutcomeUnknown)


def test_generated_users_have_passwords_that_the_server_takes() -> None:
    made = NewUser.generate("alice")
    assert made.generated
    assert check_password(made.password.reveal()) is None


async def test_removing_goes_on_and_says_what_stays() -> None:
    """Recordings 08 and 10."""
    cloud = willing()
    cloud.answers(
        "removeVpnUser",
        done(),
        refused(431, "Could not find VPN user=[bob]. VPN owner=[…]", in_job=True),
        refused(
            530,
            "Failed to refresh VPN user=[carol] due to resource unavailable. VPN owner id=[4].",
            in_job=True,
        ),
    )
    operation = RemoveUsers(cloud.client(), NAMES, owner=ACME)
    reported = await events(operation)
    assert told(reported) == {
        "remove alice": "done",
        "remove bob": "done!",
        "remove carol": "failed",
    }
    assert "in no list now, but the name stays taken" in reported[2].remedy
    assert operation.removed == ["alice", "bob"]
    assert cloud.parameters("removeVpnUser")[0]["domainid"] == ACME.domain_id


def test_what_removing_means() -> None:
    sentences = removing_means(["bob"], ["alice", "bobby"])
    assert any("cuts off bobby, whose name contains bob" in one for one in sentences)
    assert sentences[-1].startswith("The pre-shared key stays the same")
    both = removing_means(["bob", "bobby"], ["alice"])
    assert not any("contains" in one for one in both)
