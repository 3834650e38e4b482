"""The rows that the small programs with a table show."""

from typing import Final

COLUMNS: Final = ("NETWORK", "TYPE", "CIDR", "VPN", "IN USE", "USERS", "ROUTER", "ACCOUNT")
ROWS: Final = 1000
Row = tuple[str, ...]


def rows_of(count: int) -> list[Row]:
    """As the networks of a cloud; no two alike."""
    return [
        (
            f"customer-{number * 7919 % 100_000:05}-{('prod', 'dev', 'test')[number % 3]}",
            ("isolated", "vpc")[number % 2],
            f"10.{number // 256 % 256}.{number % 256}.0/24",
            ("✔ running", "– off", "▲ broken")[number * 31 % 3],
            f"{number % 8}/7",
            f"{number % 9}/8",
            f"r-{number}-VM primary",
            f"account-{number % 50}",
        )
        for number in range(count)
    ]
