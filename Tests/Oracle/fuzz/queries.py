"""Whole queries: SELECT, grouping, windows, set operations, VALUES, CTEs, ORDER BY and LIMIT."""
import random

from . import aggregates, expressions, relations, tables, windows
from .operators import SQL_TYPES, TYPES
from .tree import Column, NOTHING, Node, Query, expression, items, optional


class Generator:
    """Holds what one query's making needs: its randomness, names not used yet, and the CTEs in sight."""

    def __init__(self, seed):
        self.rng, self.count, self.ctes = random.Random(f"query {seed}"), 0, []

    def name(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"


def top(seed):
    """Returns the query of a seed, and whether its rows come in one order only."""
    g = Generator(seed)
    definitions = []
    for _ in range(g.rng.choice([0, 0, 0, 1, 2])):
        query = make(g, 1)
        name = g.name("w")
        definitions.append(Node("clause", None, f"{name} AS ({{0}})", (query.node,)))
        g.ctes.append((name, query))
    query = make(g, g.rng.choice([1, 2, 2, 3]))
    query, is_ordered = ordered(g, query) if g.rng.random() < 0.4 else (query, False)
    if definitions:
        query = Query(Node("query", None, "WITH {0} {1}", (items(definitions), query.node)), query.columns)
    return query, is_ordered


def make(g, depth):
    kind = g.rng.choice(["select"] * 4 + ["group"] * 3 + ["window"] * 2 + ["set"] * (2 if depth > 0 else 0) + ["values", "using"])
    if kind == "values" and g.rng.random() < 0.7:
        kind = "select"
    if kind == "set":
        return set_operation(g, depth)
    if kind == "values":
        return values(g)
    if kind == "using":
        return using(g)
    relation = relations.make(g, depth)
    if kind == "group":
        return aggregates.query(g, relation, (), depth)
    return select(g, relation, (), depth, with_windows=kind == "window")


def correlated(g, outer, depth):
    """Returns a query for a lateral join: what it selects and filters by may name columns around it."""
    relation = relations.make(g, depth, simple=True)
    if g.rng.random() < 0.5:
        return aggregates.query(g, relation, outer, 0)
    return select(g, relation, outer, 0)


def select(g, relation, outer, depth, with_windows=False):
    """Returns SELECT ... FROM relation, with a filter, DISTINCT, or LIMIT now and then."""
    scope = expressions.Scope(relation.columns, outer, depth)
    nodes = []
    for _ in range(g.rng.choice([1, 2, 3, 4])):
        type = g.rng.choice(TYPES + ["approx"])
        nodes.append(expressions.make(g, scope, type, g.rng.choice([0, 1, 2, 3])))
    if with_windows:
        plain = expressions.Scope(relation.columns)
        nodes += filter(None, [windows.call(g, relation, plain) for _ in range(g.rng.choice([1, 2]))])
    names = [g.name("c") for _ in nodes]
    columns = [(name, node.type) for name, node in zip(names, nodes)]
    exact = all(node.type != "approx" for node in nodes)
    distinct = optional("DISTINCT ") if exact and g.rng.random() < 0.15 else NOTHING
    where = optional(" WHERE {0}", expressions.predicate(g, scope)) if g.rng.random() < 0.6 else NOTHING
    heads = items([expression(node.type, f"{{0}} AS {name}", node) for node, name in zip(nodes, names)])
    query = Query(Node("query", None, "SELECT {0}{1} FROM {2}{3}", (distinct, heads, relation.node, where)), columns)
    if exact and g.rng.random() < 0.1:
        query, _ = ordered(g, query)
        query = Query(Node("query", None, "({0})", (query.node,)), columns)
    return query


def ordered(g, query):
    """Adds ORDER BY all columns and LIMIT, where no inexact value could decide; returns whether it did."""
    if not query.is_exact():
        return query, False
    names = [expression(type, name) for name, type in query.columns]
    g.rng.shuffle(names)
    limit = optional(f" LIMIT {g.rng.choice([0, 1, 3, 10])}") if g.rng.random() < 0.6 else NOTHING
    offset = optional(f" OFFSET {g.rng.choice([1, 2, 5])}") if limit is not NOTHING and g.rng.random() < 0.3 else NOTHING
    body = of_derived(g, query)
    node = Node("query", None, "{0} ORDER BY {1}{2}{3}", (body, windows.ordering(g, names), limit, offset))
    return Query(node, query.columns), True


def of_derived(g, query):
    """Wraps a query so that ORDER BY sees its output names and nothing else, whatever it is made of."""
    heads = ", ".join(name for name, _ in query.columns)
    return Node("query", None, f"SELECT {heads} FROM ({{0}}) AS {g.name('o')}", (query.node,))


def set_operation(g, depth):
    """Returns two queries over the same types under UNION, INTERSECT or EXCEPT."""
    types = [g.rng.choice(TYPES) for _ in range(g.rng.choice([1, 2, 3]))]
    names = [g.name("c") for _ in types]
    sides = []
    for _ in range(2):
        relation = relations.make(g, depth - 1)
        scope = expressions.Scope(relation.columns, depth=depth - 1)
        casts = [expression(type, f"CAST({{0}} AS {SQL_TYPES[type]}) AS {name}" if type == "decimal" else f"{{0}} AS {name}",
                            expressions.make(g, scope, type, g.rng.choice([0, 0, 1, 2])))
                 for type, name in zip(types, names)]
        where = optional(" WHERE {0}", expressions.predicate(g, scope)) if g.rng.random() < 0.5 else NOTHING
        sides.append(Node("query", None, "SELECT {0} FROM {1}{2}", (items(casts), relation.node, where)))
    word = g.rng.choice(["UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"])
    node = Node("query", None, f"({{0}}) {word} ({{1}})", sides)
    return Query(node, list(zip(names, types)))


def values(g):
    """Returns rows that are written out."""
    types = [g.rng.choice(TYPES) for _ in range(g.rng.choice([1, 2, 3]))]
    names = [g.name("c") for _ in types]
    rows = []
    for _ in range(g.rng.choice([1, 2, 5])):
        cells = [expression(type, f"CAST({{0}} AS {SQL_TYPES[type]})", expressions.literal(g, type)) for type in types]
        rows.append(Node("clause", None, "(" + ", ".join(f"{{{at}}}" for at in range(len(cells))) + ")", cells))
    node = Node("query", None, f"SELECT * FROM (VALUES {{0}}) AS {g.name('v')}({', '.join(names)})", (items(rows),))
    return Query(node, list(zip(names, types)))


def using(g):
    """Returns a join of two tables whose common columns are one, by name."""
    left, right = relations.table(g), relations.table(g)
    names = g.rng.choice([["k"], ["k"], ["s"], ["k", "f"]])
    kinds = {column: type for column, type, _ in tables.COLUMNS}
    word = g.rng.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
    shared = [expression(kinds[name], name) for name in names]
    own = [g.rng.choice(side.columns).node for side in (left, right)]
    outputs = [(node, g.name("c")) for node in shared + own]
    heads = items([expression(node.type, f"{{0}} AS {name}", node) for node, name in outputs])
    scope = expressions.Scope(left.columns + right.columns)
    where = optional(" WHERE {0}", expressions.predicate(g, scope, 2)) if g.rng.random() < 0.4 else NOTHING
    node = Node("query", None, f"SELECT {{0}} FROM {{1}} {word} {{2}} USING ({', '.join(names)}){{3}}",
                (heads, left.node, right.node, where))
    return Query(node, [(name, node.type) for node, name in outputs])
