"""The rungs by themselves: looking one up in its class takes as long as three other steps."""

from typing import Final

from tui.logs.attempts import Rung

NOTHING: Final = Rung.NOTHING
IKE_STARTED: Final = Rung.IKE_STARTED
IKE_PROPOSAL: Final = Rung.IKE_PROPOSAL
NAT_SEEN: Final = Rung.NAT_SEEN
KEY_ACCEPTED: Final = Rung.KEY_ACCEPTED
IKE_ESTABLISHED: Final = Rung.IKE_ESTABLISHED
ESP_PROPOSAL: Final = Rung.ESP_PROPOSAL
CHILD_ESTABLISHED: Final = Rung.CHILD_ESTABLISHED
TUNNEL: Final = Rung.TUNNEL
CALL: Final = Rung.CALL
PPP_STARTED: Final = Rung.PPP_STARTED
AUTHENTICATED: Final = Rung.AUTHENTICATED
CONNECTED: Final = Rung.CONNECTED
