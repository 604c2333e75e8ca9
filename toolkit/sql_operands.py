"""SQL as a tree whose operands know which words of the text they are, so that a part is changed and all else stays as typed.

Owns the use of `sqlglot`, whose import takes a sixth of a second: import this where it is needed, not before. Its generator is
not used, since it writes functions and operators as other engines call them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import TokenType
from sqlglot.tokens import Tokenizer

_WITH_WORDS = ("CAST", "EXTRACT", "OVERLAY", "POSITION", "SUBSTRING", "TRIM", "TRY_CAST")
"""Functions whose arguments have words between them, such as `CAST(… AS …)`."""


class _Tokenizer(Tokenizer):
    IDENTIFIERS = ['"', "`"]  # noqa: RUF012 - declared by sqlglot
    SINGLE_TOKENS = {**Tokenizer.SINGLE_TOKENS, "$": TokenType.DOLLAR}  # noqa: RUF012


class _Parser(Parser):
    """Notes the words of each operand and type; knows no function, so that none is taken for another."""

    FUNCTIONS = {}  # noqa: RUF012 - declared by sqlglot
    FUNCTION_PARSERS = {name: Parser.FUNCTION_PARSERS[name] for name in _WITH_WORDS}  # noqa: RUF012

    def _parse_atom(self) -> exp.Expr | None:
        return self._placed(super()._parse_atom)

    def _parse_bitwise(self) -> exp.Expr | None:
        return self._placed(super()._parse_bitwise)

    def _parse_unary(self) -> exp.Expr | None:
        return self._placed(super()._parse_unary)

    def _parse_types(self, *args: Any, **kwargs: Any) -> exp.Expr | None:
        return self._placed(partial(super()._parse_types, *args, **kwargs))

    def _placed(self, parse: Callable[[], exp.Expr | None]) -> exp.Expr | None:
        first = self._index
        if node := parse():
            node.meta["place"] = (first, self._index)
        return node


class SqlText:
    """A condition on the table `t`, or a SELECT, as a tree and as words, which may be changed one by one.

    Raises:
        ValueError: it cannot be parsed for certain.
        RecursionError: it has brackets in brackets, more than about forty deep.
    """

    def __init__(self, sql: str) -> None:
        try:
            tokens = _Tokenizer().tokenize(sql)
            is_query = bool(tokens) and tokens[0].token_type in (TokenType.SELECT, TokenType.WITH)
            (tree,) = _Parser().parse_into(exp.Select if is_query else exp.Condition, tokens, sql)
        except SqlglotError as problem:
            raise ValueError("The text is no SQL that can be parsed.") from problem
        self.tree = tree or exp.Null()
        self.words = [sql[token.start : token.end + 1] for token in tokens]
        starts = [*(token.start for token in tokens), len(sql)]
        self._gaps = [sql[:start] if i == 0 else sql[tokens[i - 1].end + 1 : start] for i, start in enumerate(starts)]

    def __str__(self) -> str:
        return "".join(f"{gap}{word}" for gap, word in zip(self._gaps, [*self.words, ""], strict=True))

    def place(self, node: object) -> slice:
        """The words of an operand or a type, or of a product of operands; none of anything else."""
        if not isinstance(node, exp.Expr):
            return slice(0, 0)
        if "place" in node.meta:
            return slice(*node.meta["place"])
        first, last = self.place(node.args.get("this")), self.place(node.args.get("expression"))
        return slice(first.start, last.stop) if first.stop and last.stop else slice(0, 0)

    def part(self, node: object) -> str:
        """An operand as it is by now."""
        place = self.place(node)
        words = (f"{gap}{word}" for gap, word in zip(self._gaps[place], self.words[place], strict=True))
        return "".join(words).removeprefix(self._gaps[place.start])

    def nodes(self) -> Iterator[tuple[exp.Expr, bool]]:
        """Each node, those below first, and whether its columns are those of `t`: a SELECT has to be from `t` alone."""
        renamed = any(cte.alias.lower() == "t" for cte in self.tree.find_all(exp.CTE))
        result: list[tuple[exp.Expr, bool]] = []
        waiting = [(self.tree, not renamed)]
        while waiting:
            node, in_scope = waiting.pop()
            if isinstance(node, exp.Query):
                source = node.args["from_"].this if node.args.get("from_") else None
                others = renamed or any(node.args.get(key) for key in ("joins", "laterals", "with_"))
                in_scope = isinstance(source, exp.Table) and source.name.lower() == "t" and not (others or source.db)
            result.append((node, in_scope))
            waiting.extend((child, in_scope) for child in node.iter_expressions())
        return reversed(result)
