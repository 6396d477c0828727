"""Scheduled portfolio reports: what changed since the last one, what to decide, which threshold is crossed. One run at
a time, published whole or not at all, never ``ok`` where something is missing."""

from __future__ import annotations

from risklib.schedule.brief import Brief
from risklib.schedule.changes import Change, Changes, Move, changes
from risklib.schedule.publish import Busy
from risklib.schedule.run import Result, Wanted, run

__all__ = ["Brief", "Busy", "Change", "Changes", "Move", "Result", "Wanted", "changes", "run"]
