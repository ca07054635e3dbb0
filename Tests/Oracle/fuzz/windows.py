"""Window functions with their frames. Where ties would decide, they are ordered by what tells all rows apart."""
from . import expressions
from .operators import TYPES
from .tree import expression, items, optional, NOTHING

ORDERED = ["row_number()", "ntile(3)", "rank()", "dense_rank()", "percent_rank()", "cume_dist()"]
VALUES = ["lag({0})", "lead({0})", "lag({0}, 2, {1})", "lead({0}, 2, {1})", "first_value({0})", "last_value({0})",
          "nth_value({0}, 2)"]
FRAME_AGGREGATES = [("int", "bigint", "sum({0})"), ("double", "double", "sum({0})"), ("decimal", "decimal", "sum({0})"),
                    ("int", "approx", "avg({0})"), ("T", "T", "min({0})"), ("T", "T", "max({0})"), ("T", "bigint", "count({0})"),
                    ("boolean", "boolean", "bool_or({0})")]
ROWS = ["UNBOUNDED PRECEDING AND CURRENT ROW", "2 PRECEDING AND 1 FOLLOWING", "CURRENT ROW AND UNBOUNDED FOLLOWING",
        "3 PRECEDING AND 1 PRECEDING", "1 FOLLOWING AND 2 FOLLOWING", "UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
        "1 PRECEDING AND CURRENT ROW"]
RANGES = ["UNBOUNDED PRECEDING AND CURRENT ROW", "5 PRECEDING AND 5 FOLLOWING", "CURRENT ROW AND CURRENT ROW",
          "CURRENT ROW AND UNBOUNDED FOLLOWING", "10 PRECEDING AND 1 PRECEDING", "UNBOUNDED PRECEDING AND 3 FOLLOWING"]


def ordering(g, nodes):
    """Returns the items of an ORDER BY, with the place of nulls said: the dialects' defaults differ."""
    words = ["ASC NULLS FIRST", "DESC NULLS LAST", "ASC NULLS LAST", "DESC NULLS FIRST"]
    return items([expression(None, f"{{0}} {g.rng.choice(words)}", node) for node in nodes])


def partition(g, scope):
    exact = [column.node for column in scope.columns if column.type in TYPES]
    if not exact or g.rng.random() < 0.25:
        return NOTHING
    return optional("PARTITION BY {0} ", items([g.rng.choice(exact) for _ in range(g.rng.choice([1, 1, 2]))]))


def total(g, relation):
    order = relation.total_order()
    if order is None or relation.is_ordered:
        return None
    # Of rows that are equal in everything either may come first, and in two windows it may be another one.
    relation.is_ordered = relation.keys is None
    order = list(order)
    exact = [column.node for column in relation.columns if column.type in TYPES]
    first = [g.rng.choice(exact)] if g.rng.random() < 0.5 and exact else []
    if relation.keys is None:
        g.rng.shuffle(order)
    return ordering(g, first + order)


def call(g, relation, scope):
    """Returns a window function over a relation, or None where it has no columns that order it."""
    part = partition(g, scope)
    exact = [column for column in scope.columns if column.type in TYPES]
    kind = g.rng.choice(["rank", "total", "value", "rows", "range", "whole"])
    if not exact:
        return None
    if kind == "whole":
        return aggregate(g, scope, "OVER ({1})", part)
    if kind == "range":
        numbers = [column for column in exact if column.type == "int"]
        if not numbers:
            return None
        order = ordering(g, [g.rng.choice(numbers).node])
        return aggregate(g, scope, f"OVER ({{1}}ORDER BY {{2}} RANGE BETWEEN {g.rng.choice(RANGES)})", part, order)
    if kind == "rank":
        order = ordering(g, [g.rng.choice(exact).node for _ in range(g.rng.choice([1, 2]))])
        name = g.rng.choice(ORDERED[2:])
        type = "approx" if name in ORDERED[4:] else "int"
        text = f"{name} OVER ({{0}}ORDER BY {{1}})"
        return expression(type, text if type == "approx" else f"CAST({text} AS INT)", part, order)
    order = total(g, relation)
    if order is None:
        return None
    if kind == "rows":
        return aggregate(g, scope, f"OVER ({{1}}ORDER BY {{2}} ROWS BETWEEN {g.rng.choice(ROWS)})", part, order)
    if kind == "total":
        return expression("int", f"CAST({g.rng.choice(ORDERED[:2])} OVER ({{0}}ORDER BY {{1}}) AS INT)", part, order)
    return value(g, scope, part, order)


def aggregate(g, scope, over, part, *order):
    argument, result, text = g.rng.choice(FRAME_AGGREGATES)
    if argument == "T":
        argument = g.rng.choice(TYPES)
        result = argument if result == "T" else result
    inner = expressions.make(g, scope, argument, g.rng.choice([0, 0, 1]))
    return expression(result, f"{text} {over}", inner, part, *order)


def value(g, scope, part, order):
    """Returns an offset function, or one of a frame's first and last rows."""
    type = g.rng.choice(TYPES)
    inner, other = expressions.make(g, scope, type, 1), expressions.literal(g, type)
    text = g.rng.choice(VALUES)
    texts = (text, text)
    if "value" in text:
        if g.rng.random() < 0.4 and "nth" not in text:
            texts = (text + " IGNORE NULLS", text.replace(")", " IGNORE NULLS)"))
        frame = f" ROWS BETWEEN {g.rng.choice(ROWS)}"
    else:
        frame = ""
    return expression(type, tuple(f"{t} OVER ({{2}}ORDER BY {{3}}{frame})" for t in texts), inner, other, part, order)
