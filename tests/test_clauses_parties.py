"""Who is customer, who is provider, and sentences in which their names have become tokens."""

from __future__ import annotations

import pytest

from risklib.clauses.names import clean_name
from risklib.clauses.parties import find_parties, normalise
from risklib.records import CUSTOMER, PROVIDER, Party

BODY = {
    "two names": (
        'This Agreement is made by and between Brightwater Bank, N.A., a national bank ("Bank"), and Hollin Systems, Inc., a Texas '
        'corporation ("Hollin"). Bank desires to obtain processing services from Hollin. Hollin shall provide the services to Bank. '
        "Bank shall pay Hollin the fees. Bank shall notify Hollin of errors. Hollin shall invoice Bank. Hollin shall maintain "
        "insurance. Bank agrees to keep Hollin's software secret. Hollin agrees to indemnify Bank.",
        {"bank": CUSTOMER, "hollin": PROVIDER},
    ),
    "roles": (
        'Between Ulmer GmbH (the "Licensor") and Dorn Ltd (the "Licensee"). Licensor grants to Licensee a license. Licensee shall pay '
        "Licensor. Licensee may use the program. Licensor shall provide support. Licensee shall not copy it. Licensor warrants that "
        "it works. Licensee agrees to pay. Licensee shall notify Licensor.",
        {"licensor": PROVIDER, "licensee": CUSTOMER, "ulmer": PROVIDER, "dorn": CUSTOMER},
    ),
    "you and we": (
        'These terms are between you and Quillmark, Inc. ("Quillmark," "we," "us," or "our"). You agree to pay our fees. You must keep '
        "your password. We may suspend your account. You will not resell the service. We will provide support. You may use it. "
        "We reserve all rights. You agree to indemnify us.",
        {"you": CUSTOMER, "your": CUSTOMER, "we": PROVIDER, "us": PROVIDER, "quillmark": PROVIDER},
    ),
    "reseller": (
        'This agreement is between Pellucid Corp. ("Pellucid") and Vantor LLC ("Reseller"). Pellucid appoints Reseller. Reseller shall '
        "market the products to customers. Each customer of Reseller shall sign. Reseller shall pay Pellucid. Pellucid grants Reseller "
        "a right to resell. Pellucid shall pay Reseller commissions. Any Customer shall accept the terms. Customers may cancel. "
        "Reseller shall report. Pellucid may audit Reseller.",
        {"reseller": CUSTOMER, "pellucid": PROVIDER},
    ),
    "who developed it": (
        'Made between Tarn Ltd (hereinafter referred to as "Tarn") and Quill, Inc. (hereinafter referred to as "Quill"). Quill owns a '
        "program developed by Tarn. Tarn agrees to the terms. Quill agrees to them too. Tarn may end this. Quill may end this.",
        {"tarn": PROVIDER, "quill": CUSTOMER},
    ),
    "undefined roles": (
        "Customer shall pay the fees. Provider shall provide the service. Customer shall not misuse it. Provider may suspend access. "
        "Customer agrees to the policy. Provider warrants the service. Customer may terminate. Provider shall notify Customer.",
        {"customer": CUSTOMER, "provider": PROVIDER},
    ),
    "hereinafter": (
        'TORVALD MILLS, INC., hereinafter referred to as "TMI", hereby agrees to provide service and OAKEN, INC., hereinafter referred '
        'to as "Customer", agrees to accept such service. TMI shall provide parts. Customer shall pay TMI. TMI shall repair. '
        "Customer shall give access. TMI may refuse. Customer agrees to cooperate.",
        {"tmi": PROVIDER, "customer": CUSTOMER},
    ),
    "a brand in small letters": (
        'Between Corvo Foods, a Florida corporation ("the Customer"), and ember-lane interactive, a Florida corporation ("ember-lane"). '
        "ember-lane will provide the services to the Customer. The Customer shall pay ember-lane. ember-lane will host the site. The "
        "Customer agrees to obey the rules of ember-lane. The Customer shall report errors to ember-lane.",
        {"ember-lane": PROVIDER, "customer": CUSTOMER},
    ),
    "two on one side": (
        'Between 1. Dataquay Corp., a Delaware corporation ("Dataquay") and 2. Morrow Limited, a company of England ("Morrow") and 3. '
        'Holt Limited, a company of Wales ("Holt") (together, Morrow and Holt shall be called the "Publishers"). Dataquay shall host the '
        "journals for the Publishers. Publishers shall pay Dataquay. Publishers may use the system. Dataquay will provide support to "
        "Publishers. Dataquay shall invoice Publishers. Morrow shall name a contact. Publishers shall deliver files to Dataquay.",
        {"morrow": CUSTOMER, "holt": CUSTOMER, "publishers": CUSTOMER, "dataquay": PROVIDER},
    ),
    "hereafter, after an address": (
        "Between: ORLA TRANSPORT, a company of Brazil, at Garden Road 9, Suite 400. Hereafter referred to as the “Company” or “ORLA”, "
        "and FENN WORKS, a company of France, at Mill Street 4, hereafter referred to as “FENN”. FENN shall repair parts for the "
        "Company. The Company shall pay FENN. FENN shall invoice the Company. The Company shall notify FENN. FENN agrees to deliver.",
        {"company": CUSTOMER, "orla": CUSTOMER, "fenn": PROVIDER, "hereafter": None},
    ),
}


@pytest.mark.parametrize("name", BODY)
def test_sides(name: str) -> None:
    text, expected = BODY[name]
    side = {alias: party.role for party in find_parties(text) for alias in party.aliases}
    assert {alias: side.get(alias) for alias in expected} == expected


def test_a_resellers_customers_are_no_party() -> None:
    aliases = {a for p in find_parties(BODY["reseller"][0]) for a in p.aliases}
    assert "customer" not in aliases


def test_names_as_defined() -> None:
    assert {p.role: p.name for p in find_parties(BODY["two names"][0])} == {
        CUSTOMER: "Brightwater Bank, N.A.",
        PROVIDER: "Hollin Systems, Inc.",
    }


def test_nobody() -> None:
    assert find_parties("") == ()
    assert find_parties("The sky is blue. " * 50) == ()


PARTIES = (
    Party(CUSTOMER, "Brightwater Bank, N.A.", ("bank", "brightwater", "you", "your", "company")),
    Party(PROVIDER, "Notion Mill, Inc.", ("notion", "tag", "we", "us", "our", "vendor")),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Your use of our site", "CUSTOMER's use of PROVIDER's site"),
        ("the Bank’s staff shall", "the CUSTOMER's staff shall"),
        ("a mere notion of it, in a tag", "a mere notion of it, in a tag"),
        ("You tell us about the US law", "CUSTOMER tell PROVIDER about the US law"),
        ("Neither party shall, nor Bank", "neither BOTH shall, nor CUSTOMER"),
        ("Each party's rights; the parties' duties", "BOTH's rights; BOTH's duties"),
        ("third parties and Third Parties", "third parties and Third Parties"),
        ("The Parties agree; either Party may", "BOTH agree; BOTH may"),
        ("WE WILL INFORM YOU AND YOU TELL US", "PROVIDER WILL INFORM CUSTOMER AND CUSTOMER TELL PROVIDER"),
        ("Brightwater  Bank, N.A. pays", "CUSTOMER pays"),
        ("a company; the Company", "a company; the CUSTOMER"),
        ("vendors and the vendor", "vendors and the PROVIDER"),
        ("mail us@example.com or www.tag.com", "mail us@example.com or www.tag.com"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text, PARTIES) == expected


def test_normalise_without_parties_still_joins_them() -> None:
    assert normalise("Each party pays.", ()) == "BOTH pays."


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("MASTER AGREEMENT Between Acme, LLC", "Acme, LLC"),
        ("Securities Exchange Act of 1934", ""),
        ("3801-E Long Ave Ste 400", ""),
        ("2008", ""),
        ("Long Street Holdings Ltd", "Long Street Holdings Ltd"),
    ],
)
def test_names_are_no_statutes_addresses_or_years(text: str, name: str) -> None:
    assert clean_name(text) == name
