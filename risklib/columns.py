"""The tables of an analysis and their columns: a promise (README, "Tables"); columns are added, none is renamed."""

from __future__ import annotations

from collections.abc import Mapping

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "contracts": (
        "contract_id", "file", "title", "customer", "provider", "effective_date", "pages", "words", "ocr_pages",
        "status", "reason", "copies", "clear_share", "term", "term_months", "term_ends", "renewal_months", "renews",
        "term_text", "term_clause_id", "term_page", "term_bbox",
    ),
    "clauses": (
        "contract_id", "clause_id", "parent_id", "number", "heading", "level", "text", "page", "start", "end", "bbox",
    ),
    "responsibilities": (
        "contract_id", "clause_id", "responsibility", "category", "party", "modality", "text", "action", "deadline",
        "trigger", "clarity", "marks", "vague", "doubts", "consequence", "confidence", "method", "page", "start", "end",
        "bbox",
    ),
    "provisions": (
        "contract_id", "clause_id", "provision", "party", "text", "values", "confidence", "method", "page", "start",
        "end", "bbox",
    ),
    "exposures": (
        "contract_id", "component", "low", "likely", "high", "expected", "p95", "currency", "per", "formula", "status",
        "reason", "counted_with",
    ),
    "operands": (
        "contract_id", "component", "name", "value", "unit", "origin", "clause_id", "page", "start", "end", "bbox",
        "source", "paper",
    ),
    "families": (
        "family", "contract_id", "file", "kind", "relation", "dated", "parent", "linked_by", "counted_with", "text",
        "clause_id", "page", "start", "end", "bbox", "annual_fees", "currency",
    ),
    "overrides": (
        "family", "status", "provision", "party", "keys", "holds_values", "holds_contract_id", "holds_file",
        "holds_clause", "holds_clause_id", "holds_page", "holds_text", "yields_values", "yields_contract_id",
        "yields_file", "yields_clause", "yields_clause_id", "yields_page", "yields_text", "basis", "contract_id",
        "clause_id", "page", "start", "end", "bbox",
    ),
    "terms": (  # of heads with kin: what holds of all their papers, as it was priced
        "contract_id", "clause_id", "provision", "party", "values", "confidence", "method", "start", "end",
    ),
    "unread": (
        "family", "contract_id", "file", "name", "kind", "mentions", "binds_customer", "text", "clause_id", "page",
        "start", "end", "bbox",
    ),
    "totals": (
        "level", "name", "currency", "expected", "median", "p95", "es95", "share_of_es95", "scored", "unscored",
    ),
    "curve": ("currency", "probability", "loss"),
    "deals": (
        "file", "vendor", "annual_fees", "currency", "start", "term_months",
    ),
    "assumptions": (
        "id", "component", "parameter", "low", "likely", "high", "unit", "source", "reviewed_on", "illustrative",
    ),
}  # fmt: skip
