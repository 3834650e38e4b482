"""What can be chosen about a kit; light, because every start builds the command line with it."""

from typing import Final, Literal

MTU: Final = 1400
"""Fits a path of 1500 and of 1492 bytes with AES-CBC and NAT traversal; the router's own 1410 is 6
to 8 bytes too much there."""
MTU_FOR_MOBILE: Final = 1280

KEEP_DAYS: Final = 7
"""Days after which a kit is to be deleted, unless another number was given."""

PLATFORMS: Final = {
    "windows": "Windows",
    "apple": "Mac, iPhone, iPad",
    "linux": "Linux",
    "chromeos": "ChromeOS",
    "android": "Android",
    "qr": "QR codes",
}
"""The parts of a kit that can be chosen, with their titles. The handout is in every kit."""

Place = Literal["shown", "asked", "left-out"]
"""Where a person gets a value from. `shown`: it stands in the kit, in clear text. `asked`: it does
not; it is asked for when the kit is installed or first used, and kept by that machine. `left-out`:
it does not, and no machine is told to keep it."""
SHOWN: Final[Place] = "shown"
ASKED: Final[Place] = "asked"
LEFT_OUT: Final[Place] = "left-out"
PLACES: Final[tuple[Place, ...]] = (SHOWN, ASKED, LEFT_OUT)
