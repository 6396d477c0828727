"""From the words of a deadline to dates: "within 30 days of the Effective Date" → 2026-03-31.

Conventions, told in ``Due.basis`` wherever they matter: the day of an event is not counted; "before X" alone means the
day before X; a month after the 31st is the last day of a shorter month; a business day is Monday to Friday, public
holidays are not known; a date on a weekend is not moved; a term of 12 months from 1 May ends on 30 April; a duty once a
period may be done until its last day. What counts from an event without a date stays without one, with the reason.
"""

from __future__ import annotations

from risklib.due.calendar import DATE, EVENT, ONGOING, RECURRING, UNKNOWN, Dates, Due
from risklib.due.term import initial_term, last_day
from risklib.due.words import due_of

__all__ = ["DATE", "EVENT", "ONGOING", "RECURRING", "UNKNOWN", "Dates", "Due", "due_of", "initial_term", "last_day"]
