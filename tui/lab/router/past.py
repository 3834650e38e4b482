"""The days before a lab began: who came and went, over log files that have been rotated since."""

from typing import Final

from tui.lab.router.player import Player
from tui.lab.router.scenes import scene_for, words_for
from tui.lab.router.visits import client_of

_BETWEEN_VISITS: Final = 5400.0
"""Seconds, on average."""
_STAY: Final = 1500.0
_BETWEEN_ROTATIONS: Final = 8 * 3600.0
_ROTATED: Final = ("daemon", "messages", "auth", "haproxy", "cloud")
_LAST: Final = 2400.0
"""The last minutes before the lab began are the story's (`Story.tell_past`)."""


def write_past_days(player: Player, days: float) -> None:
    """Write what `days` days left in the logs. Nobody of then is connected any more."""
    machine, chance = player.machine, player.machine.chance
    users = list(machine.logins)
    if not users or not days:
        return
    now = machine.now()
    when = max(now - days * 86_400, machine.booted + 300)
    rotation = when + _BETWEEN_ROTATIONS
    nobody = words_for(machine, client_of("nobody"), 0, "", "ppp0")
    with player.logs.batch():
        while when < now - _LAST:
            if when > rotation:
                for source in _ROTATED:
                    player.logs.rotate(source)
                rotation += _BETWEEN_ROTATIONS
                player.push("users", nobody, when)
            _visit(player, chance.choice(users), when)
            when += _BETWEEN_VISITS * chance.uniform(0.5, 1.5)


def _visit(player: Player, user: str, when: float) -> None:
    """Somebody came, and left again if they got in."""
    machine, chance = player.machine, player.machine.chance
    client = client_of(user)
    name = chance.choice(("connect", "connect", "connect", "connect", "wrong_password"))
    vpn = machine.last_vpn
    inner = vpn.pool.partition("-")[0] if vpn is not None else ""
    association = machine.new_association(client.public_ip, client.private_ip, when)
    words = words_for(machine, client, machine.new_pid(), inner, "ppp0", association)
    lines = [
        line for line in scene_for(name, client.private_ip is not None) if line.source != "wire"
    ]
    player.write_past(lines, words, when)
    if name == "connect":
        ending = chance.choice(("disconnect", "disconnect", "idle_timeout", "vanished"))
        player.write_past(ending, words, when + _STAY * chance.uniform(0.2, 1.0))
