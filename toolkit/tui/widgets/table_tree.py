"""The tables by layer, with rows and freshness."""

from __future__ import annotations

from rich.text import Text
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from toolkit.tui.tables_index import TableLeaf, by_layer
from toolkit.words import cut, literal, plural

NAME_WIDTH = 19


class TableTree(Tree[TableLeaf]):
    """Choose a table."""

    class Chosen(Message):
        """A table was chosen."""

        def __init__(self, leaf: TableLeaf) -> None:
            super().__init__()
            self.leaf = leaf

    def __init__(self) -> None:
        super().__init__("lakehouse", id="tree")
        self.show_root = False
        self.guide_depth = 2
        self._folded: set[str] = set()
        self._aim = ""

    def show(self, found: list[TableLeaf]) -> None:
        """Show the tables; folded layers stay folded, the cursor stays on its table, at first on the first."""
        aim = self.cursor_node.data.name if self.cursor_node and self.cursor_node.data else ""
        self.clear()
        for layer, tables in by_layer(found).items():
            branch = self.root.add(Text.assemble((layer, "bold"), (f"  {plural(len(tables), 'table')}", "dim")))
            for leaf in tables:
                branch.add_leaf(_label(leaf), leaf)
            branch.collapse() if layer in self._folded else branch.expand()
        self._aim = aim or (found[0].name if found else "")
        # The lines of the tree are laid out with the next refresh; before that there is none to go to.
        self.call_after_refresh(self._take_aim)

    def go_to(self, table: str) -> None:
        """Put the cursor on a table, as soon as the tree is laid out."""
        self._aim = table
        self.call_after_refresh(self._take_aim)

    def _take_aim(self) -> None:
        if node := self.node_of(self._aim):
            self.move_cursor(node)

    def node_of(self, table: str) -> TreeNode[TableLeaf] | None:
        """The node of a table, if it is there."""
        for branch in self.root.children:
            for node in branch.children:
                if node.data and node.data.name == table:
                    return node
        return None

    def on_tree_node_collapsed(self, event: Tree.NodeCollapsed[TableLeaf]) -> None:
        """Remember what the user folded."""
        self._folded.add(str(event.node.label).partition(" ")[0])

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[TableLeaf]) -> None:
        """Forget it when it is unfolded."""
        self._folded.discard(str(event.node.label).partition(" ")[0])

    def on_tree_node_selected(self, event: Tree.NodeSelected[TableLeaf]) -> None:
        """Enter or a click on a table chooses it."""
        event.stop()
        if event.node.data:
            self.post_message(self.Chosen(event.node.data))


def _label(leaf: TableLeaf) -> Text:
    name = cut(literal(leaf.short), NAME_WIDTH)
    if leaf.summary is None:
        return Text.assemble(("✖ ", "bold red"), f"{name} ", (leaf.note(), "red"))
    return Text.assemble(f"{name:<{NAME_WIDTH}} ", (leaf.note(), "dim"))
