"""Who and what there is beside networks: domains, accounts, people, projects, hosts, offerings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Handler, Rows
from tui.lab.cloud.errors import denied, invalid
from tui.lab.cloud.rows_networks import POD, ROUTER_OFFERING
from tui.lab.cloud.scope import owner_asked_for

_TYPE_NUMBER = {"user": 0, "root": 1, "domain-admin": 2, "project": 5}
_SINCE = "2026-11-23T02:18:18+0000"


def _named(
    call: Call, kind: type[e.Entity], names: Callable[[e.Entity], str]
) -> Callable[..., bool]:
    """A test for `id`, `name` and `keyword`."""
    wanted = call.thing("id", kind)
    nothing = call.names_nothing("id")

    def matches(thing: e.Entity) -> bool:
        name = names(thing).lower()
        return (
            not nothing
            and (wanted is None or thing is wanted)
            and call.text("name", name).lower() == name
            and call.text("keyword").lower() in name
        )

    return matches


def _level(row: e.Domain) -> int:
    return row.path.count("/")


async def domains(call: Call) -> Rows:
    """listDomains: the caller's domain and what is below it."""
    world, caller = call.cloud.world, call.caller.account
    matches = _named(call, e.Domain, lambda thing: cast(e.Domain, thing).name)

    def draw(thing: e.Entity) -> Body:
        row = cast(e.Domain, thing)
        body: Body = {"id": row.id, "name": row.name, "level": _level(row)}
        parent = row.path.rpartition("/")[0]
        for other in world.domains.values():
            if other.path == parent:
                body |= {"parentdomainid": other.id, "parentdomainname": other.name}
        below = any(other.path.startswith(row.path + "/") for other in world.domains.values())
        return body | {"haschild": below, "path": row.path, "state": "Active", "created": _SINCE}

    found = [d for d in world.domains.values() if world.below(caller, d.id) and matches(d)]
    found.sort(key=lambda domain: domain.path)
    return Rows("domain", list(found), draw)


def _may_see(call: Call, account: e.Account) -> bool:
    """Administrators see their accounts with `listall`, everybody sees their own."""
    caller = call.caller.account
    if account.level == "project" or account.name == "system":
        return False
    if account is caller:
        return True
    if caller.level == "user" or not (call.boolean("listall") or call.given("id")):
        return call.given("domainid") and caller.level != "user"
    return call.cloud.world.may_use(caller, account.id)


def _limits(name: str, limit: int, total: int) -> Body:
    if limit < 0:
        return {f"{name}limit": "Unlimited", f"{name}total": total, f"{name}available": "Unlimited"}
    return {f"{name}limit": str(limit), f"{name}total": total} | {
        f"{name}available": str(limit - total)
    }


def _totals(call: Call, account: str, address_limit: int) -> Body:
    world = call.cloud.world

    def count(things: Iterable[e.Network | e.PublicIp | e.Machine | e.Vpc]) -> int:
        return sum(1 for thing in things if thing.account == account)

    machines = count(world.machines.values())
    return {
        **_limits("vm", 20, machines),
        **_limits("ip", address_limit, count(world.addresses.values())),
        **_limits("network", 20, count(world.networks.values())),
        **_limits("vpc", 20, count(world.vpcs.values())),
        "vmstopped": 0,
        "vmrunning": machines,
    }


def _role(call: Call, account: e.Account) -> Body:
    role = call.cloud.world.roles[account.role]
    return {"roleid": role.id, "roletype": role.type, "rolename": role.name}


def _person(call: Call, person: e.Person) -> Body:
    world = call.cloud.world
    account = world.accounts[person.account]
    domain = world.domains[account.domain]
    body: Body = {
        "id": person.id,
        "username": person.username,
        "firstname": person.first_name,
        "lastname": person.last_name,
        "email": person.email,
        "created": _SINCE,
        "state": "enabled" if person.enabled else "disabled",
        "account": account.name,
        "accountid": account.id,
        "accounttype": _TYPE_NUMBER[account.level],
        "usersource": "native",
        **_role(call, account),
        "domainid": domain.id,
        "domain": domain.name,
        "apikey": person.api_key,
        "iscallerchilddomain": domain.id != call.caller.account.domain,
        "isdefault": account.level == "root",
        "is2faenabled": person.two_factor,
        "is2famandated": False,
    }
    return body


async def accounts(call: Call) -> Rows:
    """listAccounts."""
    world = call.cloud.world
    matches = _named(call, e.Account, lambda thing: cast(e.Account, thing).name)
    domain = call.thing("domainid", e.Domain)

    def draw(thing: e.Entity) -> Body:
        row = cast(e.Account, thing)
        place = rows.owner(world, row.id)
        place.pop("account")
        people = [_person(call, p) for p in world.people.values() if p.account == row.id]
        return {
            "id": row.id,
            "name": row.name,
            "accounttype": _TYPE_NUMBER[row.level],
            **_role(call, row),
            **place,
            **_totals(call, row.id, row.address_limit),
            "state": "enabled" if row.enabled else "disabled",
            "created": _SINCE,
            "user": people,
            "isdefault": row.level == "root",
            "groups": [],
        }

    found = [
        account
        for account in world.accounts.values()
        if _may_see(call, account)
        and matches(account)
        and (domain is None or account.domain == domain.id)
    ]
    found.sort(key=lambda account: -account.number)
    return Rows("account", list(found), draw)


async def people(call: Call) -> Rows:
    """listUsers."""
    world = call.cloud.world
    matches = _named(call, e.Person, lambda thing: cast(e.Person, thing).username)
    name = call.optional("username")
    account_name = call.optional("account")
    found = [
        person
        for person in world.people.values()
        if _may_see(call, world.accounts[person.account])
        and matches(person)
        and (name is None or person.username == name)
        and (account_name is None or world.accounts[person.account].name == account_name)
    ]
    return Rows("user", list(found), lambda thing: _person(call, cast(e.Person, thing)))


async def user_keys(call: Call) -> Body:
    """getUserKeys: one's own, or those of an account below."""
    person = call.thing("id", e.Person)
    if person is None:
        raise invalid(f"Unable to find user by id {call.text('id')}")
    call.must_own(person.account)
    return {"userkeys": {"apikey": person.api_key, "secretkey": person.secret_key}}


async def projects(call: Call) -> Rows:
    """listProjects."""
    world, caller = call.cloud.world, call.caller.account
    matches = _named(call, e.Project, lambda thing: cast(e.Project, thing).name)

    def draw(thing: e.Entity) -> Body:
        row = cast(e.Project, thing)
        account = world.accounts[row.account]
        domain = world.domains[account.domain]
        return {
            "id": row.id,
            "name": row.name,
            "displaytext": row.display_text,
            "domainid": domain.id,
            "domain": domain.name,
            "owner": [{"account": world.accounts[row.owner].name}],
            "projectaccountname": account.name,
            "state": "Active",
            "tags": [],
            "created": _SINCE,
            **_totals(call, row.account, account.address_limit),
        }

    found = [
        project
        for project in world.projects.values()
        if world.may_use(caller, project.account) and matches(project)
    ]
    return Rows("project", list(found), draw)


async def resource_limits(call: Call) -> Body:
    """listResourceLimits: only that of public addresses (type 1) is known here."""
    if call.given("resourcetype") and call.integer("resourcetype") != 1:
        return {}
    account = call.cloud.world.accounts[owner_asked_for(call)]
    return {"count": 1, "resourcelimit": [_limit_row(call, account)]}


def _limit_row(call: Call, account: e.Account) -> Body:
    return {
        **rows.owner(call.cloud.world, account.id),
        "resourcetype": "1",
        "resourcetypename": "public_ip",
        "max": account.address_limit,
    }


async def set_resource_limit(call: Call) -> Body:
    """updateResourceLimit."""
    if call.integer("resourcetype") != 1:
        raise invalid("Please specify a valid resource type.")
    account = call.cloud.world.accounts[owner_asked_for(call)]
    if account is call.caller.account and account.level != "root":
        raise denied()
    account.address_limit = -1 if call.integer("max") is None else int(call.text("max"))
    return {"resourcelimit": _limit_row(call, account)}


async def hosts(call: Call) -> Rows:
    """listHosts."""
    world = call.cloud.world
    matches = _named(call, e.Host, lambda thing: cast(e.Host, thing).name)

    def draw(thing: e.Entity) -> Body:
        row = cast(e.Host, thing)
        return {
            "id": row.id,
            "name": row.name,
            "state": row.state,
            "type": "Routing",
            "ipaddress": row.ip,
            **rows.zone(world),
            "podid": POD,
            "podname": "POD0",
            "version": "4.22.0.0-SNAPSHOT",
            "hypervisor": world.zone.hypervisor,
            "cpunumber": 4,
            "cpuspeed": 8000,
            "memorytotal": 8589934592,
            "created": _SINCE,
            "resourcestate": "Enabled",
            "arch": "x86_64",
            "hasannotations": False,
        }

    other = call.text("type", "Routing") != "Routing"
    found = [host for host in world.hosts.values() if not other and matches(host)]
    return Rows("host", list(found), draw)


async def network_offerings(call: Call) -> Rows:
    """listNetworkOfferings."""
    world = call.cloud.world
    matches = _named(call, e.Offering, lambda thing: cast(e.Offering, thing).name)
    services = [name for name in call.text("supportedservices").split(",") if name]

    def draw(thing: e.Entity) -> Body:
        row = cast(e.Offering, thing)
        return {
            "id": row.id,
            "name": row.name,
            "displaytext": row.display_text,
            "traffictype": "Guest",
            "isdefault": row.default,
            "specifyvlan": row.guest_type == "Shared",
            "conservemode": row.conserve,
            "specifyipranges": row.guest_type == "Shared",
            "availability": row.availability,
            "networkrate": 200,
            "state": "Enabled",
            "guestiptype": row.guest_type,
            "serviceofferingid": ROUTER_OFFERING,
            "service": world.services.get(row.services, []),
            "forvpc": row.for_vpc,
            "ispersistent": False,
            "egressdefaultpolicy": not row.default,
            "created": _SINCE,
            "hasannotations": False,
        }

    found = [
        offering
        for offering in world.offerings.values()
        if matches(offering) and all(world.offers(offering, name) for name in services)
    ]
    return Rows("networkoffering", list(found), draw)


HANDLERS: dict[str, Handler] = {
    "listDomains": domains,
    "listAccounts": accounts,
    "listUsers": people,
    "getUserKeys": user_keys,
    "listProjects": projects,
    "listResourceLimits": resource_limits,
    "updateResourceLimit": set_resource_limit,
    "listHosts": hosts,
    "listNetworkOfferings": network_offerings,
}
