"""YAML 1.2 in and out, so that what came in goes out again unharmed.

Owns the limits on what is read: size, depth, and no anchors, with which a few lines can stand for millions. Dates and
times stay what they were; a form that Python would change stays text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import UsageError

if TYPE_CHECKING:
    from ruamel.yaml import YAML

MOST_BYTES = 1_000_000
DEEPEST = 60
"""How many lists and mappings may lie inside each other."""
_ADVICE = "if necessary increase YAML().max_depth"
_OTHER_THINGS_IN_YAML_1_1 = re.compile(r"(?:y|n|yes|no|on|off|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?)", re.IGNORECASE)
"""Texts that are text in YAML 1.2, but which older readers take for truth values or numbers to the base of 60."""


def read_mapping(source: Path | str, begins: str = "name: value") -> dict[str, Any]:
    """The mapping in a YAML file or text; keys are text.

    Args:
        source: the file, or the text itself.
        begins: how such a file begins, as advice.

    Raises:
        UsageError: it cannot be read, is empty, too large or too deep, is no YAML, uses anchors, or is no mapping.
    """
    where = str(source) if isinstance(source, Path) else "The text"
    text = _text(source, where)
    if not text.strip():
        raise UsageError(f"{where} is empty.", cure=f"Begin with `{begins}`.")
    found = _parsed(text, where)
    if not isinstance(found, dict):
        raise UsageError(f"{where} holds {_called(found)}, not a mapping.", cure=f"Begin with `{begins}`.")
    return _plain(found)  # type: ignore[no-any-return]


def write_mapping(data: Mapping[str, Any]) -> str:
    """`data` as YAML, in the order that it has."""
    yaml = _yaml()
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode = True
    yaml.width = 120
    yaml.representer.ignore_aliases = lambda _: True
    stream = StringIO()
    yaml.dump(dict(data), stream)
    return stream.getvalue()


def _text(source: Path | str, where: str) -> str:
    try:
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        if size > MOST_BYTES:
            raise UsageError(
                f"{where} has {size:,} bytes; {MOST_BYTES:,} are allowed.",
                cure="Split it: one file for each table.",
            )
        return source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{where} cannot be read: {problem}.", cure="Name a text file in UTF-8.") from problem


def _parsed(text: str, where: str) -> Any:
    from ruamel.yaml.error import YAMLError

    try:
        return _yaml().load(text)
    except (YAMLError, ValueError, RecursionError) as problem:
        reason = " ".join(str(problem).replace(_ADVICE, "").split())[:300]
        raise UsageError(
            f"{where} is not YAML that can be used: {reason}.", cure="Mind the indentation and the colons."
        ) from None


def _yaml() -> YAML:
    """A reader and writer that refuses anchors and depth while it reads, before anything is built."""
    from ruamel.yaml import YAML
    from ruamel.yaml.composer import Composer
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent
    from ruamel.yaml.representer import SafeRepresenter

    class Careful(Composer):
        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.parser.peek_event()
            if self.parser.check_event(AliasEvent):
                raise YAMLError(
                    f"line {event.start_mark.line + 1} refers to the anchor {event.anchor!r}; write it out instead"
                )
            return super().compose_node(parent, index)

    class Faithful(SafeConstructor):
        """Its own class, so that what it does with times stays here."""

    class Cautious(SafeRepresenter):
        """Its own class, for the same reason."""

    Cautious.add_representer(str, _text_node)
    Faithful.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: _moment(node.value))
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = Careful
    yaml.Constructor = Faithful
    yaml.Representer = Cautious
    yaml.max_depth = DEEPEST
    return yaml


def _text_node(representer: Any, text: str) -> Any:
    """Text, in quotes where an older reader would take it for something else, as a block where it has lines."""
    style = "'" if _OTHER_THINGS_IN_YAML_1_1.fullmatch(text) else "|" if "\n" in text.strip() else None
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _moment(text: str) -> date | datetime | str:
    """A date or a time if it would be written the same way again; the text otherwise."""
    for kind in (date, datetime):
        try:
            found = kind.fromisoformat(text)
        except ValueError:
            continue
        # YAML is written with a space where ISO has a T.
        if text in {found.isoformat(), found.isoformat().replace("T", " ")}:
            return found
    return text


def _plain(value: Any) -> Any:
    """Mappings whose keys are text, as JSON has them."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _called(value: Any) -> str:
    return "a list" if isinstance(value, list) else f"{value!r}"[:60]
