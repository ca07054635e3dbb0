"""Queries as trees, which print in either dialect and can be made smaller piece by piece."""

SPARK, DUCKDB = 0, 1


class Node:
    """A piece of SQL: a template for each dialect, with the pieces that stand in it. Never changed once made.

    kind: "expression" (`type` is its type), "query", "relation", "optional" (may be left out) or "list" (its items may be
    left out, but for `least` of them)."""
    __slots__ = ("kind", "type", "templates", "children", "least")

    def __init__(self, kind, type, template, children=(), least=1):
        self.kind, self.type, self.children, self.least = kind, type, tuple(children), least
        self.templates = template if isinstance(template, tuple) else (template, template)

    def text(self, dialect):
        if self.kind == "list":
            return self.templates[dialect].join(child.text(dialect) for child in self.children)
        return self.templates[dialect].format(*[child.text(dialect) for child in self.children])

    def size(self):
        return 1 + sum(child.size() for child in self.children)

    def walk(self):
        """Gives every node below, the largest first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def replaced(self, old, new):
        """Returns the tree with every occurrence of the node `old` as `new`."""
        if self is old:
            return new
        children = tuple(child.replaced(old, new) for child in self.children)
        if all(a is b for a, b in zip(children, self.children)):
            return self
        return Node(self.kind, self.type, self.templates, children, self.least)


NOTHING = Node("optional", None, "")


def expression(type, template, *children):
    return Node("expression", type, template, children)


def optional(template, *children):
    return Node("optional", None, template, children)


def items(nodes, separator=", ", least=1):
    return Node("list", None, separator, nodes, least)


class Column:
    """What a scope offers: a type, and the expression that names it."""
    __slots__ = ("type", "node")

    def __init__(self, type, node):
        self.type = type
        self.node = expression(type, node) if isinstance(node, str) else node


class Relation:
    """A FROM item: its node, its columns, and those of them that tell all its rows apart (None: even all of them may not)."""
    __slots__ = ("node", "columns", "keys", "is_ordered")

    def __init__(self, node, columns, keys=None):
        self.node, self.columns, self.keys = node, columns, keys
        # Whether a window orders its rows already, equal ones among them.
        self.is_ordered = False

    def total_order(self):
        """Returns expressions to sort by so that only equal rows tie, or None where inexact values forbid it."""
        if self.keys is not None:
            return [column.node for column in self.keys]
        if any(column.type == "approx" for column in self.columns):
            return None
        return [column.node for column in self.columns]


class Query:
    """A query: its node and its output columns, pairs of name and type."""
    __slots__ = ("node", "columns")

    def __init__(self, node, columns):
        self.node, self.columns = node, columns

    def is_exact(self):
        return all(type != "approx" for _, type in self.columns)
