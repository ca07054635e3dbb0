#!/usr/bin/env python3
"""Runs the oracle's cases on DuckDB and compares with Spark's committed results: the oracle's check of itself.

usage: duckdb_check.py [CASE...]
Types are not compared. Numbers are equal to 1e-9, or to half a unit of the last place where Spark gives a decimal and
DuckDB a double (averages and quotients of decimals). Large results, of which only a sample is committed, are checked by
row count and by the sampled rows.
"""
import sys

import canonical
import cases
import compare


def open_case(case):
    import duckdb
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    for statement in cases.views(case):
        name = statement.split("VIEW ")[1].split()[0]
        path = statement.split("path '")[1].split("'")[0]
        source = {"raw": f"read_json('{path}*.json')", "lineitem_csv": f"read_csv('{path}')"}.get(name, f"'{path}'")
        connection.execute(f"create view {name} as select * from {source}")
    return connection


def is_number(kind):
    return kind.startswith(("decimal", "double", "float")) or kind.endswith("int")


def check(case):
    head, expected = canonical.load(case.result)
    # Numbers are compared as floating point here, whatever their type.
    columns = [[n, "double" if is_number(k) else k] for n, k in head["columns"]]
    cursor = open_case(case).execute(cases.body(case))
    names = [d[0] for d in cursor.description]
    order = [names.index(n) for n, _ in columns] if set(names) == {n for n, _ in columns} else range(len(names))
    if case.name == "raw_json":  # dates stay text in Spark's inference
        columns = [[n, "string" if n == "date" else k] for n, k in columns]
    raw = cursor.fetchall()
    if len(raw) != head["rows"]:
        return f"{len(raw)} rows against {head['rows']}"
    if head.get("sample"):
        raw = like_sample(raw, order, expected, columns)
    rows = [[canonical.render(row[i]) for i in order] for row in raw]
    if head.get("sample"):
        return check_sample(rows, expected, columns)
    key = compare.sort_key(columns)
    for a, b in zip(sorted(expected, key=key), sorted(rows, key=key)):
        if not all(equal(x, y, kind) for x, y, (_, kind) in zip(a, b, head["columns"])):
            return f"Spark {a} DuckDB {b}"
    return None


def equal(a, b, kind):
    if a == b or (is_number(kind) and compare.close(a, b)):
        return True
    if not kind.startswith("decimal") or a is None or b is None:
        return False
    scale = int(kind.rstrip(")").split(",")[1])
    return abs(float(a) - float(b)) <= 0.500001 * 10 ** -scale


def like_sample(raw, order, sample, columns):
    """Keeps the rows whose text columns are those of a sampled row: the others need not be rendered."""
    exact = [at for at, (_, kind) in enumerate(columns) if kind == "string"]
    wanted = {tuple(row[at] for at in exact) for row in sample}
    return [row for row in raw if tuple(canonical.render(row[order[at]]) for at in exact) in wanted]


def check_sample(rows, sample, columns):
    def normal(row):
        return tuple(f"{float(v):.9g}" if k == "double" and v is not None else canonical.line(v)
                     for v, (_, k) in zip(row, columns))
    present = {normal(r) for r in rows}
    missing = [r for r in sample if normal(r) not in present]
    return f"{len(missing)} sampled rows are missing, first {missing[0]}" if missing else None


def main():
    wanted = [cases.BY_NAME[n] for n in sys.argv[1:]] or cases.CASES
    failures = 0
    for case in wanted:
        problem = check(case)
        failures += problem is not None
        print(f"{case.name}: {problem or 'same'}", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
