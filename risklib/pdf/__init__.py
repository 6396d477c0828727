"""Bytes → words with boxes: the running text of a PDF, its lines, tables and page furniture."""

from risklib.pdf.reader import read

__all__ = ["read"]
