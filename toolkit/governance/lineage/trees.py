"""Spark's plans and expressions as trees in Python, from the one text that `TreeNode.toJSON` gives.

The text lists the nodes of a tree from the top, each with the number of its children; a field of a node is a value, a tree of
its own, a list of them, or null where Spark does not write it. Owns that form. Must not know what a node means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Node:
    """A plan or an expression.

    Attributes:
        name: of its class, without the package.
        fields: what it has besides its children; those that hold children give their places.
        children: in order.
    """

    name: str
    fields: dict[str, Any]
    children: list[Node] = field(default_factory=list)

    def tree(self, name: str) -> Node | None:
        """A field that is a tree, whether it is one of the children or not; None where there is none."""
        return self._as_node(self.fields.get(name))

    def trees(self, name: str) -> list[Node]:
        """A field that is a list of trees; empty where there is none."""
        values = self.fields.get(name)
        found = [self._as_node(one) for one in values] if isinstance(values, list) else []
        return [one for one in found if one is not None]

    def _as_node(self, value: Any) -> Node | None:
        if isinstance(value, int) and not isinstance(value, bool):
            return self.children[value] if value < len(self.children) else None
        return tree_of(value) if _is_tree(value) else None

    @property
    def id(self) -> int:
        """The number of an attribute, or of an alias, which is one in its session; -1 where it has none."""
        return int((self.fields.get("exprId") or {}).get("id", -1))

    def walk(self) -> Iterator[Node]:
        """This node and all below, from the top; not those in its fields."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


def parsed(text: str) -> Node:
    """The tree that a text of `toJSON` describes."""
    return tree_of(json.loads(text))


def tree_of(nodes: list[dict[str, Any]]) -> Node:
    """The tree of nodes that are listed from the top.

    Built from the last one: the children of a node are then complete before it is, however deep the tree is.
    """
    built: list[Node] = []
    for one in reversed(nodes):
        count = one["num-children"]
        children = [built.pop() for _ in range(count)]
        built.append(Node(_short(one["class"]), one, children))
    return built[-1]


def nested_lists(value: Any) -> list[list[Node]]:
    """A field that is a list of lists of trees, such as the rows of an Expand."""
    return [[tree_of(one) for one in row if _is_tree(one)] for row in value] if isinstance(value, list) else []


def _is_tree(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "num-children" in value[0]


def _short(name: str) -> str:
    return name.rsplit(".", 1)[-1].rsplit("$", 1)[-1] if not name.endswith("$") else name.rsplit(".", 1)[-1][:-1]
