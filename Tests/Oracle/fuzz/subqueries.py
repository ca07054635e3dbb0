"""Subqueries within expressions: scalar, EXISTS and IN, plain and correlated."""
from . import aggregates, expressions, relations
from .operators import TYPES
from .tree import expression, items, optional, Node, NOTHING


def inner(g, scope):
    """Returns a relation, its scope, and a WHERE clause, which names columns of the queries around now and then."""
    relation = relations.make(g, scope.depth - 1, simple=g.rng.random() < 0.7)
    inside = expressions.Scope(relation.columns, depth=scope.depth - 1)
    conditions = []
    around = [column for column in scope.correlated + scope.outer if column.type in TYPES]
    if around and g.rng.random() < 0.65:
        conditions.append(correlation(g, inside, around))
    if g.rng.random() < 0.5:
        conditions.append(expressions.predicate(g, inside, 2))
    where = optional(" WHERE {0}", items(conditions, " AND ")) if conditions else NOTHING
    return relation, inside, where


def correlation(g, inside, around):
    """Returns a condition between the inner relation and a query around it: an equality mostly."""
    for _ in range(8):
        column = g.rng.choice(around)
        mine = inside.of_type(column.type)
        if mine:
            text = "({0} = {1})" if g.rng.random() < 0.75 else g.rng.choice(["({0} <= {1})", "({0} <> {1})", "({0} > {1})"])
            return expression("boolean", text, g.rng.choice(mine).node, column.node)
    return expressions.make(g, expressions.Scope(inside.columns, around), "boolean", 2)


def expression_of(g, scope, type):
    relation, inside, where = inner(g, scope)
    value = aggregates.call(g, inside, type)
    if value is None:
        return None
    query = Node("query", None, "SELECT {0} AS v FROM {1}{2}", (value, relation.node, where))
    return expression(type, "({0})", query)


def first_of(g, scope, type):
    """Returns a scalar subquery that takes one row of many."""
    relation, inside, where = inner(g, scope)
    order = relation.total_order()
    if order is None:
        return None
    value = expressions.make(g, inside, type, 1)
    keys = items([expression(None, "{0} NULLS FIRST", key) for key in order])
    query = Node("query", None, "SELECT {0} AS v FROM {1}{2} ORDER BY {3} LIMIT 1", (value, relation.node, where, keys))
    return expression(type, "({0})", query)


def exists(g, scope):
    relation, _, where = inner(g, scope)
    word = "NOT EXISTS" if g.rng.random() < 0.4 else "EXISTS"
    return expression("boolean", f"({word} ({{0}}))", Node("query", None, "SELECT 1 AS v FROM {0}{1}", (relation.node, where)))


def membership(g, scope, is_condition=False):
    relation, inside, where = inner(g, scope)
    types = [g.rng.choice(TYPES) for _ in range(1 if g.rng.random() < 0.9 else 2)]
    left = [expressions.make(g, expressions.Scope(scope.columns), type, 1) for type in types]
    right = [expressions.make(g, inside, type, 1) for type in types]
    word = "NOT IN" if g.rng.random() < 0.4 else "IN"
    head = ", ".join(f"{{{at}}} AS v{at}" for at in range(len(types)))
    query = Node("query", None, f"SELECT {head} FROM {{{len(types)}}}{{{len(types) + 1}}}", (*right, relation.node, where))
    found = f"({{0}} {word} ({{1}}))" if len(types) == 1 else f"(({{0}}, {{1}}) {word} ({{2}}))"
    # Within an expression Spark has false where SQL has null, unless the IN is all of a condition.
    return expression("boolean", f"({found} IS TRUE)" if not is_condition else found, *left, query)


def condition(g, scope):
    """Returns EXISTS or IN as all of a condition, where a join without markers can stand for it."""
    return exists(g, scope) if g.rng.random() < 0.5 else membership(g, scope, is_condition=True)


def make(g, scope, type):
    """Returns a subquery as an expression of a type, or None where none fits."""
    if type == "boolean" and g.rng.random() < 0.8:
        return exists(g, scope) if g.rng.random() < 0.5 else membership(g, scope)
    if g.rng.random() < 0.25 and type != "approx":
        return first_of(g, scope, type)
    return expression_of(g, scope, type)
