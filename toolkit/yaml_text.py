"""YAML 1.2 in and out, so that what came in goes out again unharmed.

Owns the limits on what is read: size, depth, and no anchors, with which a few lines can stand for millions. Dates and
times stay what they were; a form that Python would change stays text. Keys are text, as they stand in the file. Every text is
read back as it was written; one that no file can hold is refused.
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
_BREAKS_OF_YAML_1_1 = "\u0085\u2028\u2029"
"""Signs that end a line in YAML 1.1 only; the parser takes them for line breaks in YAML 1.2, too."""
_TEXT = "tag:yaml.org,2002:str"
_PRIVATE = range(0xE000, 0xF900)
"""Code points to which Unicode gives no meaning."""
_LINES_AS_THEY_ARE = re.compile(r"[^\s#][^\n]*(?:\n+[^\n]+)*\n?")
"""Lines of which a block shows where each begins and ends: no blank or comment first, no empty line last."""
_HALF = re.compile("[\ud800-\udfff]")
_WIDEST = 2 * MOST_BYTES
"""No line is broken: a break within a text is another text to some readers."""
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
    text = _content(source, where)
    if not text.strip():
        raise UsageError(f"{where} is empty.", cure=f"Begin with `{begins}`.")
    found = _parsed(text, where)
    if not isinstance(found, dict):
        raise UsageError(f"{where} holds {_called(found)}, not a mapping.", cure=f"Begin with `{begins}`.")
    return found


def write_mapping(data: Mapping[str, Any]) -> str:
    """`data` as YAML, in the order that it has.

    Raises:
        UsageError: a text holds half of a surrogate pair, which no file can hold.
    """
    _refuse_halves(data, "What is to be written")
    yaml = _yaml()
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode = True
    yaml.width = _WIDEST
    yaml.representer.ignore_aliases = lambda _: True
    stream = StringIO()
    yaml.dump(dict(data), stream)
    return stream.getvalue()


def _content(source: Path | str, where: str) -> str:
    try:
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        if size > MOST_BYTES:
            raise UsageError(
                f"{where} has {size:,} bytes; {MOST_BYTES:,} are allowed.",
                cure="Split it: one file for each table.",
            )
        # A mark of the order of bytes at the beginning is no part of the text.
        return source.read_text(encoding="utf-8-sig") if isinstance(source, Path) else source.removeprefix("\ufeff")
    except FileNotFoundError as problem:
        raise UsageError(f"{where} cannot be read: there is no such file.", cure="See where it lies.") from problem
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{where} cannot be read: {problem}.", cure="Name a text file in UTF-8.") from problem


def _parsed(text: str, where: str) -> Any:
    from ruamel.yaml.error import YAMLError

    kept = _kept_apart(text)
    try:
        found = _yaml().load(text.translate(kept))
    except (YAMLError, ValueError, RecursionError) as problem:
        reason = " ".join(str(problem).replace(_ADVICE, "").split())[:300]
        raise UsageError(
            f"{where} is not YAML that can be used: {reason}.", cure="Mind the indentation and the colons."
        ) from None
    plain = _plain(
        found, {ord(private): sign for sign, private in zip(map(chr, kept), kept.values(), strict=True)}, where
    )
    _refuse_halves(plain, where)
    return plain


def _kept_apart(text: str) -> dict[int, str]:
    """For each sign that only YAML 1.1 ends a line with, a code point that the text does not have and that ends none."""
    there = [sign for sign in _BREAKS_OF_YAML_1_1 if sign in text]
    free = (chr(point) for point in _PRIVATE if chr(point) not in text)
    return {ord(sign): next(free) for sign in there}


def _yaml() -> YAML:
    """A reader and writer that refuses anchors and depth while it reads, before anything is built."""
    from ruamel.yaml import YAML
    from ruamel.yaml.composer import Composer
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.representer import SafeRepresenter

    class Careful(Composer):
        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.parser.peek_event()
            if self.parser.check_event(AliasEvent):
                raise YAMLError(
                    f"line {event.start_mark.line + 1} refers to the anchor {event.anchor!r}; write it out instead"
                )
            return super().compose_node(parent, index)

        def compose_mapping_node(self, anchor: Any) -> Any:
            node = super().compose_mapping_node(anchor)
            for key, _ in node.value:
                if not isinstance(key, ScalarNode):
                    raise YAMLError(f"line {key.start_mark.line + 1} has a list or a mapping for a key; keys are text")
                # As it stands in the file: NO, 1e3 and << are names, too.
                key.tag = _TEXT
            return node

    class Faithful(SafeConstructor):
        """Its own class, so that what it does with times stays here."""

    class Cautious(SafeRepresenter):
        """Its own class, for the same reason."""

        def represent_mapping(self, tag: Any, mapping: Any, flow_style: Any = None) -> Any:
            node = super().represent_mapping(tag, mapping, flow_style)
            for key, _ in node.value:
                # A block has no place before a colon.
                key.style = '"' if key.style == "|" else key.style
            return node

    Cautious.add_representer(str, _text_node)
    Faithful.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: _moment(node.value))
    # `=` and `<<` mean something in YAML 1.1 only.
    for sort in ("value", "merge"):
        Faithful.add_constructor(f"tag:yaml.org,2002:{sort}", lambda _, node: node.value)
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = Careful
    yaml.Constructor = Faithful
    yaml.Representer = Cautious
    yaml.max_depth = DEEPEST
    return yaml


def _text_node(representer: Any, text: str) -> Any:
    """Text: with escapes where it has signs that are not seen, as a block where it has lines.

    In quotes where an older reader would take it for something else.
    """
    if not text.replace("\n", "").isprintable():
        style = '"'
    elif "\n" in text:
        style = "|" if "\n" in text.strip() and _LINES_AS_THEY_ARE.fullmatch(text) else '"'
    else:
        style = "'" if _OTHER_THINGS_IN_YAML_1_1.fullmatch(text) else ""
    return representer.represent_scalar(_TEXT, text, style=style or None)


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


def _plain(value: Any, signs: Mapping[int, str], where: str) -> Any:
    """What JSON has, and times; the signs that were kept apart stand in their places again.

    Raises:
        UsageError: it is something else, such as bytes or a set.
    """
    match value:
        case dict():
            return {_plain(key, signs, where): _plain(one, signs, where) for key, one in value.items()}
        case list():
            return [_plain(one, signs, where) for one in value]
        case str():
            # JSON writes a sign beyond the first 65,536 as a pair of surrogates.
            return _paired(value.translate(signs))
        case None | bool() | int() | float() | date():
            return value
    raise UsageError(
        f"{where} holds a value of the sort {type(value).__name__!r}, which has no place here: {value!r:.60}.",
        cure="Write text, numbers, true or false, dates, lists and mappings.",
    )


def _paired(text: str) -> str:
    """`text` with each pair of surrogates as the sign that it stands for."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return text


def _refuse_halves(value: Any, where: str) -> None:
    """Refuse text with half of a surrogate pair, which is no sign, and which no file in UTF-8 can hold."""
    match value:
        case Mapping():
            for key, one in value.items():
                _refuse_halves(key, where)
                _refuse_halves(one, where)
        case list() | tuple():
            for one in value:
                _refuse_halves(one, where)
        case str() if _HALF.search(value):
            raise UsageError(
                f"{where} holds half of a surrogate pair, which is no character: {value!r:.60}.",
                cure="Write the whole character, or leave it out.",
            )


def _called(value: Any) -> str:
    return "a list" if isinstance(value, list) else f"{value!r}"[:60]
