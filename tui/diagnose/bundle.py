"""Everything that is known of one router at one moment: what a verdict is made from."""

from collections.abc import Mapping

import msgspec

from tui.diagnose.cloud_side import CloudSide
from tui.router.survey import Survey


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The router's answers, its logs, the API's word; each may lack."""

    survey: Survey
    cloud: CloudSide | None = None
    logs: Mapping[str, bytes] = {}
    """Text by file name, in the names of a saved bundle: `vr.log` (daemon.log),
    `vr.messages.log`, `vr.auth.log`, `vr.haproxy.log`, `vr.cloud.log`, `vr.kern.log`,
    `vr.pppd-journal.log`, `vr.tcpdump.txt`."""
    clock_offset: float = 0.0
    """The router's clock minus ours, seconds."""
