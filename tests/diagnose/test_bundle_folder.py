"""Bundles as folders: what is kept and what is read, of our own and of recorded cases."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.diagnose.surveys import cloud_of, survey_of
from tests.router.recorded import STATES, recording
from tests.router_cases import case
from tui.diagnose import bundle_folder
from tui.diagnose.bundle import Bundle
from tui.diagnose.bundle_folder import NoBundle, bundles_in, read_bundle, write_bundle
from tui.diagnose.checkup import checkup, checkup_bundle
from tui.diagnose.cloud_side import CloudSide
from tui.router import commands
from tui.router.survey import Answer, Survey, Unanswered, redacted

KEY = "a-lab-key-of-nobody"


def as_recorded(state: str, folder: Path) -> Path:
    """A state as it was recorded: a file for each answer, and what the API said."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, answer in recording(state)["answers"].items():
        (folder / f"{name}.json").write_text(json.dumps({"name": name, **answer}))
    (folder / "cloud.json").write_text(json.dumps(recording(state)["cloud"]))
    return folder


@pytest.mark.parametrize("state", STATES)
def test_a_saved_bundle_is_judged_the_same(state: str, tmp_path: Path) -> None:
    first = read_bundle(as_recorded(state, tmp_path / "recorded"))
    write_bundle(tmp_path / "saved", first)
    again = read_bundle(tmp_path / "saved")
    assert checkup_bundle(again) == checkup_bundle(first)
    assert set(again.logs) == set(first.logs)
    for name, text in first.logs.items():
        assert again.logs[name] == redacted(text.decode()).encode()


@pytest.mark.parametrize("state", ["fresh", "two_sessions"])
def test_everything_that_the_api_said_is_kept_but_the_key(state: str, tmp_path: Path) -> None:
    told = cloud_of(
        state,
        psk_sha256="0" * 64,
        requires_upgrade=False,
        is_redundant=True,
        conserve_mode=True,
        network_services=("Vpn", "SourceNat"),
        other_cidrs=("10.3.0.0/24",),
        adding=("dora",),
        server_version="4.22.0.0",
        psk_age_days=3,
    )
    if not told.public_ip:
        told = msgspec.structs.replace(told, psk_sha256="", psk_age_days=None)
    write_bundle(tmp_path, Bundle(survey=survey_of(state), cloud=told))
    assert read_bundle(tmp_path).cloud == told
    vpc = CloudSide(router="r-7-VM", is_vpc=True, network="vpc", guest_cidr="10.2.0.0/16")
    write_bundle(tmp_path, Bundle(survey=survey_of(state), cloud=vpc))
    assert read_bundle(tmp_path).cloud == vpc


def test_secrets_are_not_kept_and_nobody_else_reads_the_rest(tmp_path: Path) -> None:
    survey = Survey("r", {"chap_users": Answer(name="chap_users", stdout=f"alice * {KEY} *\n")})
    log = f'Nov 23 03:00:00 r-42-VM x: : PSK "{KEY}"\n'.encode()
    write_bundle(tmp_path / "b", Bundle(survey=survey, logs={"vr.log": log}))
    kept = list((tmp_path / "b").iterdir())
    assert {path.name for path in kept} == {"chap_users.json", "vr.log"}
    for path in kept:
        assert KEY not in path.read_text()
        assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0


def test_what_was_kept_of_another_moment_is_gone(tmp_path: Path) -> None:
    write_bundle(tmp_path, Bundle(survey=survey_of("two_sessions"), logs={"vr.log": b"old\n"}))
    write_bundle(tmp_path, Bundle(survey=survey_of("fresh", without=("date",))))
    again = read_bundle(tmp_path)
    assert again.cloud is None
    assert "date" not in again.survey.answers
    assert b"old" not in again.logs["vr.log"]


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(NoBundle, match="other things"):
        write_bundle(tmp_path, Bundle(survey=survey_of("fresh")))
    with pytest.raises(NoBundle, match="neither"):
        read_bundle(tmp_path)


def test_a_recorded_case_is_a_bundle_without_the_files_of_its_clients(tmp_path: Path) -> None:
    folder = case("no_ike_config").write(tmp_path / "no_ike_config")
    (folder / "client.log").write_text("client")
    bundle = read_bundle(folder)
    assert bundle.cloud is None
    assert set(bundle.logs) <= {"vr.log", "vr.tcpdump.txt", "vr.auth.log", "vr.cloud.log"}
    assert b"charon" in bundle.logs["vr.log"]
    ipsec = bundle.survey.fact(commands.IPSEC_STATUSALL)
    assert not isinstance(ipsec, Unanswered)
    assert [each.local for each in ipsec.connections] == ["172.26.0.151"]
    assert checkup_bundle(bundle)


def test_the_ends_of_logs_stand_in_for_logs_that_lack(tmp_path: Path) -> None:
    folder = as_recorded("one_session", tmp_path / "b")
    bundle = read_bundle(folder)
    assert b"charon" in bundle.logs["vr.log"]
    journal = bundle.logs["vr.pppd-journal.log"].decode().splitlines()
    assert journal[0] == "Nov 23 03:52:24 r-42-VM pppd[2317]: using channel 1"
    assert any('name = "alice"' in line for line in journal)
    (folder / "vr.log").write_bytes(b"whole\n")
    assert read_bundle(folder).logs["vr.log"] == b"whole\n"


def test_the_end_of_a_huge_log_is_read_from_a_whole_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_folder, "MOST_OF_A_LOG", 100)
    (tmp_path / "vr.log").write_bytes(b"".join(b"line %03d\n" % n for n in range(500)))
    text = read_bundle(tmp_path).logs["vr.log"]
    assert len(text) <= 100
    assert text.startswith(b"line ")
    assert text.endswith(b"line 499\n")


def test_links_out_of_the_folder_and_pipes_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("nobody's business\n")
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "vr.log").symlink_to(tmp_path / "secret")
    (folder / "within").write_text("mine\n")
    (folder / "vr.auth.log").symlink_to(folder / "within")
    os.mkfifo(folder / "vr.messages.log")
    (folder / "vr.haproxy.log").mkdir()
    assert read_bundle(folder).logs == {"vr.auth.log": b"mine\n"}


def test_several_routers_lie_side_by_side(tmp_path: Path) -> None:
    for state in ("fresh", "two_sessions"):
        as_recorded(state, tmp_path / state)
    assert [path.name for path in bundles_in(tmp_path)] == ["fresh", "two_sessions"]
    with pytest.raises(NoBundle, match="several routers"):
        read_bundle(tmp_path)


@pytest.mark.parametrize("name", ["nothing", "a file"])
def test_what_is_no_folder_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("x")
    with pytest.raises(NoBundle, match="folder"):
        bundles_in(tmp_path / name)


def test_a_broken_cloud_json_is_said(tmp_path: Path) -> None:
    as_recorded("fresh", tmp_path)
    (tmp_path / "cloud.json").write_text("{")
    with pytest.raises(NoBundle, match=r"cloud\.json"):
        read_bundle(tmp_path)


def test_the_moment_of_asking_makes_the_clocks_comparable(tmp_path: Path) -> None:
    survey = survey_of("two_sessions")
    clock = survey.fact(commands.DATE)
    assert not isinstance(clock, Unanswered)
    taken = datetime.fromtimestamp(clock - 90, UTC)
    survey.answers["date"] = msgspec.structs.replace(survey.answers["date"], taken=taken)
    write_bundle(tmp_path, Bundle(survey=survey, cloud=cloud_of("two_sessions")))
    bundle = read_bundle(tmp_path)
    assert bundle.clock_offset == pytest.approx(90, abs=0.001)
    found = {check.name: check for check in checkup_bundle(bundle)}
    assert found["clock"].state == "warn"
    assert "90 s ahead" in found["clock"].says
    alone = {c.name: c for c in checkup(survey, None)}
    assert alone["clock"].state == "n/a"
