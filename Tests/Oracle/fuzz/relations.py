"""What stands in FROM: tables, derived tables, joins of all kinds, lateral subqueries."""
from . import expressions, queries, tables
from .operators import TYPES
from .tree import Column, Node, Relation, expression, items, optional

JOINS = ["JOIN"] * 4 + ["LEFT JOIN"] * 3 + ["RIGHT JOIN", "FULL JOIN", "SEMI", "ANTI", "CROSS"]

# Types whose values meet each other in a condition without a cast.
NUMBERS = ["int", "double", "decimal"]


def table(g):
    name, alias = g.rng.choices(list(tables.SIZES), [5, 4, 3, 2, 1])[0], g.name("r")
    columns = [Column(type, f"{alias}.{column}") for column, type, _ in tables.COLUMNS]
    return Relation(Node("relation", None, f"{name} AS {alias}"), columns, columns[:1])


def of_query(g, query):
    """Returns a query as a derived table."""
    alias = g.name("q")
    columns = [Column(type, f"{alias}.{name}") for name, type in query.columns]
    return Relation(Node("relation", None, f"({{0}}) AS {alias}", (query.node,)), columns)


def of_cte(g):
    name, query = g.rng.choice(g.ctes)
    alias = g.name("q")
    return Relation(Node("relation", None, f"{name} AS {alias}"), [Column(type, f"{alias}.{c}") for c, type in query.columns])


def leaf(g, depth):
    if g.ctes and g.rng.random() < 0.4:
        return of_cte(g)
    if depth > 0 and g.rng.random() < 0.3:
        return of_query(g, queries.make(g, depth - 1))
    return table(g)


def condition(g, left, right, depth):
    """Returns a join condition: equalities mostly, with a residual now and then."""
    terms = []
    for _ in range(g.rng.choice([0, 1, 1, 1, 2])):
        column = g.rng.choice(left.columns)
        types = NUMBERS if column.type in NUMBERS and g.rng.random() < 0.2 else [column.type]
        fitting = [c for c in right.columns if c.type in types and c.type in TYPES]
        if fitting:
            text = "({0} = {1})" if g.rng.random() < 0.9 else ("({0} <=> {1})", "({0} IS NOT DISTINCT FROM {1})")
            terms.append(expression("boolean", text, column.node, g.rng.choice(fitting).node))
    if g.rng.random() < 0.35 or not terms:
        scope = expressions.Scope(left.columns + right.columns)
        terms.append(expressions.predicate(g, scope, 2))
    return items(terms, " AND ")


def join(g, left, right, depth):
    kind = g.rng.choice(JOINS)
    if kind == "CROSS":
        node = Node("relation", None, "{0} CROSS JOIN {1}", (left.node, right.node))
        return Relation(node, left.columns + right.columns, both(left, right))
    on = condition(g, left, right, depth)
    if kind in ("SEMI", "ANTI"):
        text = (f"{{0}} LEFT {kind} JOIN {{1}} ON {{2}}", f"{{0}} {kind} JOIN {{1}} ON {{2}}")
        return Relation(Node("relation", None, text, (left.node, right.node, on)), left.columns, left.keys)
    node = Node("relation", None, f"{{0}} {kind} {{1}} ON {{2}}", (left.node, right.node, on))
    return Relation(node, left.columns + right.columns, both(left, right))


def both(left, right):
    return left.keys + right.keys if left.keys is not None and right.keys is not None else None


def lateral(g, left, depth):
    """Joins a subquery that names columns of what stands before it."""
    inner = queries.correlated(g, left.columns, depth - 1)
    alias = g.name("l")
    columns = [Column(type, f"{alias}.{name}") for name, type in inner.columns]
    text = g.rng.choice([f"{{0}} CROSS JOIN LATERAL ({{1}}) AS {alias}", f"{{0}} LEFT JOIN LATERAL ({{1}}) AS {alias} ON true"])
    return Relation(Node("relation", None, text, (left.node, inner.node)), left.columns + columns)


def make(g, depth, simple=False):
    """Returns a FROM item of up to three inputs."""
    relation = leaf(g, depth)
    if simple:
        return relation
    for _ in range(g.rng.choice([0, 0, 1, 1, 1, 2])):
        kind = g.rng.random()
        if depth > 0 and kind < 0.08:
            relation = lateral(g, relation, depth)
        elif kind < 0.12:
            relation = exploded(g, relation)
        elif kind < 0.2:
            nested = join(g, leaf(g, depth - 1), leaf(g, depth - 1), depth)
            nested.node = Node("relation", None, "({0})", (nested.node,))
            relation = join(g, relation, nested, depth)
        else:
            relation = join(g, relation, leaf(g, depth - 1), depth)
    return relation


def exploded(g, left):
    """Gives each row once for each of two values."""
    alias, name, type = g.name("e"), g.name("c"), g.rng.choice(TYPES)
    scope = expressions.Scope(left.columns)
    text = (f"{{0}} CROSS JOIN LATERAL explode(array({{1}}, {{2}})) AS {alias}({name})",
            f"{{0}} CROSS JOIN LATERAL (SELECT unnest([{{1}}, {{2}}]) AS {name}) AS {alias}")
    node = Node("relation", None, text, (left.node, expressions.make(g, scope, type, 1), expressions.make(g, scope, type, 1)))
    return Relation(node, left.columns + [Column(type, f"{alias}.{name}")])
