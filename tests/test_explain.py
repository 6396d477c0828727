"""`risklib explain`: what is told of a sentence is what `find` decides of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from risklib.findings import load_model
from risklib.findings.why import one_sentence, why
from risklib.playbook import load_playbook

SAMPLES = Path(__file__).parents[1] / "data" / "agreements"
PLAYBOOK, MODEL = load_playbook(), load_model()


@pytest.mark.parametrize(
    ("text", "lead_in", "label", "party", "modality"),
    [
        ("Licensee shall pay each invoice within thirty (30) days.", "", "payment_billing.timely_payment", "customer", "obligation"),
        ("(b) resell or sublicense the Service;", "Customer will not:", "license_compliance.use_restrictions", "customer", "prohibition"),
        ("You must keep your password confidential.", "", "account_access.credentials", "customer", "obligation"),
    ],
)  # fmt: skip
def test_a_duty_is_explained(text: str, lead_in: str, label: str, party: str, modality: str) -> None:
    agreement = one_sentence(text, lead_in)
    (e,) = why(agreement, PLAYBOOK, MODEL, [len(agreement.sentences) - 1])
    assert (label, party, modality) in [(r.responsibility, r.party, r.modality) for r in e.responsibilities]
    told = {b.label: b for b in e.because}
    assert label in told
    assert f"binds the {party}" in told
    assert all(b.holds for b in e.because)
    assert not any(b.holds for b in e.nearest)
    assert told[label].weights
    assert told[label].weights[0][1] > 0


def test_phrases_are_quoted_as_they_stand() -> None:
    agreement = one_sentence("Overdue amounts bear interest at 1.5% per month.")
    (e,) = why(agreement, PLAYBOOK, MODEL, [0])
    (late,) = [b for b in e.because if b.label == "late_payment"]
    assert late.phrases
    assert all(p.split("”")[0].strip("“") in e.reads_as for p in late.phrases)


@pytest.mark.parametrize("text", ["Governing Law", "The Service was founded in the north of the country."])
def test_nothing_found_is_said(text: str) -> None:
    (e,) = why(one_sentence(text), PLAYBOOK, MODEL, [0])
    assert not e.responsibilities
    assert not e.provisions
    assert e.nearest


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "risklib.cli", "explain", *args], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_command_explains_a_clause_and_a_sentence() -> None:
    pdf = sorted(SAMPLES.glob("*.pdf"))[0]
    done = run(str(pdf), "2", "--json")
    assert done.returncode == 0, done.stderr
    assert {"sentence", "because", "nearest", "grammar"} <= set(json.loads(done.stdout)[0])
    text = run("Client shall not reverse engineer the Software.", "--customer", "Client")
    assert "license_compliance.use_restrictions" in text.stdout
    assert "binds the customer" in text.stdout
    wrong = run(str(pdf), "99.99")
    assert wrong.returncode == 2
    assert "no clause 99.99" in wrong.stderr
