"""What clients show, retold loosely."""

import pytest

from tui.diagnose.symptoms import SYMPTOMS, symptom_of
from tui.diagnose.verdicts import CATEGORIES


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("it says error 789", "psk_mismatch"),
        ("Fehler 809!", "udp500_blocked"),
        ("789", "psk_mismatch"),
        ("Error 691: The remote connection was denied", "ppp_bad_password"),
        ("Windows 720", "ip_pool_exhausted"),
        ("Error 742", "ppp_mppe_required"),
        ("error 788: security layer", "esp_proposal_mismatch"),
        ("792 timed out", "udp4500_blocked"),
        ("768", "ike_auth_method_mismatch"),
        ("The L2TP-VPN server did not respond. Try reconnecting.", "psk_mismatch"),
        ("IPSec Shared Secret is missing", "psk_mismatch"),
        ("received NO_PROPOSAL_CHOSEN error notify", "ike_proposal_mismatch"),
        ("no proposal chosen", "ike_proposal_mismatch"),
        ("IKE proposal mismatch", "ike_proposal_mismatch"),
        ("L2TP timeout", "udp1701_fw_rule_missing"),
        ("xl2tpd: Maximum retries exceeded for tunnel 7.  Closing.", "udp1701_fw_rule_missing"),
        ("MS-CHAPv2 failure", "ppp_bad_password"),
        ("Authentication failed", "ppp_bad_password"),
        ("received AUTHENTICATION_FAILED notify error", "ike_auth_method_mismatch"),
        ("connected but no ping", "forwarding_disabled"),
        ("connection rejected", "ppp_bad_password"),
        ("drops after idle time", "idle_timeout"),
        ("it hangs with large files", "mtu"),
        ("Unable to connect to network", "psk_mismatch"),
        ("establishing IKE_SA failed, peer not responding", "udp500_blocked"),
    ],
)
def test_loose_words_find_their_symptom(words: str, first: str) -> None:
    found = symptom_of(words)
    assert found is not None
    assert found.causes[0] == first


@pytest.mark.parametrize("words", ["", "   ", "my printer is on fire", "port 17890", "1691 times"])
def test_other_words_find_none(words: str) -> None:
    assert symptom_of(words) is None


def test_every_symptom_names_categories_and_where_to_look() -> None:
    for symptom in SYMPTOMS:
        assert symptom.causes, symptom.name
        assert set(symptom.causes) <= set(CATEGORIES), symptom.name
        assert len(set(symptom.causes)) == len(symptom.causes), symptom.name
        assert symptom.means and symptom.look, symptom.name


def test_the_articles_claims_are_corrected() -> None:
    mismatch = symptom_of("no proposal chosen")
    assert mismatch is not None
    assert "psk_mismatch" not in mismatch.causes
    assert "wrong pre-shared key never gives it" in mismatch.means
