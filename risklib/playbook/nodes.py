"""YAML that remembers its lines: nodes are checked one by one, and every fault is a ``BadData`` with ``file:line``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from risklib.errors import BadData

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def known(value: str, allowed: Iterable[str], what: str, file: str, line: int) -> str:
    """``value`` if it is allowed; else ``BadData`` that lists what is, and the name that was perhaps meant."""
    names = list(allowed)
    if value in names:
        return value
    near = difflib.get_close_matches(value, names, n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    if len(names) > 20:
        nearest = difflib.get_close_matches(value, names, n=8, cutoff=0)
        names = [*nearest, f"… ({len(names)} in all)"]
    raise BadData(file, line, f"unknown {what} '{value}'{hint}; allowed: {', '.join(names)}")


@dataclass(frozen=True)
class Item:
    """One YAML node of a file."""

    node: yaml.Node
    file: str

    @property
    def line(self) -> int:
        return self.node.start_mark.line + 1

    def fail(self, message: str) -> BadData:
        return BadData(self.file, self.line, message)

    def _kind(self) -> str:
        if isinstance(self.node, yaml.MappingNode):
            return "a mapping"
        return "a list" if isinstance(self.node, yaml.SequenceNode) else f"the value '{self.node.value}'"

    def mapping(self, allowed: Iterable[str], required: Iterable[str] = ()) -> dict[str, Item]:
        allowed, required = tuple(allowed), tuple(required)
        out = self.pairs()
        for key, item in out.items():
            known(key, allowed, "key", self.file, item.line)
        if missing := [k for k in required if k not in out]:
            raise self.fail(f"missing {', '.join(missing)}; required here: {', '.join(required)}")
        return out

    def pairs(self) -> dict[str, Item]:
        """Any mapping, keys as the file spells them."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.fail(f"expected a mapping (key: value), found {self._kind()}")
        out: dict[str, Item] = {}
        for k, v in self.node.value:
            if k.value in out:
                raise BadData(self.file, k.start_mark.line + 1, f"the key '{k.value}' stands here twice")
            out[str(k.value)] = Item(v, self.file)
        return out

    def items(self) -> list[Item]:
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.fail(f"expected a list, found {self._kind()}")
        return [Item(n, self.file) for n in self.node.value]

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode) or not self.node.value.strip():
            raise self.fail(f"expected text, found {self._kind()}")
        return " ".join(self.node.value.split())

    def texts(self) -> tuple[str, ...]:
        return tuple(i.text() for i in self.items())

    def number(self) -> float:
        try:
            return float(self.text())
        except ValueError:
            raise self.fail(f"expected a number, found '{self.node.value}'") from None

    def choice(self, allowed: Iterable[str], what: str) -> str:
        return known(self.text(), allowed, what, self.file, self.line)

    def plain(self) -> Any:
        """The node as ordinary Python values."""
        return yaml.constructor.SafeConstructor().construct_document(self.node)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)


def read_yaml(path: Path) -> Item:
    """The root of a YAML file."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as e:
        raise BadData(str(path), None, f"cannot be read ({e.strerror}); a playbook folder needs this file") from e
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        problem = getattr(e, "problem", None) or "cannot be read"
        hint = "text with ': ', a leading quote or bracket must stand in quotes"
        raise BadData(path.name, mark.line + 1 if mark else None, f"not valid YAML: {problem}; {hint}") from e
    if node is None:
        raise BadData(path.name, 1, "the file is empty")
    return Item(node, path.name)
