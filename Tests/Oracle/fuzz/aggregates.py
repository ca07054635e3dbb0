"""Aggregate calls, and queries that group."""
from . import expressions
from .operators import AGGREGATES, TYPES
from .tree import Column, Node, NOTHING, Query, expression, items, optional

# No rows have no grouping sets in Spark; in DuckDB they have the total.
HAVING_OF_SETS = (" HAVING {0}", " HAVING ({0}) AND count(*) > 0")


def call(g, scope, type, filters=True):
    """Returns an aggregate call of a result type, or None where there is none."""
    fitting = [entry for entry in AGGREGATES if entry[0] == type or (entry[0] == "T" and type in TYPES)]
    if not fitting:
        return None
    result, argument, text = g.rng.choice(fitting)
    if type == "bigint" and g.rng.random() < 0.2:
        return expression("bigint", "count(*)")
    if argument == "T":
        argument = type if result == "T" else g.rng.choice(TYPES)
    inner = expressions.make(g, expressions.Scope(scope.columns), argument, g.rng.choice([0, 0, 1, 2]))
    distinct = "DISTINCT " if g.rng.random() < 0.15 else ""
    texts = text if isinstance(text, tuple) else (text, text)
    texts = tuple(t.replace("{1}", distinct) for t in texts)
    if filters and "WITHIN" not in texts[0] and "collect" not in texts[0] and g.rng.random() < 0.15:
        condition = expressions.predicate(g, expressions.Scope(scope.columns), 2)
        return expression(type, tuple(t + " FILTER (WHERE {1})" for t in texts), inner, condition)
    return expression(type, texts, inner)


def keys(g, scope):
    """Returns the expressions to group by: columns mostly; never without a column, which would be a place in the list."""
    found = []
    exact = [column for column in scope.columns if column.type in TYPES]
    for _ in range(g.rng.choice([1, 1, 2, 2, 3])):
        if not exact:
            break
        column = g.rng.choice(exact)
        node = column.node
        if g.rng.random() < 0.25:
            node = expression(column.type, "coalesce({0}, {1})", node, expressions.make(g, scope, column.type, 1))
        found.append(node)
    return found


def grouping(g, nodes):
    """Returns the GROUP BY clause, and whether it has several grouping sets."""
    places = [f"{{{at}}}" for at in range(len(nodes))]
    whole = ", ".join(places)
    kind = g.rng.choice(["plain"] * 6 + ["rollup", "cube", "sets"])
    if kind == "rollup":
        return Node("clause", None, f" GROUP BY ROLLUP ({whole})", nodes), True
    if kind == "cube":
        return Node("clause", None, f" GROUP BY CUBE ({whole})", nodes), True
    if kind == "sets":
        sets = [f"({whole})"] + [f"({', '.join(g.rng.sample(places, g.rng.randrange(len(places))))})"
                                 for _ in range(g.rng.choice([1, 2]))]
        return Node("clause", None, f" GROUP BY GROUPING SETS ({', '.join(sets)})", nodes), True
    return optional(" GROUP BY {0}", items(nodes)), False


def query(g, relation, outer, depth):
    """Returns a query that groups a relation, with HAVING and expressions over keys and aggregates."""
    source = expressions.Scope(relation.columns, outer, depth)
    nodes = keys(g, expressions.Scope(relation.columns)) if g.rng.random() < 0.85 else []
    clause, has_sets = grouping(g, nodes) if nodes else (NOTHING, False)
    where = optional(" WHERE {0}", expressions.predicate(g, source)) if g.rng.random() < 0.5 else NOTHING
    calls = []
    for _ in range(g.rng.choice([1, 2, 2, 3])):
        found = call(g, source, g.rng.choice(TYPES + ["bigint", "approx"]))
        if found is not None:
            calls.append(found)
    if has_sets and g.rng.random() < 0.5:
        calls.append(expression("int", ("CAST(grouping({0}) AS INT)",) * 2, g.rng.choice(nodes)))
    # A subquery names groups by their columns only, and none of grouping sets; in HAVING it may name aggregates, too.
    plain = [Column(node.type, node) for node in nodes if not node.children and not has_sets]
    columns = [Column(node.type, node) for node in nodes + calls]
    after = expressions.Scope(columns, depth=depth, correlated=plain)
    in_having = expressions.Scope(columns, depth=depth, correlated=plain + [Column(call.type, call) for call in calls
                                                                              if "grouping(" not in call.templates[0]])
    outputs = [node for node in nodes if g.rng.random() < 0.85] + calls
    if g.rng.random() < 0.4:
        outputs.append(expressions.make(g, after, g.rng.choice(TYPES), 2))
    if calls and g.rng.random() < 0.1:
        outputs.append(window_over(g, nodes, calls))
    outputs = outputs or [expression("bigint", "count(*)")]
    having = optional(("", " HAVING count(*) > 0")) if has_sets else NOTHING
    if g.rng.random() < 0.3 and (nodes or calls):
        having = optional(HAVING_OF_SETS if has_sets else " HAVING {0}", expressions.predicate(g, in_having, 2))
    names = [g.name("c") for _ in outputs]
    heads = items([expression(node.type, f"{{0}} AS {name}", node) for node, name in zip(outputs, names)])
    node = Node("query", None, "SELECT {0} FROM {1}{2}{3}{4}", (heads, relation.node, where, clause, having))
    return Query(node, [(name, output.type) for name, output in zip(names, outputs)])


def window_over(g, nodes, calls):
    """Returns a window function over the groups."""
    exact = [node for node in nodes + calls if node.type in TYPES] or [expression("bigint", "count(*)")]
    return expression("bigint", "rank() OVER (ORDER BY {0} DESC NULLS LAST)", g.rng.choice(exact))
