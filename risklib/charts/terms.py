"""When agreements end, and the last day on which somebody can say no to another term."""

from __future__ import annotations

from datetime import date

import altair as alt
import pandas as pd

from risklib.charts.style import BLUE, INK, SOFT, VERMILION, styled


def timeline(register: pd.DataFrame, deals: pd.DataFrame, *, as_of: str, width: int = 520) -> alt.LayerChart:
    """The running term of each agreement, the last day for a notice of non-renewal, and today.

    ``register``: ``portfolio.register()``, its rows of ``kind`` "decision" that hold (a notice of an amendment stands
    at its agreement, one that was replaced nowhere); ``deals``: ``file``, ``start``, ``term_months``. Agreements
    without start and term are not drawn; a term that ended is drawn with the next ones.
    """
    today = pd.Timestamp(date.fromisoformat(as_of))
    known = deals.dropna(subset=["start", "term_months"])
    rows = [
        {"file": d["file"], **_term(pd.Timestamp(d["start"]), int(d["term_months"]), today)}
        for d in known.to_dict("records")
    ]
    terms = pd.DataFrame(rows, columns=["file", "from", "to"]).sort_values("to")
    holds = (register["kind"] == "decision") & register["due"].notna() & register["superseded"].isna()
    asked = register[holds].assign(file=lambda f: f["agreement"])
    asked = asked[asked["file"].isin(terms["file"])]
    notices = asked.drop_duplicates(["file", "due"])[["file", "due"]].assign(due=lambda f: pd.to_datetime(f["due"]))
    notices["text"] = notices["due"].dt.strftime("%d %b %Y")
    y = alt.Y("file:N", sort=list(terms["file"]), title=None, axis=alt.Axis(labelLimit=220))
    bars = (
        alt.Chart(terms)
        .mark_bar(height=9, color=BLUE, opacity=0.45)
        .encode(y=y, x=alt.X("from:T", title="running term"), x2="to:T", tooltip=["file:N", "from:T", "to:T"])
    )
    ends = alt.Chart(terms).mark_tick(color=BLUE, thickness=3, size=14).encode(y=y, x="to:T")
    marks = (
        alt.Chart(notices)
        .mark_point(shape="triangle-down", filled=True, size=90, color=VERMILION, opacity=1)
        .encode(y=y, x="due:T", tooltip=["file:N", alt.Tooltip("due:T", title="last day for notice")])
    )
    texts = alt.Chart(notices).mark_text(dy=-11, fontSize=10, color=SOFT).encode(y=y, x="due:T", text="text:N")
    now = pd.DataFrame({"x": [today], "text": [f"today, {today:%d %b %Y}"]})
    rule = alt.Chart(now).mark_rule(color=INK, strokeDash=[4, 3]).encode(x="x:T")
    label = (
        alt.Chart(now)
        .mark_text(align="left", dx=4, color=INK, fontSize=10)
        .encode(x="x:T", y=alt.value(-12), text="text:N")
    )
    chart = alt.layer(bars, ends, rule, label, marks, texts).properties(
        width=width,
        height=alt.Step(26),
        title=alt.TitleParams(
            "▼ last day for a notice of non-renewal    ▌ end of the term",
            fontSize=11,
            color=SOFT,
            fontWeight="normal",
            anchor="start",
            offset=18,
        ),
    )
    return styled(chart)


def _term(start: pd.Timestamp, months: int, today: pd.Timestamp) -> dict[str, pd.Timestamp]:
    """The term that runs today, counting renewals of the same length."""
    begin, end = start, start + pd.DateOffset(months=months)
    while end <= today and months > 0:
        begin, end = end, end + pd.DateOffset(months=months)
    return {"from": begin, "to": end}
