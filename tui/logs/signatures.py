"""What lines of a router's log mean: the one table that levels, marks and attempts come from.

A signature has a literal that every line of its kind contains, so that a block of lines is looked
through for all of them at once; where the literal says too little, a regular expression on the
message decides. The words come from recordings of a CloudStack 4.22 router (strongSwan 5.9.8,
xl2tpd 1.3.18, ppp 2.4.9) and from the daemons' own format strings.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from tui.logs.scan import LiteralScanner, lines_with
from tui.logs.signature import Signature
from tui.logs.signatures_charon import CHARON_SIGNATURES
from tui.logs.signatures_ike import IKE_SIGNATURES
from tui.logs.signatures_l2tp import L2TP_SIGNATURES
from tui.logs.signatures_ppp import PPP_SIGNATURES
from tui.logs.signatures_router import ROUTER_SIGNATURES

_URGENCY: Final = {"noise": 0, "error": 1, "warning": 2, "notice": 3}
"""Which of several counts on one line: what is known to be harmless first, then what is worst."""

SIGNATURES: Final[tuple[Signature, ...]] = tuple(
    sorted(
        (
            *IKE_SIGNATURES,
            *CHARON_SIGNATURES,
            *L2TP_SIGNATURES,
            *PPP_SIGNATURES,
            *ROUTER_SIGNATURES,
        ),
        key=lambda signature: _URGENCY[signature.level],
    )
)
"""All of them, those first that count first."""

BY_NAME: Final[dict[str, Signature]] = {signature.name: signature for signature in SIGNATURES}

Search = Callable[[bytes], object]


class SignatureTable:
    """Signatures that lines are looked through for, all at once; those first that count first."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self.signatures = tuple(signatures)
        self._searches: tuple[Search | None, ...] = tuple(
            re.compile(signature.pattern.encode()).search if signature.pattern else None
            for signature in signatures
        )
        self._scanner = LiteralScanner([signature.literal.encode() for signature in signatures])

    def of(self, line: bytes | str) -> Signature | None:
        """The signature that counts for `line` (whole, or the message alone), None without one."""
        raw = line.encode("utf-8", "replace") if isinstance(line, str) else line
        for number in sorted(self._scanner.found_in(raw)):
            search = self._searches[number]
            if search is None or search(raw):
                return self.signatures[number]
        return None

    def marked(self, block: bytes) -> list[tuple[int, Signature]]:
        """The lines of `block` that have a signature, as (offset of the line, signature), in
        order."""
        marked: list[tuple[int, Signature]] = []
        for start, end in lines_with(self._scanner, block):
            signature = self.of(block[start:end])
            if signature is not None:
                marked.append((start, signature))
        return marked


_ALL: Final = SignatureTable(SIGNATURES)
signatures_of: Final = _ALL.of
marked_lines: Final = _ALL.marked
