"""Tags on public addresses and firewall rules: kept with the object (recording 16)."""

import re
from typing import cast

from tui.lab.cloud import entities as e
from tui.lab.cloud import rows
from tui.lab.cloud.call import Body, Call, Deferred, Handler, Rows, Trail
from tui.lab.cloud.errors import Refusal, invalid
from tui.lab.cloud.scope import visible

_TABLES = {"publicipaddress": "addresses", "firewallrule": "rules"}
_MAP = re.compile(r"tags\[(\d+)\]\.(key|value)")


def _tagged(call: Call) -> list[e.PublicIp | e.Rule]:
    kind = call.text("resourcetype")
    table = _TABLES.get(kind.lower())
    if table is None:
        raise invalid(f"Invalid resource type: {kind}")
    found = []
    for wanted in call.text("resourceids").split(","):
        thing = getattr(call.cloud.world, table).get(wanted)
        if thing is None:
            raise invalid(f"Unable to find resource by uuid {wanted} and type {kind}")
        call.must_own(thing.account)
        found.append(thing)
    return found


def _pairs(call: Call) -> dict[str, str | None]:
    """The tags of `tags[0].key=…&tags[0].value=…`; 430 if a value has no key."""
    found: dict[str, dict[str, str]] = {}
    for name, value in call.parameters.items():
        match = _MAP.fullmatch(name)
        if match:
            found.setdefault(match[1], {})[match[2]] = value
    if any("key" not in pair for pair in found.values()):
        raise Refusal(430, "Malformed map parameter tags: a value without a key")
    return {pair["key"]: pair.get("value") for pair in found.values()}


async def create(call: Call) -> Deferred:
    """createTags."""
    things, pairs = _tagged(call), _pairs(call)
    for thing in things:
        for key in pairs:
            if key in thing.tags:
                raise invalid(f"tag {key} already on {call.text('resourcetype')} {thing.id}")

    async def work() -> Body:
        for thing in things:
            thing.tags |= {key: value or "" for key, value in pairs.items()}
        return {"success": True}

    trail = Trail("CREATE_TAGS", "creating tags", "creating resource tags")
    return Deferred(work, trail, account=things[0].account)


async def delete(call: Call) -> Deferred:
    """deleteTags: all of an object, or the ones named."""
    things, pairs = _tagged(call), _pairs(call)

    async def work() -> Body:
        for thing in things:
            doomed = [
                key
                for key, value in thing.tags.items()
                if not pairs or (key in pairs and pairs[key] in (None, value))
            ]
            for key in doomed:
                thing.tags.pop(key)
        return {"success": True}

    trail = Trail("DELETE_TAGS", "Deleting tags", "deleting resource tags")
    return Deferred(work, trail, account=things[0].account)


class _Tag(e.Entity):
    """A tag as a row."""

    key: str
    value: str
    resource: str
    kind: str
    account: str


async def list_tags(call: Call) -> Rows:
    """listTags."""
    world = call.cloud.world
    sees = visible(call)
    found: list[e.Entity] = [
        _Tag(id=key, key=key, value=value, resource=thing.id, kind=kind, account=thing.account)
        for kind, table in (("PublicIpAddress", world.addresses), ("FirewallRule", world.rules))
        for thing in cast(dict[str, e.PublicIp], table).values()
        for key, value in thing.tags.items()
        if sees(thing.account)
        and call.text("key", key) == key
        and call.text("resourceid", thing.id) == thing.id
        and call.text("resourcetype", kind).lower() == kind.lower()
    ]

    def draw(thing: e.Entity) -> Body:
        tag = cast(_Tag, thing)
        return {
            "key": tag.key,
            "value": tag.value,
            "resourcetype": tag.kind,
            "resourceid": tag.resource,
            **rows.owner(world, tag.account),
        }

    return Rows("tag", found, draw)


HANDLERS: dict[str, Handler] = {
    "createTags": create,
    "deleteTags": delete,
    "listTags": list_tags,
}
