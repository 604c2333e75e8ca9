"""What one column holds, judged by its name, its comment and a sample of its values.

Owns how evidence becomes a confidence. For each kind:

    confidence = 1 - (1 - name x fit) x (1 - comment x fit) x (1 - values)

`name` is 0.8 for words that say one thing, 0.35 for those that say others as well; `comment` is 0.35. `values` is the best of
the kind's recognisers (`Recogniser.confidence`). `fit` is how far values can be of the kind at all: twice the share of those
that can, at most 1; so that values outweigh a name that they contradict. A kind with less than 0.4 is not suggested. Must not
read tables, and must not put a value into anything that it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from toolkit.governance.classes import names
from toolkit.governance.classes.contents import CONTENTS
from toolkit.governance.classes.finding import Evidence, Finding
from toolkit.governance.classes.fingerprint import Fingerprint
from toolkit.governance.classes.kinds import BY_NAME, FREE_TEXT, KINDS, PSEUDONYM, Family, Kind
from toolkit.governance.classes.levels import Sensitivity
from toolkit.governance.classes.recognisers import Hits, Recogniser, tail
from toolkit.governance.classes.shapes import Shape, by_shape
from toolkit.governance.classes.values import Sample, sample_of

NAME, WEAK_NAME, COMMENT = 0.8, 0.35, 0.35
LEAST = 0.4
"""The confidence below which a kind is not suggested."""
OF_A_THING, VALUES_OF_A_THING = 0.3, 0.6
"""What is left of names and comments, and of values, where the name of a column says that it is about a thing."""
AGAINST = 0.25
"""What is left of any evidence where the name says that it is something else."""
ENOUGH = 0.5
"""The confidence with which content inside of values decides, and the share of values that make a digest of a column."""
NEARLY_ALL = 0.8
"""The share of values that have to be of a public kind for it to be suggested at all."""
CONTENT = 0.95
"""The confidence when chance is ruled out."""
NOTHING, NOTHING_AFTER = 0.3, 30
"""Confidence in `internal` when nothing was recognised: towards 0.3 the more values were looked at, half of it after 30."""
_FAMILIES = {
    **dict.fromkeys(("byte", "short", "integer", "long", "float", "double"), "number"),
    **dict.fromkeys(("timestamp", "timestamp_ntz"), "moment"),
    "string": "text", "date": "date", "boolean": "boolean", "binary": "binary",
}  # fmt: skip


def judge(name: str, type: str = "string", comment: str = "", values: Iterable[object] = ()) -> Finding:
    """What a column holds, and which class that leads to.

    Args:
        name: of the column, nested ones with points.
        type: as Spark writes it: `string`, `decimal(10,2)`.
        comment: what the table says about it.
        values: any of them; None for rows without.
    """
    return judge_sample(name, type, comment, sample_of(values))


def judge_sample(name: str, type_: str, comment: str, sample: Sample) -> Finding:
    """What a column holds of which a sample was taken."""
    return _Column(name, _family(type_), comment, sample).finding()


def _family(type_: str) -> Family:
    plain = type_.partition("(")[0].strip().lower()
    return (
        "number" if plain == "decimal" else _FAMILIES.get(plain, "text" if plain in ("varchar", "char") else "nested")
    )


@dataclass(frozen=True)
class _Verdict:
    """How sure it is that a column is of a kind."""

    kind: Kind
    confidence: float
    evidence: tuple[Evidence, ...]
    class_: Sensitivity

    @property
    def order(self) -> tuple[float, int, float]:
        """Best last; of two that are about as sure, the one with the higher class."""
        return round(self.confidence, 1), self.class_.rank, self.confidence


@dataclass(frozen=True)
class _Column:
    """One column while it is judged."""

    name: str
    family: Family
    comment: str
    sample: Sample

    @cached_property
    def words(self) -> tuple[str, ...]:
        return names.tokens(self.name)

    @cached_property
    def clause(self) -> tuple[str, ...]:
        return names.first_clause(self.comment)

    @cached_property
    def many(self) -> int:
        return len(self.sample.values)

    @cached_property
    def shaped(self) -> Mapping[Shape, Sequence[str]]:
        return by_shape(self.sample.values)

    @cached_property
    def is_read(self) -> bool:
        """Whether its values say something as texts."""
        return self.family in ("text", "number")

    @cached_property
    def hits(self) -> Mapping[str, tuple[Recogniser, Hits, float]]:
        """By kind the recogniser that makes it surest, its hits, and how sure it makes it."""
        found: dict[str, tuple[Recogniser, Hits, float]] = {}
        for kind in (*KINDS, PSEUDONYM) if self.is_read and self.many else ():
            counted = [(one, hits) for one in kind.recognisers if (hits := one.count(self.shaped)).right]
            rated = [(one, hits, one.confidence(hits, self.many)) for one, hits in counted]
            if rated:
                found[kind.name] = max(rated, key=lambda of: (of[2], of[1].right))
        return found

    @cached_property
    def contents(self) -> Mapping[str, Hits]:
        """By kind how many values hold it somewhere."""
        asked = self.sample.values if self.family == "text" else ()
        return {one.kind: hits for one in CONTENTS if (hits := one.count(asked)).right}

    def finding(self) -> Finding:
        """The best verdict, or that there is none."""
        verdicts = [verdict for kind in KINDS if (verdict := self._verdict(kind)).evidence]
        verdicts += [verdict for verdict in (self._pseudonym(), self._free_text(verdicts)) if verdict]
        best = max(verdicts, key=lambda verdict: verdict.order, default=None)
        for one in verdicts:
            if one.kind is FREE_TEXT:
                best = one
        evidence = tuple(sorted((e for v in verdicts for e in v.evidence), key=lambda e: -e.weight))
        if best is None or best.confidence < LEAST:
            return self._nothing(evidence)
        return Finding(
            self.name, best.class_, best.kind.name, round(best.confidence, 3), self._reason(best), evidence, self.many,
            self.fingerprint,
        )  # fmt: skip

    @cached_property
    def fingerprint(self) -> Fingerprint | None:
        """None where there is nothing to take one of."""
        if not self.many:
            return None
        shapes = {shape.value: len(values) / self.many for shape, values in self.shaped.items()}
        kinds = {kind: hits.right / self.many for kind, (_, hits, _) in self.hits.items()}
        holds = {kind: hits.right / self.many for kind, hits in self.contents.items()}
        rows = self.sample.rows
        return Fingerprint(self.many, rows, self.sample.nulls / rows if rows else 0.0, shapes, kinds, holds)

    def _nothing(self, evidence: tuple[Evidence, ...]) -> Finding:
        if not self.many:
            return Finding.unknown(self.name, "there are no values to look at, and the name says nothing")
        if self.family in ("binary", "nested"):
            return Finding.unknown(self.name, "values of this type are not looked at, and the name says nothing")
        confidence = round(NOTHING * self.many / (self.many + NOTHING_AFTER), 3)
        reason = f"nothing recognised in {_values(self.many)}"
        return Finding(self.name, Sensitivity.INTERNAL, None, confidence, reason, evidence, self.many, self.fingerprint)

    def _reason(self, verdict: _Verdict) -> str:
        told = [one.text for one in sorted(verdict.evidence, key=lambda one: -one.weight)]
        if not self.many:
            told.append("there are no values to look at")
        return "; ".join(dict.fromkeys(told))

    def _verdict(self, kind: Kind) -> _Verdict:
        evidence = self._evidence(kind)
        against = 1.0
        for one in evidence:
            against *= 1 - one.weight
        return _Verdict(kind, 1 - against, evidence, kind.class_)

    def _evidence(self, kind: Kind) -> tuple[Evidence, ...]:
        if self.family not in kind.types or (kind.needs_values and not self.many):
            return ()
        found = [*self._said(kind), *self._seen(kind)]
        return tuple(one for one in found if one.weight > 0)

    def _discount(self, kind: Kind, of_a_thing: float) -> float:
        """What is left of evidence for a kind after all words of the name were read."""
        if not kind.against.isdisjoint(self.words):
            return AGAINST
        about_a_thing = not names.THINGS.isdisjoint(self.words) and names.PERSONS.isdisjoint(self.words)
        return of_a_thing if kind.of_persons and about_a_thing else 1.0

    def _said(self, kind: Kind) -> list[Evidence]:
        """What the name and the comment say, as far as values can be of the kind."""
        said = [("name", self._by_name(kind)), ("comment", COMMENT * self._by_comment(kind))]
        if not any(weight for _, weight in said):
            return []
        fit, doubt = self._fit(kind)
        fit *= self._discount(kind, OF_A_THING)
        told = {"name": f"the name says {kind.title}{doubt}", "comment": f"the comment says {kind.title}{doubt}"}
        return [Evidence(kind.name, "name" if s == "name" else "comment", w * fit, told[s]) for s, w in said if w]

    def _by_name(self, kind: Kind) -> float:
        if names.is_flag(self.words) and self.family != "boolean":
            return 0.0
        if any(names.ends_with(self.words, phrase) for phrase in kind.phrases):
            return NAME
        return WEAK_NAME if any(names.ends_with(self.words, phrase) for phrase in kind.weak) else 0.0

    def _by_comment(self, kind: Kind) -> bool:
        return any(names.holds(self.clause, phrase) for phrase in kind.phrases)

    def _fit(self, kind: Kind) -> tuple[float, str]:
        """How far the values can be of the kind, and in words what is wrong where they cannot."""
        if not self.many or self.family in ("boolean", "binary", "nested"):
            return 1.0, ""
        can = sum(kind.plausible(value.strip()) for value in self.sample.values)
        fit = min(1.0, (can + 1) / (self.many + 1) / ENOUGH)
        if kind.needs_values and can < NEARLY_ALL * self.many:
            fit = 0.0
        return fit, f", but {can:,} of {_values(self.many)} can be" if fit < 1 else ""

    def _seen(self, kind: Kind) -> list[Evidence]:
        """What the values say."""
        if kind.name not in self.hits:
            return []
        recogniser, hits, weight = self.hits[kind.name]
        text = f"{hits.right:,} of {_values(self.many)} are {recogniser.title}"
        return [Evidence(kind.name, "values", weight * self._discount(kind, VALUES_OF_A_THING), text)]

    def _pseudonym(self) -> _Verdict | None:
        """Digests of what the name speaks of."""
        _, hits, weight = self.hits.get(PSEUDONYM.name, (None, Hits(0, 0), 0.0))
        said = [kind for kind in KINDS if kind.class_ >= Sensitivity.CONFIDENTIAL and self._names_digested(kind)]
        if hits.right < ENOUGH * max(self.many, 1) or not said or any(kind.name == "secret" for kind in said):
            return None
        evidence = (
            Evidence(PSEUDONYM.name, "name", NAME, f"the name says {said[0].title}"),
            Evidence(PSEUDONYM.name, "values", weight, f"{hits.right:,} of {_values(self.many)} are digests"),
        )
        return _Verdict(PSEUDONYM, 1 - (1 - NAME) * (1 - weight), evidence, PSEUDONYM.class_)

    def _names_digested(self, kind: Kind) -> bool:
        without = tuple(word for word in self.words if word not in _DIGESTED)
        return any(names.ends_with(without, phrase) for phrase in kind.phrases)

    def _free_text(self, verdicts: Sequence[_Verdict]) -> _Verdict | None:
        """What stands inside of values, where that is more than the whole values say."""
        evidence = tuple(one for one in self._held() if one.weight >= ENOUGH)
        if not evidence:
            return None
        class_ = max(BY_NAME[one.kind].class_ for one in evidence)
        best = max(verdicts, key=lambda verdict: verdict.order, default=None)
        if best is not None and best.confidence >= ENOUGH and best.class_ >= class_:
            return None
        return _Verdict(FREE_TEXT, max(one.weight for one in evidence), evidence, class_)

    def _held(self) -> list[Evidence]:
        found = []
        for one in CONTENTS:
            hits = self.contents.get(one.kind, Hits(0, 0))
            by_chance = min(1.0, len(CONTENTS) * tail(hits.right, hits.formed, one.chance))
            text = f"{hits.right:,} of {_values(self.many)} hold {one.title}"
            discount = self._discount(BY_NAME[one.kind], 1.0)
            found.append(Evidence(one.kind, "contents", CONTENT * (1 - by_chance) * discount, text))
        return found


_DIGESTED = names.listed("hash hashed sha sha1 sha256 md5 digest hmac pseudonym token tokenized 256 1")


def _values(many: int) -> str:
    return f"{many:,} sampled {'value' if many == 1 else 'values'}"
