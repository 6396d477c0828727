"""Charts of responsibilities: how many, whose, how clear, and what a new version changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from risklib.charts.style import AMBER, BLUE, INK, SOFT, styled


def heat_map(counts: pd.DataFrame, *, rows: Sequence[str], columns: Sequence[str], width: int = 640) -> alt.LayerChart:
    """Counts of responsibilities: ``counts`` has ``row``, ``column``, ``count``; the lists fix the order."""
    base = alt.Chart(counts).encode(
        x=alt.X(
            "column:N",
            sort=list(columns),
            title="number of responsibilities",
            axis=alt.Axis(labelAngle=-45, labelLimit=160, orient="top", titleAnchor="start"),
        ),
        y=alt.Y(
            "row:N", sort=list(rows), scale=alt.Scale(domain=list(rows)), title=None, axis=alt.Axis(labelLimit=220)
        ),
        tooltip=["row:N", "column:N", "count:Q"],
    )
    most = float(counts["count"].max()) if len(counts) else 1.0
    picked = alt.selection_point(name="cell", fields=["row", "column"])  # live in JupyterLab; a picture shows all
    cells = base.mark_rect(stroke="white").encode(
        opacity=alt.condition(picked, alt.value(1), alt.value(0.3)),
        color=alt.Color("count:Q", scale=alt.Scale(scheme="blues", domain=[0, most]), legend=None),
    )
    cells = cells.add_params(picked)
    dark = picked & (alt.datum.count > most * 0.55)  # a cell that is not picked is pale whatever its count
    texts = base.mark_text(fontSize=10).encode(
        text="count:Q", color=alt.condition(dark, alt.value("white"), alt.value(INK))
    )
    return styled(alt.layer(cells, texts).properties(width=width, height=alt.Step(22)))


def responsibility_map(
    responsibilities: pd.DataFrame,
    contracts: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    deals: pd.DataFrame | None = None,
    width: int = 640,
) -> alt.LayerChart:
    """The customer's responsibilities, categories by agreements: a portfolio's frames in, ``heat_map`` out.

    ``deals`` (``file``, ``vendor``): categories by vendors instead; an agreement without a vendor stands by its file.
    ``titles`` maps category ids to what people call them and fixes the order: what it names and no agreement has stays
    visible as an empty row; what it does not name and some agreement has comes last. Duties of the provider alone are
    not counted.
    """
    cells = in_cells(responsibilities, contracts, titles=titles, deals=deals)
    counts = cells.groupby(["row", "column"], sort=False).size().rename("count").reset_index()
    readable = contracts.assign(column=columns_of(contracts, deals).to_numpy())["column"]
    rows = [*(titles or {}).values(), *(r for r in sorted(set(counts["row"])) if r not in (titles or {}).values())]
    return heat_map(counts, rows=rows, columns=sorted(set(readable)), width=width)


def in_cells(
    responsibilities: pd.DataFrame,
    contracts: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    deals: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The rows that bind the customer, each with the ``row`` and ``column`` of its cell in ``responsibility_map``."""
    ours = responsibilities[responsibilities["party"].isin(["customer", "both"])]
    names = {c: (titles or {}).get(str(c), str(c).replace("_", " ")) for c in ours["category"].unique()}
    column = dict(zip(contracts["contract_id"], columns_of(contracts, deals)))
    return ours.assign(row=ours["category"].map(names), column=ours["contract_id"].map(column))


def columns_of(contracts: pd.DataFrame, deals: pd.DataFrame | None = None) -> pd.Series:
    """What names each contract in a map: its vendor where ``deals`` knows one, else its file without folders."""
    vendors = {} if deals is None else {str(f).casefold(): v for f, v in zip(deals["file"], deals["vendor"])}
    files = contracts["file"].map(lambda f: str(f).rsplit("/", 1)[-1])
    return pd.Series([v if isinstance(v := vendors.get(f.casefold()), str) and v else f for f in files], dtype=object)


def clarity(contracts: pd.DataFrame, *, width: int = 420) -> alt.LayerChart:
    """The share of each agreement's responsibilities that are clear, least first. ``contracts``: ``file``,
    ``clear_share`` (0..1; where it is unknown no bar is drawn)."""
    data = contracts[["file", "clear_share"]].dropna().sort_values("clear_share")
    base = alt.Chart(data).encode(
        y=alt.Y("file:N", sort=list(data["file"]), title=None, axis=alt.Axis(labelLimit=220)),
        x=alt.X(
            "clear_share:Q",
            title="responsibilities that are clear",
            axis=alt.Axis(format=".0%"),
            scale=alt.Scale(domain=[0, 1]),
        ),
        tooltip=["file:N", alt.Tooltip("clear_share:Q", format=".0%")],
    )
    texts = base.mark_text(align="left", dx=4, fontSize=10, color=SOFT).encode(
        text=alt.Text("clear_share:Q", format=".0%")
    )
    return styled(alt.layer(base.mark_bar(height=12, color=BLUE), texts).properties(width=width, height=alt.Step(17)))


def responsibility_matrix(
    responsibilities: pd.DataFrame, *, titles: Mapping[str, str] | None = None, width: int = 300
) -> alt.LayerChart:
    """Who carries what: duties of the customer, of both and of the provider, by category; a bigger circle is more.

    ``responsibilities``: of one agreement or of many. ``titles`` as for ``responsibility_map``.
    """
    counts = responsibilities.groupby(["category", "party"]).size().rename("count").reset_index()
    found = {c: str(c).replace("_", " ") for c in sorted(counts["category"].unique())}
    names = {**(titles or {}), **{c: name for c, name in found.items() if c not in (titles or {})}}
    counts = counts.assign(row=counts["category"].map(names))
    base = alt.Chart(counts).encode(
        x=alt.X(
            "party:N",
            sort=["customer", "both", "provider"],
            title="number of responsibilities",
            axis=alt.Axis(labelAngle=0, orient="top"),
            scale=alt.Scale(domain=["customer", "both", "provider"]),
        ),
        y=alt.Y(
            "row:N",
            sort=list(names.values()),
            title=None,
            axis=alt.Axis(labelLimit=220),
            scale=alt.Scale(domain=list(names.values())),
        ),
        tooltip=["row:N", "party:N", "count:Q"],
    )
    dots = base.mark_circle(color=BLUE, opacity=0.35).encode(
        size=alt.Size("count:Q", scale=alt.Scale(range=[40, 520], domainMin=0), legend=None)
    )
    texts = base.mark_text(fontSize=10, color=INK).encode(text="count:Q")
    return styled(alt.layer(dots, texts).properties(width=width, height=alt.Step(26)))


def version_drift(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    names: Sequence[str] = ("before", "after"),
    titles: Mapping[str, str] | None = None,
    width: int = 420,
) -> alt.LayerChart:
    """How many responsibilities of the customer each category has in two versions; categories that changed come first.

    ``before`` and ``after``: rows of ``responsibilities`` of one version each.
    """
    counts = pd.DataFrame(
        {n: f[f["party"].isin(["customer", "both"])].groupby("category").size() for n, f in zip(names, (before, after))}
    )
    counts = counts.fillna(0).astype(int)
    counts["change"] = counts[names[1]] - counts[names[0]]
    counts["row"] = [(titles or {}).get(str(c), str(c).replace("_", " ")) for c in counts.index]
    counts = counts.sort_values("change", key=lambda s: -s.abs(), kind="stable").reset_index(drop=True)
    order = list(counts["row"])
    long = counts.melt(["row", "change"], list(names), "version", "count")
    y = alt.Y("row:N", sort=order, title=None, axis=alt.Axis(labelLimit=220))
    line = alt.Chart(counts).mark_rule(color=SOFT, strokeWidth=2).encode(y=y, x=f"{names[0]}:Q", x2=f"{names[1]}:Q")
    dots = (
        alt.Chart(long)
        .mark_point(filled=True, opacity=1)
        .encode(
            y=y,
            x=alt.X("count:Q", title="responsibilities of the customer", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "version:N",
                sort=list(names),
                scale=alt.Scale(domain=list(names), range=[AMBER, BLUE]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            shape=alt.Shape(
                "version:N", sort=list(names), scale=alt.Scale(domain=list(names), range=["circle", "square"])
            ),
            size=alt.Size(  # the circle shows around the square where nothing changed
                "version:N", scale=alt.Scale(domain=list(names), range=[190, 50]), legend=None
            ),
            tooltip=["row:N", "version:N", "count:Q"],
        )
    )
    changed = counts[counts["change"] != 0].assign(
        text=lambda f: f["change"].map("{:+d}".format), at=lambda f: f[list(names)].max(axis=1)
    )
    texts = (
        alt.Chart(changed).mark_text(align="left", dx=9, fontSize=10, color=INK).encode(y=y, x="at:Q", text="text:N")
    )
    return styled(alt.layer(line, dots, texts).properties(width=width, height=alt.Step(18)))
