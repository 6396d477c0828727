"""The lawyers' knowledge: taxonomy, phrases, examples, positions and market figures, read from a folder of files."""

from risklib.playbook.check import Finding, check_playbook, with_roles
from risklib.playbook.load import default_folder, load_playbook
from risklib.playbook.phrases import STRONG, WEAK, Hit, Phrase, PhraseBook, compile_phrase
from risklib.playbook.positions import satisfies
from risklib.playbook.records import (
    DEFAULT_ROLES,
    PROVISION,
    RESPONSIBILITY,
    Baseline,
    Category,
    Entry,
    Example,
    MissingMark,
    Playbook,
    Position,
    RoleWord,
    VagueWord,
)

__all__ = [
    "DEFAULT_ROLES", "PROVISION", "RESPONSIBILITY", "STRONG", "WEAK", "Baseline", "Category", "Entry", "Example",
    "Finding", "Hit", "MissingMark", "Phrase", "PhraseBook", "Playbook", "Position", "RoleWord", "VagueWord",
    "check_playbook", "compile_phrase", "default_folder", "load_playbook", "satisfies", "with_roles",
]  # fmt: skip
