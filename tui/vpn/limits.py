"""What a fresh CloudStack allows."""

from typing import Final

DEFAULT_LIMIT: Final = 8
"""`remote.access.vpn.user.limit` of a fresh CloudStack: users per account."""
