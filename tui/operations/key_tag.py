"""The day on which a key was made, as a tag on the public address: every admin sees it there."""

from tui.cloud.errors import Validation
from tui.cloud.listings import ADDRESSES
from tui.operations.facts import Owner
from tui.operations.steps import Action, Operation, Outcome, PlannedCall, Step
from tui.vpn.psk_policy import TAG


class KeyTag:
    """Makes the steps that write the tag and reads it back."""

    def __init__(self, operation: Operation, address_id: str, owner: Owner) -> None:
        self._operation = operation
        self._address_id = address_id
        self._owner = owner

    def actions(self, day: str, before: str | None) -> list[Action]:
        """Write `day`; a tag that is there (`before`) has to be taken off first, since the server
        refuses a second one of the same key (recording 16)."""
        actions = []
        if before is not None:
            off = Step("tag off", f"Take the tag {TAG} = {before} off", self._call("deleteTags"))
            actions.append(Action(off, self._untag, essential=False))
        call = self._call("createTags", **{"tags[0].value": day})
        step = Step("tag", f"Note the day in the tag {TAG}", call)

        async def write() -> Outcome:
            return await self._write(call, day)

        return [*actions, Action(step, write, essential=False)]

    def _call(self, command: str, **more: str) -> PlannedCall:
        named = {
            "resourceids": self._address_id,
            "resourcetype": "PublicIpAddress",
            "tags[0].key": TAG,
        }
        return PlannedCall.of(command, **named, **more)

    async def _untag(self) -> Outcome:
        async def look() -> bool:
            return not await self._written()

        await self._operation.send(self._call("deleteTags"), look=look)
        return Outcome("Taken off.")

    async def _write(self, call: PlannedCall, day: str) -> Outcome:
        async def look() -> bool:
            return await self._written() == day

        try:
            await self._operation.send(call, look=look)
        except Validation:
            # Somebody else has written just this today.
            if not await look():
                raise
        written = await self._written()
        if written != day:
            return Outcome(f"The tag is {written or 'not there'} instead of {day}.", warning=True)
        return Outcome(f"{TAG} = {day}.")

    async def _written(self) -> str:
        rows = await self._operation.rows(ADDRESSES, id=self._address_id, **self._owner.listing)
        return next((tag.value for row in rows for tag in row.tags if tag.key == TAG), "")
