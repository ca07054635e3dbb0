"""Random typed expressions over the columns of a scope."""
from . import subqueries, tables
from .operators import GENERIC, OPERATORS, SQL_TYPES, TYPES
from .tree import expression


class Scope:
    """The columns that an expression may name; `outer` are those of queries around; subqueries of depth `depth` may stand in it,
    and name those of `columns` that are in `correlated` (all, if not given)."""

    def __init__(self, columns, outer=(), depth=0, correlated=None):
        self.columns, self.outer, self.depth = columns, list(outer), depth
        self.correlated = columns if correlated is None else correlated

    def of_type(self, type):
        return [column for column in self.columns if column.type == type]


def by_result():
    """Returns (argument types, text) by result type, and how many of them name no type of their own."""
    table = {type: [] for type in TYPES + ["approx", "number"]}
    for result, arguments, text in OPERATORS:
        table[result].append((arguments.split(), text))
    for result, arguments, text in GENERIC:
        for type in TYPES:
            types = [type if argument == "T" else argument for argument in arguments.split()]
            table[type if result == "T" else result].append((types, text))
    return table


TABLE = by_result()
COLUMN_OF_TYPE = {"int": "i", "bigint": "b", "double": "x", "decimal": "d", "string": "s", "date": "dt", "timestamp": "ts",
                  "boolean": "f"}


def literal(g, type):
    """Returns a constant; null now and then."""
    if type == "number":
        type = "double"
    if type == "approx" or g.rng.random() < 0.08:
        return expression(type, f"CAST(NULL AS {SQL_TYPES[type]})")
    value = None
    while value is None:
        value = tables.value(g.rng, COLUMN_OF_TYPE[type], 0)
    text = tables.literal(value)
    if type in ("bigint", "decimal"):
        return expression(type, f"CAST({text} AS {SQL_TYPES[type]})")
    return expression(type, f"({text})" if text.startswith("-") else text)


def leaf(g, scope, type):
    """Returns a column of the type, where there is one, or a constant."""
    columns = scope.of_type(type)
    outer = [column for column in scope.outer if column.type == type]
    if outer and g.rng.random() < 0.3:
        return g.rng.choice(outer).node
    if columns and g.rng.random() < 0.85:
        return g.rng.choice(columns).node
    return literal(g, type)


def make(g, scope, type, depth):
    """Returns an expression of a type, nested to `depth` at most."""
    if type == "number":  # a double that is not NaN
        arguments, text = TABLE[type][0]
        return expression(type, text, make(g, scope, *arguments, depth - 1))
    if depth <= 0 or g.rng.random() < 0.2:
        return leaf(g, scope, type)
    if scope.depth > 0 and g.rng.random() < 0.06:
        found = subqueries.make(g, scope, type)
        if found is not None:
            return found
    arguments, text = g.rng.choice(TABLE[type])
    return expression(type, text, *[make(g, scope, argument, depth - 1) for argument in arguments])


def predicate(g, scope, depth=3):
    """Returns a condition, more often one that a column decides."""
    if scope.depth > 0 and g.rng.random() < 0.12:
        return subqueries.condition(g, scope)
    if g.rng.random() < 0.5 and scope.columns:
        column = g.rng.choice(scope.columns)
        if column.type != "approx":
            choices = ["({0} <= {1})", "({0} > {1})", "({0} <> {1})", "({0} IS NOT NULL)", "({0} IN ({1}, {2}, {3}))"]
            rest = [make(g, scope, column.type, 1) for _ in range(3)]
            return expression("boolean", g.rng.choice(choices), column.node, *rest)
    return make(g, scope, "boolean", depth)


def any_type(g):
    return g.rng.choice(TYPES)
