"""Load balancer rules of the lab: who sees them, and by what they are found."""

from pathlib import Path

from tests.consoles import lab_session
from tests.screens.stage import address_of, place_of
from tui.cloud import listings
from tui.lab.cloud import entities as e
from tui.lab.lab import Lab, open_lab


def balance(lab: Lab, network: str, port: int, protocol: str) -> e.Rule:
    """A load balancer rule on the source NAT address of a network."""
    address = address_of(lab, network)
    rule = e.Rule(
        id=lab.world.new_id(),
        number=lab.world.number("rules"),
        purpose="LoadBalancing",
        name=f"{protocol} {port}",
        address=address.id,
        network=address.network,
        account=address.account,
        protocol=protocol,
        start=port,
        end=port,
        private_start=port,
        state="Active",
    )
    lab.world.rules[rule.id] = rule
    return rule


async def test_rules_are_found_by_address_and_network(tmp_path: Path) -> None:
    async with open_lab("demo", tmp_path, routers=False) as lab:
        first = balance(lab, "acme-prod", 4500, "udp")
        second = balance(lab, "acme-voip", 443, "tcp")
        balance(lab, "globex-core", 443, "tcp")
        session = lab_session(lab, "user")
        everything = await session.client.fetch(listings.LOAD_BALANCERS, listall=True)
        assert [rule.id for rule in everything] == [second.id, first.id], "not what others have"
        (found,) = await session.client.fetch(listings.LOAD_BALANCERS, publicipid=first.address)
        assert (found.name, found.public_port, found.protocol) == ("udp 4500", 4500, "udp")
        assert found.public_ip == address_of(lab, "acme-prod").address
        assert found.account == "acme" and found.state == "Active"
        voip = place_of(lab, "acme-voip")
        (found,) = await session.client.fetch(listings.LOAD_BALANCERS, networkid=voip)
        assert found.id == second.id
        assert await session.client.fetch(listings.LOAD_BALANCERS, name="none") == []
        await session.aclose()


async def test_a_rule_takes_its_port_from_a_vpn(tmp_path: Path) -> None:
    async with open_lab("demo", tmp_path, routers=False) as lab:
        rule = balance(lab, "acme-prod", 500, "udp")
        session = lab_session(lab)
        address = address_of(lab, "acme-prod").id
        try:
            await session.client.run("createRemoteAccessVpn", publicipid=address)
        except Exception as error:
            assert f"which has {rule.start}-{rule.end}" in str(error)
        else:
            raise AssertionError("a VPN was enabled on a port that is balanced")
        await session.aclose()
