"""Facts of the recordings that several tests here use."""

from typing import Any, Final

from tests.operations.scripted import Reply, ScriptedCloud, done, rows
from tui.operations.addresses import Place
from tui.operations.enable import EnablePlan
from tui.operations.steps import Operation, StepEvent
from tui.operations.users import NewUser
from tui.safety.secret import Secret

ADDRESS: Final = "eaccad93-3905-4e5f-a722-2f1eaed33ef2"
IP: Final = "203.0.113.12"
PROD: Final = Place("network", "52bc3fa6-1249-4f07-8aea-4c9e7a6f049c", "acme-prod", "Implemented")
IDLE: Final = Place("network", "1ae02aad-0000-4f07-8aea-4c9e7a6f049c", "acme-new", "Allocated")
VPC: Final = Place("vpc", "cc7c048d-0561-4d5f-9a5c-091184ee2ec5", "acme-vpc", "Enabled")
KEY: Final = "JcnJkkwuz64cBjuw44YG6pP9"
ANYWHERE: Final = "0.0.0.0/0"
OFFICE: Final = "198.51.100.0/24"
WANTED: Final = EnablePlan(place=PROD, address_id=ADDRESS, public_ip=IP)
ALICE: Final = NewUser("alice", Secret("Winter2026x"))
BOB: Final = NewUser.generate("bob")


def wants(**changes: object) -> EnablePlan:
    """The usual wish with some changes."""
    fields = {name: getattr(WANTED, name) for name in WANTED.__struct_fields__}
    return EnablePlan(**(fields | changes))


def vpn(pool: str = "10.1.2.2-10.1.2.8", state: str = "Running") -> dict[str, Any]:
    """A VPN on the wire (recording 06)."""
    return {
        "id": "36359477-c4a4-4b52-8fcf-3f64e6a2f0c4",
        "publicipid": ADDRESS,
        "publicip": IP,
        "iprange": pool,
        "presharedkey": KEY,
        "state": state,
        "account": "acme",
    }


def rule(port: int, cidrs: str = ANYWHERE, end: int = 0, state: str = "Active") -> dict[str, Any]:
    """A firewall rule on the wire."""
    return {
        "id": f"rule-{port}-{cidrs}",
        "protocol": "udp",
        "startport": port,
        "endport": end or port,
        "ipaddressid": ADDRESS,
        "cidrlist": cidrs,
        "state": state,
    }


def opened(cidrs: str = ANYWHERE) -> Reply:
    """The three rules that enabling makes."""
    return rows("firewallrule", rule(500, cidrs), rule(4500, cidrs), rule(1701, cidrs))


def user(name: str, state: str = "Active") -> dict[str, Any]:
    """A VPN user on the wire."""
    return {"id": f"id-{name}", "username": name, "account": "acme", "state": state}


def willing() -> ScriptedCloud:
    """A cloud in which everything succeeds."""
    cloud = ScriptedCloud()
    cloud.answers("createRemoteAccessVpn", done(remoteaccessvpn=vpn()))
    cloud.answers("listRemoteAccessVpns", rows("remoteaccessvpn", vpn()))
    cloud.answers("listFirewallRules", opened())
    cloud.answers("createFirewallRule", done(firewallrule=rule(500)))
    cloud.answers("addVpnUser", done(vpnuser=user("alice")))
    return cloud


async def events(operation: Operation) -> list[StepEvent]:
    """Run the operation and return what it reported, without the beginnings of steps."""
    return [event async for event in operation.run() if event.state != "running"]


def told(reported: list[StepEvent]) -> dict[str, str]:
    """State by step name; a warning is marked with an exclamation mark."""
    return {event.step.name: event.state + "!" * event.warning for event in reported}
