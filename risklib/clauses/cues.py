"""Words of the English of contracts by which a party is told: who buys, who sells, who acts. Language, not taxonomy."""

from __future__ import annotations

import re


def word_set(*words: str) -> frozenset[str]:
    """The blank-separated words of the strings."""
    return frozenset(word for text in words for word in text.split())


# Nouns by which an agreement calls the side that receives, and the side that supplies. Channel partners buy.
CUSTOMER_WORDS = word_set(
    "customer client licensee buyer purchaser subscriber reseller distributor sublicensee subscribers lessee "
    "merchant member franchisee user advertiser tenant publisher publishers borrower owner dealer "
    "partner bank company city county state hospital"
) | {"channel partner", "end user", "store owner", "account holder", "member provider", "service recipient", "you"}
PROVIDER_WORDS = word_set(
    "provider supplier vendor licensor contractor consultant seller servicer developer manufacturer host franchisor "
    "lessor subcontractor processor agency outsourcer integrator we us our"
) | {"service provider", "maintenance provider", "support provider", "cloud provider"}
CHANNEL_WORDS = frozenset(
    {"reseller", "distributor", "channel partner", "dealer", "partner", "franchisee", "sublicensee"}
)
# Words that say little by themselves: any party may be called so, and the text must decide.
WEAK_WORDS = word_set(
    "user partner bank company member owner publisher publishers city county state hospital merchant "
    "processor agency host developer advertiser owner"
)
PRONOUNS = {"you": "customer", "we": "provider"}
PRONOUN_FORMS = {"you": ("you", "your"), "we": ("we", "us", "our")}

# Heads of phrases that do act in sentences ("This Agreement shall …") but are no party.
NOT_A_PARTY = word_set(
    "agreement agreements party parties service services section sections fee fees software product products "
    "term terms "
    "information data article exhibit schedule order orders license licence documentation date users content nothing "
    "this that the it such each either neither no any all both there they he she who which what if as in and or "
    "whereas "
    "term policy policies notice notices property rights claim claims losses damages charges payment payments period "
    "materials marks system systems equipment site website account accounts affiliate affiliates person persons "
    "employee employees indemnitee indemnitor indemnitees personnel invoice amendment addendum attachment plan "
    "program "
    "platform liability warranty force majeure event court arbitrator arbitration law laws territory transaction "
    "transactions statement work works deliverables deliverable technology tool tools application applications "
    "subscription subscriptions i ii iii iv v vi his her these those one other others your our its their however "
    "furthermore additionally provided upon accordingly therefore following subject disclosing receiving "
    "third board committee manager representative representatives state states indemnified indemnifying breaching "
    "arbitrators defaulting terminating notifying recipient discloser beneficiary user sublicensee sublicensees "
    "customers clients resellers distributors end licensees subcontractors contractors vendors suppliers "
    "government congress commission county hereafter hereinafter not ms mr mrs dr witness act"
)

_SUFFIX = (
    r"(?:(?=[A-Z]|plc|a\.s)(?i:Inc|Incorporated|LLC|L\.L\.C|Corp|Corporation|Company|Co|Ltd|Limited|LLP|L\.L\.P|LP|"
    r"L\.P|N\.A|PLC|"
    r"GmbH|S\.A(?:\.S|\.R\.L|\.S\.U)?|SAS|SARL|S\.r\.l|A/S|ApS|a\.s|B\.V|N\.V|Pte\.? Ltd|Pte\.? Limited|Pty\.? Ltd|"
    r"Pty\.? Limited|Bank|Association|University|S\.p\.A|K\.K|Society|Foundation|DAC|"
    r"SE|KG|KGaA|Oyj?)(?![\w])\.?|(?:AG|AB|AS|ASA|SA|SLU|NV|BV)(?![\w]))"
)
_PART = r"(?:[A-Z0-9][\w&'’.\-/®]*|[a-z][A-Z]\w*|&|of)"
ORG = re.compile(
    rf"(?<![\w'’.])((?:{_PART},? ){{1,7}}?{_SUFFIX}(?:, ?{_SUFFIX}| (?:[A-Z]\w+ )?(?:Pte|Pty|PTE|PTY)\.? ?(?i:Ltd|"
    rf"Limited)\.?)?)"
)
ORG_WORD = re.compile(
    r"(?i:inc|incorporated|llc|l\.l\.c|corp|corporation|company|co|ltd|limited|llp|lp|l\.p|n\.a|plc|gmbh|ag|ab|as|asa|se|kg|dac|s\.a|"
    r"pte|pty|a/s|b\.v)\.?"
)

# Verbs whose subject decides and acts: what precedes them is a party far more often than not.
_MODAL = r"shall|will|may|must|can|agrees? to|is obligated to|is required to|undertakes to|has the right to"
WILL = rf"(?:{_MODAL}|covenants? to)"
ANIMATE = (
    r"(?:agrees?|acknowledges?|represents?|warrants?|covenants?|undertakes?|understands?|consents?|authori[sz]es?|"
    r"hereby|grants?|desires?|wishes|reserves?|disclaims?|" + WILL + r"(?: not| also| promptly| then| at its)*"
    r" (?:pay|provide|use|notify|indemnify|defend|terminate|deliver|perform|give|make|comply|obtain|ensure|appoint|"
    r"invoice|reimburse|request|elect|suspend|disclose|cooperate|maintain|furnish|assign|assist|purchase|license|"
    r"have the right|hold harmless|permit|allow|submit|supply|designate|charge|access|resell|market|keep|take|agree))"
)
