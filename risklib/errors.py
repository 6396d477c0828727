"""Errors that name the fix: what was found, where, what is allowed, what to do."""

from __future__ import annotations


class RisklibError(Exception):
    """Base of everything risklib raises on purpose; its text is one line for the user."""


class UnreadableDocument(RisklibError):
    """A file that gives no text: corrupt, encrypted, empty, not a PDF. ``reason`` is short and says what to do."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file, self.reason = file, reason

    def __reduce__(self) -> tuple[type, tuple[str, str]]:  # it crosses process borders
        return type(self), (self.file, self.reason)


class BadData(RisklibError):
    """A broken CSV or YAML. ``str()`` reads ``file:line: what was found; what is allowed``."""

    def __init__(self, file: str, line: int | None, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file, self.line, self.message = file, line, message

    def __reduce__(self) -> tuple[type, tuple[str, int | None, str]]:
        return type(self), (self.file, self.line, self.message)
