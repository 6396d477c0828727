"""risklib: every customer responsibility, penalty and liability term of an agreement, with its page and its price.

    import risklib
    portfolio = risklib.analyze("contracts/", facts="contracts/deals.csv")
    portfolio.responsibilities      # who must do what by when, a pandas frame
    portfolio.exposures             # what failing costs, with the formula
    print(portfolio.explain("msa.pdf", "late_payment"))
    risklib.write_report(portfolio, "report.html", pdf_folder="contracts/")

Nothing leaves the machine: no function opens a network connection. Decision support, not legal advice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from risklib.errors import BadData, RisklibError, UnreadableDocument
    from risklib.pipeline import analyze, analyze_file
    from risklib.playbook import Playbook, check_playbook, load_playbook
    from risklib.portfolio import Portfolio
    from risklib.report import write_report

__version__ = "0.1.0"

__all__ = [
    "BadData",
    "Playbook",
    "Portfolio",
    "RisklibError",
    "UnreadableDocument",
    "analyze",
    "analyze_file",
    "check_playbook",
    "load_playbook",
    "write_report",
]

_HOME = {
    "BadData": "errors",
    "RisklibError": "errors",
    "UnreadableDocument": "errors",
    "analyze": "pipeline",
    "analyze_file": "pipeline",
    "Playbook": "playbook",
    "check_playbook": "playbook",
    "load_playbook": "playbook",
    "Portfolio": "portfolio",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:
    """The public names, each loaded when it is first used: `risklib --help` should not wait for pandas."""
    if name not in _HOME:
        raise AttributeError(f"risklib has no {name!r}; its names are {', '.join(__all__)}")
    return getattr(import_module(f"risklib.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
