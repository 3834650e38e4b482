"""The profile that the program was started for, as far as it is known before anything is opened.

Nothing here asks for a secret, a server or a keyring, and nothing here is slow to load.
"""

import msgspec

from tui.session.glimpse import Glimpse, load_glimpse
from tui.settings.model import Profile


class Start(msgspec.Struct, frozen=True):
    """What the first frame shows."""

    profile: Profile
    read_only: bool
    glimpse: Glimpse | None
    """The networks as they were last seen; None where nothing is known of them."""


def begin(profile: Profile, read_only: bool) -> Start:
    """What is known of `profile` before it is opened; `read_only` is said for this start."""
    return Start(profile, read_only or profile.read_only, load_glimpse(profile))
