"""The network or VPC that somebody names: by name, by id, or by its public address."""

from tui.commands.opening import did_you_mean, the_one
from tui.commands.output import CommandError, Exit
from tui.session.session import Session
from tui.session.views import NetworkRow, network_rows


def find_place(
    session: Session,
    target: str,
    *,
    of_tier: str = "name {vpc}, which has the VPN",
    code: Exit = Exit.USAGE,
) -> NetworkRow:
    """The network or VPC that `target` names. Raises `CommandError`.

    `of_tier` is what to do about the name of a tier, `code` the exit code for it.
    """
    rows = network_rows(session.inventory)
    found = [row for row in rows if target in _names(row)]
    if found:
        return the_one(found, target, _spell, choose="give the id or the address instead")
    for network in session.inventory.networks.rows.values():
        if network.vpc_id and target in {network.name, network.id}:
            raise CommandError(
                f"{target} is a tier of the VPC {network.vpc_name}",
                of_tier.format(vpc=network.vpc_name),
                code,
            )
    raise CommandError(
        f"there is no network, VPC or address {target!r} that these credentials may see",
        did_you_mean(target, [row.name for row in rows]),
    )


def _names(row: NetworkRow) -> set[str]:
    return {row.key, row.name, row.address.address if row.address else row.key}


def _spell(row: NetworkRow) -> str:
    address = f" at {row.address.address}" if row.address else ""
    return f"{row.key} of {row.owner}{address}"
