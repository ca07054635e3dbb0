"""Compares the answers of the two engines."""
import datetime
import decimal
import math

RELATIVE, ABSOLUTE = 1e-9, 1e-7


def plain(value):
    """Returns a value in the one form that both sides share: numbers are int, Decimal or float; times are text."""
    if isinstance(value, datetime.datetime):
        text = value.isoformat(sep=" ")
        return text.rstrip("0") if "." in text else text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    return value


def key(row):
    """Sorts rows by their exact values first, so that rows meet their partners although floating values differ a little."""
    exact = [(type(v) is not bool, "" if v is None else str(v), v is None) for v in row if not is_inexact(v)]
    return exact, [float(v) if not math.isnan(v) else math.inf for v in row if is_inexact(v)]


def is_inexact(value):
    return isinstance(value, float)


def same_value(a, b):
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None or isinstance(a, str) or isinstance(b, str):
        return type(a) is type(b) and a == b
    if a == b:
        return True
    if not isinstance(a, float) and not isinstance(b, float):
        return False
    a, b = float(a), float(b)
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return abs(a - b) <= max(ABSOLUTE, RELATIVE * max(abs(a), abs(b)))


def same_row(a, b):
    return len(a) == len(b) and all(same_value(x, y) for x, y in zip(a, b))


def same_rows(left, right, is_ordered):
    """Says whether rows are the same, in order or as multisets. Where the sorted rows do not pair up, partners are searched:
    an inexact value may be whole on one side only."""
    left, right = [[plain(v) for v in row] for row in left], [[plain(v) for v in row] for row in right]
    if len(left) != len(right):
        return False
    if all(same_row(a, b) for a, b in zip(left, right)):
        return True
    if is_ordered:
        return False
    left, right = sorted(left, key=key), sorted(right, key=key)
    rest, others = [], []
    for a, b in zip(left, right):
        if not same_row(a, b):
            rest.append(a)
            others.append(b)
    for a in rest:
        at = next((at for at, b in enumerate(others) if same_row(a, b)), None)
        if at is None:
            return False
        del others[at]
    return True


def verdict(here, there, is_ordered):
    """Returns "same", "different", "refused" (by both), "skipped" (DuckDB alone fails), or how Millrace fails."""
    if here.failure in ("crash", "hang"):
        return here.failure
    if here.failure and is_internal(here):
        return "internal"
    if there.failure:
        return "refused" if here.failure else "skipped"
    if here.failure:
        return "error " + here.code()
    return "same" if same_rows(here.rows, there.rows, is_ordered) else "different"


def judge(run, duckdb, query, is_ordered):
    """Runs a query on both and returns the verdict and Millrace's answer. Where DuckDB answers otherwise, or not, it is asked
    again without its optimiser: what Millrace and that agree on is "disputed", for DuckDB alone."""
    there = duckdb.run(query)
    if there.is_large():
        return "large", there
    here = run(query)
    found = verdict(here, there, is_ordered)
    if found == "different":
        again = verdict(here, duckdb.run(query, optimised=False), is_ordered)
        found = "disputed" if again == "same" else again
    elif found == "skipped":
        found = verdict(here, duckdb.run(query, optimised=False), is_ordered)
    return found, here


def is_internal(answer):
    return answer.code().startswith(("INTERNAL", "CORRUPT", "TASK_FAILED"))
