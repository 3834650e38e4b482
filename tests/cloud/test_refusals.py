"""Every refusal that was recorded becomes the error that it means."""

from typing import Any

import pytest

from tests.cloud.servers import noted, recording, recordings, refusal, replay
from tests.hostile import DANGEROUS
from tui.cloud import errors
from tui.cloud.exchange import Reply
from tui.cloud.refusals import Refusal, error_of
from tui.cloud.replies import inner_object, page_size_allowed

KINDS: dict[int, set[type[errors.CloudError]]] = {
    401: {errors.Credentials, errors.Permission},
    429: {errors.RateLimited},
    431: {errors.Validation, errors.JobUnknown},
    432: {errors.Permission},
    530: {errors.Internal, errors.InternalMasked},
    531: {errors.Permission, errors.LoginRefused},
    532: {errors.Limit},
    533: {errors.Capacity},
    537: {errors.Conflict},
}

REFUSED = [x for x in recordings() if x["status"] != 200 and isinstance(x["body"], dict)]


def _refused(exchange: dict[str, Any]) -> errors.CloudError:
    response = replay(exchange)
    reply = Reply(response.status_code, response.content, "", "", (), 0.0)
    with pytest.raises(errors.CloudError) as caught:
        inner_object(reply, exchange["request"].get("command", ""))
    return caught.value


@pytest.mark.parametrize("exchange", REFUSED, ids=lambda x: f"{x['status']}-{x.get('note')}")
def test_recorded_refusals(exchange: dict[str, Any]) -> None:
    error = _refused(exchange)
    (inner,) = exchange["body"].values()
    assert type(error) in KINDS[exchange["status"]]
    assert (error.status, error.code) == (exchange["status"], inner["errorcode"])
    assert error.cserrorcode == inner.get("cserrorcode", 0)
    assert error.command == exchange["request"].get("command", "")
    assert error.remedy
    if type(error) is not errors.Permission or error.code != 401:
        assert error.text == inner["errortext"]


def test_the_recordings_hold_every_kind() -> None:
    assert {type(_refused(x)) for x in REFUSED} == {
        kind for kinds in KINDS.values() for kind in kinds
    }


def test_a_wrong_key_and_an_unknown_command_are_told_apart() -> None:
    wrong_key = _refused(noted("01", "unknown API key"))
    unknown = _refused(noted("01", "unknown command"))
    assert type(wrong_key) is errors.Credentials
    assert type(unknown) is errors.Permission
    assert "listUnicorns" in unknown.text


def test_a_conflict_names_the_other_rule() -> None:
    conflicts = [_refused(x) for x in recording("07") if x["status"] == 537]
    others = [error.other for error in conflicts if isinstance(error, errors.Conflict)]
    assert others == [
        errors.OtherRule(
            purpose="Firewall",
            uuid="d2782bf3-c9e5-4fbb-8366-2617b30bada2",
            id=34,
            network_id=208,
            state="Active",
            start_port=1,
            end_port=65535,
        ),
        errors.OtherRule(
            purpose="PortForwarding",
            uuid="347c687f-4de2-45f0-b91c-01a0848adc6c",
            id=40,
            network_id=208,
            state="Active",
            start_port=4500,
            end_port=4500,
        ),
        *(other for other in others[2:] if other and other.purpose == "Vpn"),
    ]
    assert len(others) >= 3
    first = conflicts[0]
    assert isinstance(first, errors.Conflict)
    assert (first.start_port, first.end_port) == (500, 500)
    assert "firewall rule d2782bf3-c9e5-4fbb-8366-2617b30bada2 (ports 1-65535)" in first.remedy


def test_a_conflict_in_other_words_is_still_one() -> None:
    error = error_of(Refusal(537, 0, "conflicts with rule {broken which has"), command="x")
    assert isinstance(error, errors.Conflict)
    assert error.other is None
    assert error.remedy == errors.Conflict.advice
    damaged = "The range specified, 1-2, conflicts with rule FirewallRule {]} which has 3-4"
    half = error_of(Refusal(537, 0, damaged), command="x")
    assert isinstance(half, errors.Conflict)
    assert (half.other, half.start_port, half.end_port) == (None, 1, 2)


def test_a_rate_limit_says_how_long() -> None:
    (exchange,) = [x for x in recording("17") if x["status"] == 429]
    error = _refused(exchange)
    assert isinstance(error, errors.RateLimited)
    assert error.retry_after_ms == 16
    other = error_of(Refusal(531, 0, "User has reached his api limit"), command="listApis")
    assert isinstance(other, errors.RateLimited)
    assert other.retry_after_ms == 1000


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (430, "Malformed", errors.Validation),
        (405, "Use POST", errors.Validation),
        (503, "Maintenance or Shutdown has been initiated", errors.Maintenance),
        (530, "Node is preparing. Can not accept new async creation jobs", errors.Maintenance),
        (534, "Resource [Host:1] is unreachable", errors.RouterUnreachable),
        (535, "Maximum amount of resources of Type = 'public_ip'", errors.Limit),
        (536, "in use", errors.InUse),
        (511, "2FA", errors.TwoFactor),
        (499, "new in CloudStack 9", errors.Validation),
        (599, "new in CloudStack 9", errors.Internal),
        (
            401,
            "The given command 'x' either does not exist, is not available for user.",
            errors.Permission,
        ),
    ],
)
def test_codes_that_were_not_recorded(code: int, text: str, kind: type[errors.CloudError]) -> None:
    assert type(error_of(Refusal(code, 0, text), command="x", status=code)) is kind


def test_an_error_without_a_text_has_one_nevertheless() -> None:
    error = error_of(Refusal(530), command="addVpnUser", status=530)
    assert error.text == "The server answered addVpnUser with error 530"


def test_hostile_texts_are_clean() -> None:
    response = refusal("x", 431, "bad \x1b[2J name \u202e")
    reply = Reply(431, response.content, "", "", (), 0.0)
    with pytest.raises(errors.Validation) as caught:
        inner_object(reply, "x")
    assert DANGEROUS.search(caught.value.text) is None
    assert DANGEROUS.search(str(caught.value)) is None


def test_explain_is_one_sentence_with_the_remedy() -> None:
    assert errors.Capacity("No addresses.").explain() == (
        "No addresses; ask the administrator of the cloud for more public addresses or capacity."
    )
    assert "; CloudStack shows" in errors.InternalMasked("Internal error").explain()


def test_the_tree_of_the_docstring_is_the_tree() -> None:
    assert errors.__doc__ is not None
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.CloudError):
            assert kind.__name__ in errors.__doc__


def test_the_largest_page_is_read_from_the_refusal() -> None:
    refused = _refused(noted("03", "page size above the maximum"))
    assert page_size_allowed(refused.text) == 500
    assert page_size_allowed("something else") is None
    assert page_size_allowed("max allowed page size value: 0") is None
