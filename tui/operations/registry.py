"""The operations that the journal can build again, by the name that it knows them by."""

from typing import Final

from tui.operations.acl import AllowClients
from tui.operations.addresses import AcquireAddress, ReleaseAddress
from tui.operations.change_range import ChangeRange
from tui.operations.clean_up import CleanUp
from tui.operations.disable import DisableVpn
from tui.operations.enable import EnableVpn
from tui.operations.end_session import DisconnectSession
from tui.operations.firewall import AddRule, DeleteRule, OpenPorts
from tui.operations.repair import RepairVpn
from tui.operations.restart import Restart
from tui.operations.rollback import RollBack
from tui.operations.rotate import RotateKey
from tui.operations.sources import EditSources
from tui.operations.steps import Operation
from tui.operations.timed import TimedSources
from tui.operations.user_changes import ResetUsers, ReturnUsers, SuspendUsers
from tui.operations.users import AddUsers, RemoveUsers

OPERATIONS: Final[tuple[type[Operation], ...]] = (
    EnableVpn,
    DisableVpn,
    RotateKey,
    ChangeRange,
    RepairVpn,
    Restart,
    CleanUp,
    DisconnectSession,
    AddUsers,
    RemoveUsers,
    ResetUsers,
    SuspendUsers,
    ReturnUsers,
    OpenPorts,
    AddRule,
    DeleteRule,
    AcquireAddress,
    ReleaseAddress,
    RollBack,
    EditSources,
    TimedSources,
    AllowClients,
)

BY_KIND: Final[dict[str, type[Operation]]] = {each.KIND: each for each in OPERATIONS}
