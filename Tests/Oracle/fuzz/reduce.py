"""Makes a failing query smaller, by delta debugging on its tree: Zeller & Hildebrandt, "Simplifying and isolating
failure-inducing input" (2002), with Misherghi & Su's hierarchy (2006). A change stands when the failure stays the same."""
from .aggregates import HAVING_OF_SETS
from .operators import SQL_TYPES
from .tree import NOTHING, Node, expression

ATTEMPTS = 1500


def candidates(root):
    """Gives smaller trees, the boldest first."""
    seen = set()
    for node in root.walk():
        if id(node) in seen:
            continue
        seen.add(id(node))
        for smaller in replacements(node):
            yield root.replaced(node, smaller)


def replacements(node):
    if node.kind == "optional" and node.templates[0]:
        # A clause that one dialect needs more of stays there: HAVING count(*) > 0, see aggregates.py.
        yield Node("optional", None, ("", " HAVING count(*) > 0")) if node.templates == HAVING_OF_SETS else NOTHING
    if node.kind == "list" and len(node.children) > node.least:
        half = len(node.children) // 2
        if half > 1:
            yield Node("list", None, node.templates, node.children[:half], node.least)
            yield Node("list", None, node.templates, node.children[half:], node.least)
        for at in range(len(node.children)):
            yield Node("list", None, node.templates, node.children[:at] + node.children[at + 1:], node.least)
    if node.kind in ("query", "relation"):
        yield from (below for below in list(node.walk())[1:] if below.kind == node.kind)
    if node.kind == "expression" and node.type and node.children:
        yield from (below for below in list(node.walk())[1:]
                    if below.kind == "expression" and below.type == node.type)
        if node.type in SQL_TYPES:
            yield expression(node.type, f"CAST(NULL AS {SQL_TYPES[node.type]})")
            if node.type == "boolean":
                yield expression("boolean", "true")


def reduce(root, fails, attempts=ATTEMPTS):
    """Returns the smallest tree found for which `fails` still holds."""
    changed = True
    tried = set()
    while changed and attempts > 0:
        changed = False
        for smaller in candidates(root):
            text = smaller.text(0)
            if smaller.size() > root.size() or len(text) >= len(root.text(0)) or text in tried:
                continue
            tried.add(text)
            attempts -= 1
            if attempts <= 0:
                break
            if fails(smaller):
                root, changed = smaller, True
                break
    return root


def reduce_rows(made, fails):
    """Returns tables with as few rows as the failure needs."""
    made = {name: list(rows) for name, rows in made.items()}
    for name in made:
        step = max(1, len(made[name]) // 2)
        while step >= 1 and made[name]:
            at = 0
            while at < len(made[name]):
                fewer = {**made, name: made[name][:at] + made[name][at + step:]}
                if fails(fewer):
                    made = fewer
                else:
                    at += step
            step //= 2
    return made
