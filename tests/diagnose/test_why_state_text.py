"""State files of the recorded cases, read as answers of the registry's commands."""

from tests.router_cases import case, case_names
from tui.diagnose.state_text import BRIEF_ADDRESSES, answers_of, read_brief_addresses
from tui.router import commands
from tui.router.survey import Answer, Survey, Unanswered
from tui.router.vpn_facts import Rule


def survey_of(name: str) -> Survey:
    answers: dict[str, Answer] = {}
    for file, text in sorted(case(name).files.items()):
        answers |= answers_of(file, text.decode())
    return Survey("r-42-VM", answers)


def rules_of(name: str, command: str) -> tuple[Rule, ...]:
    found = survey_of(name).fact(commands.REGISTRY[command])
    assert not isinstance(found, Unanswered), found
    return tuple(found)


def test_every_state_file_is_understood() -> None:
    for name in case_names():
        survey = survey_of(name)
        for command in (commands.IPSEC_STATUSALL, commands.SS_VPN_PORTS, commands.PGREP_PPPD):
            fact = survey.fact(command)
            assert not isinstance(fact, Unanswered), f"{name}: {fact}"


def test_sessions_can_be_told_from_a_state_file() -> None:
    survey = survey_of("two_clients_same_nat")
    ipsec = survey.fact(commands.IPSEC_STATUSALL)
    assert not isinstance(ipsec, Unanswered)
    assert {sa.remote_id for sa in ipsec.ike} == {"192.168.77.11", "192.168.77.12"}
    processes = survey.fact(commands.PGREP_PPPD)
    assert not isinstance(processes, Unanswered)
    assert [(each.pid, each.tunnel) for each in processes] == [(9359, 27965), (9463, 60589)]
    brief = read_brief_addresses(survey.answers[BRIEF_ADDRESSES].output)
    assert [(each.card, each.peer) for each in brief if each.peer] == [
        ("ppp0", "10.1.2.2"),
        ("ppp1", "10.1.2.3"),
    ]


def test_an_answer_names_the_line_of_its_file() -> None:
    text = case("esp_blocked").files["vr.state.txt"].decode()
    lines = text.split("\n")
    for answer in answers_of("vr.state.txt", text).values():
        if answer.name in ("ss_vpn_ports", "pgrep_pppd") or not answer.stdout:
            continue
        for number, line in enumerate(answer.stdout.split("\n")):
            assert lines[answer.line - 1 + number] == line
        assert answer.file == "vr.state.txt"


def test_a_listing_with_counters_becomes_rules_with_counters() -> None:
    rules = rules_of("udp1701_fw_missing", "iptables_mangle")
    gate = [rule for rule in rules if rule.chain == "FIREWALL_203.0.113.10"]
    assert [(rule.text, rule.packets) for rule in gate] == [
        ("-p udp -m udp --dport 4500 -j RETURN", 3),
        ("-p udp -m udp --dport 500 -j RETURN", 52),
        ("-m state --state RELATED,ESTABLISHED -j RETURN", 0),
        ("-j DROP", 17),
    ]
    inbound = rules_of("vpc_acl_denies_client", "iptables_filter")
    assert Rule("ACL_INBOUND_eth2", "-j DROP", 3) in inbound


def test_rules_of_iptables_s_belong_to_the_table_of_their_chain() -> None:
    answers = answers_of("vr.after.txt", case("vpn_disabled_api").files["vr.after.txt"].decode())
    survey = Survey("r-42-VM", answers)
    assert survey.fact(commands.BAG_REMOTEACCESSVPN) is None
    mangle, filtering = survey.fact(commands.IPTABLES_MANGLE), answers["iptables_filter"].stdout
    assert not isinstance(mangle, Unanswered)
    assert {rule.chain for rule in mangle} == {
        "PREROUTING",
        "FIREWALL_203.0.113.10",
        "VPN_203.0.113.10",
    }
    assert "-A INPUT -s 203.0.113.77/32" in filtering


def test_processes_of_a_client_on_the_same_machine_are_none_of_the_router() -> None:
    answers = answers_of("vr.after.txt", case("vpn_disabled_api").files["vr.after.txt"].decode())
    daemons = Survey("r-42-VM", answers).fact(commands.PGREP_XL2TPD)
    assert not isinstance(daemons, Unanswered)
    assert [each.pid for each in daemons] == [14826]


def test_passwords_of_chap_secrets_are_not_kept() -> None:
    name = "vr.chap-secrets.txt"
    answer = answers_of(name, case("user_deleted_live").files[name].decode())["chap_users"]
    assert answer.stdout.split() == ["bob"]


def test_a_silent_statusall_is_a_stopped_charon() -> None:
    survey = Survey("r-42-VM", answers_of("vr.state.txt", "# ipsec statusall\n# ip -br addr\n"))
    ipsec = survey.fact(commands.IPSEC_STATUSALL)
    assert not isinstance(ipsec, Unanswered)
    assert not ipsec.running


def test_a_file_of_another_kind_gives_nothing() -> None:
    assert answers_of("vr.log", "anything") == {}
    assert answers_of("vr.state.txt", "no heads at all") == {}
    assert answers_of("vr.iptables.txt", "") == {}
