"""The read-only commands that may be sent to a router: nothing else is.

The vectors are those of the recordings in `tests/recordings/router_facts`, so every parser has been
run on real output. `ip xfrm state` is recorded too and is not here: it prints the keys.
"""

from tui.router.log_tails import *  # noqa: F403 (one place to name any command)
from tui.router.machine_commands import *  # noqa: F403
from tui.router.network_commands import *  # noqa: F403
from tui.router.registry import REGISTRY as REGISTRY
from tui.router.registry import Asks as Asks
from tui.router.registry import Command as Command
from tui.router.registry import command_line as command_line
from tui.router.vpn_commands import *  # noqa: F403
