"""One call on its way: what is on disk when, and what a later run makes of it."""

from collections.abc import Callable, Iterator

import pytest

from tests.operations.scripted import Reply, ScriptedCloud, done, refused
from tests.operations.worlds import user, vpn
from tui.cloud.errors import JobFailed, Limit, OutcomeUnknown, Validation
from tui.cloud.models import Job, VpnUser
from tui.operations.call_states import CallState
from tui.operations.inverses import inverse
from tui.operations.ledger import JournalUnavailable, Ledger, Record
from tui.operations.sending import Delivery, Look, NotSentYet, PlannedCall, Undo
from tui.safety.secret import Secret

ADD = PlannedCall.of("addVpnUser", username="alice", password=Secret("Winter2026x"))
LOST = Reply({}, job=True, lost=True)
ALREADY = refused(431, "VPN User with name alice is already added for account Account [{…}]")


class Disk:
    """Where records go; `fails_at` makes the one of that number fail, `on_record` looks on."""

    def __init__(self, fails_at: int = -1) -> None:
        self.records: list[Record] = []
        self.fails_at = fails_at
        self.on_record: Callable[[Record], None] = lambda _: None

    async def commit(self, record: Record) -> None:
        if len(self.records) == self.fails_at:
            raise JournalUnavailable("the disk is full", "Free space.")
        self.records.append(record)
        self.on_record(record)

    @property
    def states(self) -> list[str]:
        return [str(record.state) for record in self.records]

    def ledger(self) -> Ledger:
        """What a later run starts from."""
        return Ledger(self.records, self.commit)


def delivery(
    cloud: ScriptedCloud,
    disk: Disk,
    call: PlannedCall = ADD,
    look: Look | None = None,
    undo: Undo = None,
    may_send: bool = True,
    only_one: bool = False,
) -> Delivery:
    return Delivery(
        client=cloud.client(),
        ledger=disk.ledger(),
        step="user alice",
        number=0,
        call=call,
        look=look,
        undo=undo,
        may_send=may_send,
        only_one=only_one,
    )


def saying(answer: bool | str | None) -> Look:
    async def look() -> bool | str | None:
        return answer

    return look


def cloud_with(*replies: Reply) -> ScriptedCloud:
    cloud = ScriptedCloud()
    cloud.answers("addVpnUser", *replies)
    return cloud


async def test_the_intent_is_on_disk_before_anything_is_sent() -> None:
    cloud, disk = cloud_with(done(vpnuser=user("alice"))), Disk()
    seen: list[tuple[str, int]] = []
    disk.on_record = lambda record: seen.append((str(record.state), len(cloud.sent)))
    job = await delivery(cloud, disk).run()
    assert seen == [("intent", 0), ("sent", 0), ("accepted", 1), ("done", 1)]
    assert len({record.job_id for record in disk.records}) == 1
    assert disk.records[0].job_id == job.job_id
    assert disk.records[0].parameters == {"username": "alice", "password": "••••••••"}
    assert "Winter2026x" not in repr(disk.records)


async def test_where_the_intent_cannot_be_written_nothing_is_sent() -> None:
    for fails_at in (0, 1):
        cloud, disk = cloud_with(done(vpnuser=user("alice"))), Disk(fails_at)
        with pytest.raises(JournalUnavailable):
            await delivery(cloud, disk).run()
        assert cloud.sent == []


async def test_what_is_done_is_not_done_again() -> None:
    cloud, disk = cloud_with(done(vpnuser=user("alice"))), Disk()
    await delivery(cloud, disk).run()
    again = await delivery(cloud, disk).run()
    assert len(cloud.sent) == 1
    made = again.outcome("vpnuser", VpnUser)
    assert made is not None and made.user_name == "alice"
    assert disk.states == ["intent", "sent", "accepted", "done"]


async def test_no_secret_of_a_result_is_kept() -> None:
    cloud, disk = ScriptedCloud(), Disk()
    cloud.answers("createRemoteAccessVpn", done(remoteaccessvpn=vpn()))
    call = PlannedCall.of("createRemoteAccessVpn", publicipid="x")
    await delivery(cloud, disk, call).run()
    assert "JcnJkkwuz64cBjuw44YG6pP9" not in repr(disk.records)
    assert '"iprange":"10.1.2.2-10.1.2.8"' in disk.records[-1].result


async def test_a_refusal_and_a_failed_job_can_be_tried_again() -> None:
    for reply, error in (
        (refused(532, "Cannot add more than [8]"), Limit),
        (refused(530, "the router said no", in_job=True), JobFailed),
    ):
        cloud, disk = cloud_with(reply, done(vpnuser=user("alice"))), Disk()
        with pytest.raises(error):
            await delivery(cloud, disk).run()
        assert disk.states[-1] == "failed"
        await delivery(cloud, disk).run()
        assert disk.states[-4:] == ["intent", "sent", "accepted", "done"]
        assert [r.attempt for r in disk.records if r.state is CallState.INTENT] == [1, 2]
        assert len({r.job_id for r in disk.records}) == 2, "each try has a job of its own"


@pytest.mark.parametrize("ended_after", ["intent", "sent", "accepted"])
async def test_a_later_run_goes_on_from_every_record(ended_after: str) -> None:
    cloud, disk = cloud_with(done(vpnuser=user("alice"))), Disk()
    await delivery(cloud, disk).run()
    del disk.records[disk.states.index(ended_after) + 1 :]
    sent_before = 0 if ended_after == "intent" else 1
    if ended_after == "intent":
        cloud = cloud_with(done(vpnuser=user("alice")))
    job = await delivery(cloud, disk).run()
    assert job.outcome("vpnuser", VpnUser) is not None
    assert len(cloud.sent) == max(1, sent_before), "not sent a second time"
    assert disk.states[-1] == "done"
    assert len({record.job_id for record in disk.records}) == 1


async def test_a_request_that_was_lost_is_sent_again_once_the_list_says_no() -> None:
    cloud, disk = cloud_with(LOST, done(vpnuser=user("alice"))), Disk()
    await delivery(cloud, disk, look=saying(False)).run()
    assert len(cloud.sent) == 2
    assert disk.states == ["intent", "sent", "unknown", "failed", *disk.states[:2], *_ENDING]
    assert disk.records[3].says == "it never arrived"


_ENDING = ["accepted", "done"]


async def test_an_effect_that_the_list_shows_is_taken_for_ours() -> None:
    cloud, disk = cloud_with(LOST), Disk()
    job = await delivery(cloud, disk, look=saying("the-id")).run()
    assert job.instance_id == "the-id"
    assert disk.records[-1].object_id == "the-id" and disk.states[-1] == "done"
    assert len(cloud.sent) == 1


async def test_what_the_lists_cannot_tell_is_left_to_a_person() -> None:
    for look in (None, saying(None)):
        cloud, disk = cloud_with(LOST), Disk()
        with pytest.raises(OutcomeUnknown):
            await delivery(cloud, disk, look=look).run()
        assert disk.states == ["intent", "sent", "unknown"]
        assert len(cloud.sent) == 1
        with pytest.raises(OutcomeUnknown):
            await delivery(cloud, disk, look=look).run()
        assert len(cloud.sent) == 1, "nor does a later run send it"


async def test_an_address_is_never_acquired_twice() -> None:
    call = PlannedCall.of("associateIpAddress", networkid="n")
    cloud, disk = ScriptedCloud(), Disk()
    cloud.answers("associateIpAddress", LOST)
    with pytest.raises(OutcomeUnknown):
        await delivery(cloud, disk, call, look=saying("")).run()
    assert len(cloud.sent) == 1
    cloud.answers("associateIpAddress", LOST, done(ipaddress={"id": "ip"}))
    await delivery(cloud, disk, call, look=saying(""), only_one=True).run()
    assert len(cloud.sent) == 3, "the first of a network can be looked for"


async def test_a_request_that_never_arrives_is_given_up() -> None:
    cloud, disk = cloud_with(LOST), Disk()
    with pytest.raises(OutcomeUnknown):
        await delivery(cloud, disk, look=saying(False)).run()
    assert len(cloud.sent) == 3
    assert disk.states[-1] == "unknown"


async def test_already_there_is_ours_only_after_a_try_of_ours() -> None:
    cloud, disk = cloud_with(ALREADY), Disk()
    with pytest.raises(Validation):
        await delivery(cloud, disk, look=saying("the-id")).run()
    assert disk.states == ["intent", "sent", "failed"]
    cloud, disk = cloud_with(LOST, ALREADY), Disk()
    answers: Iterator[bool | str | None] = iter([False, "the-id"])

    async def look() -> bool | str | None:
        return next(answers)

    job = await delivery(cloud, disk, look=look).run()
    assert job.instance_id == "the-id" and disk.states[-1] == "done"
    assert disk.records[-1].says == "an earlier try had gone through"


async def test_finding_out_sends_nothing() -> None:
    cloud, disk = cloud_with(done(vpnuser=user("alice"))), Disk()
    with pytest.raises(NotSentYet):
        await delivery(cloud, disk, may_send=False).run()
    assert cloud.sent == [] and disk.records == []
    await delivery(cloud, disk).run()
    del disk.records[2:]
    await delivery(cloud, disk, may_send=False).run()
    assert disk.states == ["intent", "sent", "done"] and len(cloud.sent) == 1


async def test_finding_out_that_it_never_arrived() -> None:
    cloud, disk = cloud_with(LOST), Disk()
    with pytest.raises(OutcomeUnknown):
        await delivery(cloud, disk).run()
    with pytest.raises(NotSentYet):
        await delivery(cloud, disk, look=saying(False), may_send=False).run()
    assert disk.states[-1] == "failed" and len(cloud.sent) == 1


@pytest.mark.parametrize(
    ("call", "result", "back"),
    [
        (
            PlannedCall.of("createRemoteAccessVpn", publicipid="ip", openfirewall="true"),
            {},
            "cmk delete remoteaccessvpn publicipid=ip",
        ),
        (
            PlannedCall.of("addVpnUser", username="bob", password=Secret("x"), projectid="p"),
            {},
            "cmk remove vpnuser username=bob projectid=p",
        ),
        (
            PlannedCall.of("createFirewallRule", ipaddressid="ip", protocol="udp"),
            {"firewallrule": {"id": "rule"}},
            "cmk delete firewallrule id=rule",
        ),
        (
            PlannedCall.of("associateIpAddress", networkid="n"),
            {"ipaddress": {"id": "ip"}},
            "cmk disassociate ipaddress id=ip",
        ),
        (
            PlannedCall(
                "createTags",
                (
                    ("resourceids", "ip"),
                    ("resourcetype", "PublicIpAddress"),
                    ("tags[0].key", "k"),
                    ("tags[0].value", "v"),
                ),
            ),
            {},
            "cmk delete tags resourceids=ip resourcetype=PublicIpAddress 'tags[0].key'=k",
        ),
        (PlannedCall.of("removeVpnUser", username="bob"), {}, None),
        (PlannedCall.of("createFirewallRule", ipaddressid="ip"), {}, None),
    ],
)
async def test_what_takes_a_call_back(
    call: PlannedCall, result: dict[str, object], back: str | None
) -> None:
    cloud, disk = ScriptedCloud(), Disk()
    cloud.answers(call.command, done(**result))

    def undo(job: Job) -> PlannedCall | None:
        return inverse(call, job)

    await delivery(cloud, disk, call, undo=undo).run()
    kept = disk.records[-1].undo
    assert (kept is None) is (back is None)
    if kept is not None:
        assert PlannedCall(kept[0], tuple(kept[1].items())).cloudmonkey() == back
