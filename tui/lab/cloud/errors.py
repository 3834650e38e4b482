"""How the lab refuses: one exception with CloudStack's three numbers and its text.

Codes and texts are those of the recordings; where they come from is said at each caller.
"""

MASKED = "Internal error executing command, please contact your system administrator"
"""What anybody but root is told instead of the text of a synchronous 530 or 534."""

NOT_YOURS = "Caller does not have permission to operate with provided resource."


class Refusal(Exception):
    """A command was refused, on the call or in its job.

    `code` is CloudStack's `cserrorcode`; None leaves the field out, as its 401s do.
    `envelope` replaces the usual `<command>response` key; a `plain` text is shown to everybody.
    """

    def __init__(
        self,
        status: int,
        text: str,
        code: int | None = 9999,
        *,
        envelope: str | None = None,
        plain: bool = False,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.code = code
        self.envelope = envelope
        self.plain = plain

    def as_job_result(self) -> dict[str, object]:
        """`{"errorcode", "errortext"}` as a failed job reports it; a denied access becomes 530."""
        status = 530 if self.status == 531 else self.status
        return {"errorcode": status, "errortext": self.text}


def invalid(text: str) -> Refusal:
    """431/4350: a value that the command itself does not accept."""
    return Refusal(431, text, 4350)


def malformed(text: str) -> Refusal:
    """431/9999: a value that the API layer does not accept before the command sees it."""
    return Refusal(431, text, 9999)


def denied() -> Refusal:
    """531/4365: the object exists and belongs to somebody else."""
    return Refusal(531, NOT_YOURS, 4365)


def unavailable(text: str) -> Refusal:
    """534/4380: the router cannot be reached or is in the wrong state."""
    return Refusal(534, text, 4380)


def unverified(text: str, *, envelope: str | None = None) -> Refusal:
    """401 without a `cserrorcode`: the caller is not known."""
    return Refusal(401, text, None, envelope=envelope)
