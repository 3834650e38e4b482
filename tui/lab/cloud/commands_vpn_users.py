"""VPN users of an account: add, remove, list (recordings 08, 10, 11, 18, 19; walk-11)."""

import re

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.errors import Refusal, invalid, unavailable
from tui.lab.cloud.scope import owner_asked_for, visible

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9@._-]{2,63}")
_PASSWORD = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9@+=._-]{2,31}")


def _described(call: Call, account: str) -> str:
    owner = call.cloud.world.accounts[account]
    return f'Account [{{"accountName":"{owner.name}","id":{owner.number},"uuid":"{owner.id}"}}]'


async def _apply(call: Call, account: str, added: str = "") -> None:
    """Send the users of an account to the routers of all its VPNs, half-made ones included.

    Everybody falls back to `Add` first; one router that cannot take them leaves them there, takes
    the new user back, and is a 534 (RemoteAccessVpnManagerImpl.applyVpnUsers).
    """
    world = call.cloud.world
    vpns = sorted(world.vpns_of(account), key=lambda vpn: bool(vpn.vpc))
    if not vpns:
        return
    users = world.users_of(account)
    for user in users:
        if user.state == "Active":
            user.state = "Add"
    failed: e.Vpn | None = None
    for vpn in vpns:
        if not await call.cloud.routers.push_users(vpn, users):
            failed = vpn
    if failed is not None:
        for user in users:
            if user.username == added and user.state == "Add":
                world.vpn_users.pop(user.id, None)
        raise unavailable(
            f"Resource [RemoteAccessVPNServiceProvider:{failed.number}] is unreachable: Failed "
            f"add vpn user due to Resource unavailable "
        )
    for user in users:
        if user.state == "Revoke":
            world.vpn_users.pop(user.id, None)
        else:
            user.state = "Active"


async def add(call: Call) -> Deferred:
    """addVpnUser. Order of the checks: name, password, duplicate, limit."""
    world = call.cloud.world
    account = owner_asked_for(call)
    username, password = call.text("username"), call.text("password")
    if not _NAME.fullmatch(username):
        raise invalid(
            f"Username [{username}] is invalid. Username has to begin with an alphabet have 3-64 "
            f"characters including alphabets, numbers and the set '@.-_'."
        )
    if not _PASSWORD.fullmatch(password):
        raise invalid(
            "Password has to be 3-32 characters including alphabets, numbers and the set '@+=.-_'"
        )
    if world.user_named(account, username) is not None:
        raise invalid(
            f"VPN User with name {username} is already added for account "
            f"{_described(call, account)}"
        )
    limit = int(world.settings.get("remote.access.vpn.user.limit", "8"))
    if len(world.users_of(account)) >= limit:
        raise Refusal(
            532,
            f"Cannot add more than [{limit}] remote access VPN users to "
            f"{_described(call, account)}.",
            4280,
        )
    user = e.VpnUser(
        id=world.new_id(),
        number=world.number("vpn_users"),
        username=username,
        password=password,
        account=account,
    )
    world.vpn_users[user.id] = user

    async def work() -> Body:
        try:
            await _apply(call, account, username)
        except Refusal as refusal:
            raise Refusal(530, refusal.text) from refusal
        return {"vpnuser": rows.vpn_user(call, user)}

    number = world.accounts[account].number
    return Deferred(
        work,
        Trail(
            "VPN.USER.ADD",
            f"Add Remote Access VPN user for account {number} username= {username}",
        ),
        object_id=user.id,
        instance=("None", ""),
        account=account,
    )


async def remove(call: Call) -> Deferred:
    """removeVpnUser: that there is no such user comes out only in the job."""
    world = call.cloud.world
    account = owner_asked_for(call)
    username = call.text("username")

    async def work() -> Body:
        user = world.user_named(account, username)
        if user is None:
            raise invalid(
                f"Could not find VPN user=[{username}]. VPN owner=[{_described(call, account)}]"
            )
        user.state = "Revoke"
        try:
            await _apply(call, account)
        except Refusal as refusal:
            number = world.accounts[account].number
            raise Refusal(
                530,
                f"Failed to refresh VPN user=[{username}] due to resource unavailable. VPN owner "
                f"id=[{number}].",
            ) from refusal
        world.vpn_users.pop(user.id, None)
        return {"success": True}

    number = world.accounts[account].number
    return Deferred(
        work,
        Trail(
            "VPN.USER.REMOVE",
            f"Remove Remote Access VPN user for account {number} username= {username}",
        ),
        account=account,
    )


async def list_users(call: Call) -> Rows:
    """listVpnUsers: Active and Add, by name; a user in Revoke is hidden."""
    sees = visible(call)
    username, keyword = call.optional("username"), call.optional("keyword")
    wanted = call.thing("id", e.VpnUser)
    found = [
        user
        for user in call.cloud.world.vpn_users.values()
        if user.state != "Revoke"
        and sees(user.account)
        and (username is None or user.username.casefold() == username.casefold())
        and (keyword is None or keyword.casefold() in user.username.casefold())
        and (wanted is None or user is wanted)
        and not call.names_nothing("id")
    ]
    found.sort(key=lambda user: user.username.casefold())
    return Rows("vpnuser", list(found), lambda thing: rows.vpn_user(call, thing))


HANDLERS: dict[str, Handler] = {
    "addVpnUser": add,
    "removeVpnUser": remove,
    "listVpnUsers": list_users,
}
