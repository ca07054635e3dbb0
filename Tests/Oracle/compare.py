#!/usr/bin/env python3
"""Compares a result with what Spark gave for the same case: names, types, and values row for row.

usage: compare.py CASE PATH [CASE PATH]...      PATH: a directory of Parquet files (with key=value folders or without), or a file of
                                 JSON lines (.json) or CSV with a header (.csv) as `etl-submit --output` prints them
       compare.py --job CASE [OUT]   prints the job for etl-submit; OUT is where it writes, when it writes files
       compare.py --list             prints the cases
       compare.py --jobs             prints all as JSON lines: name, kind of output, the job that gives rows and the one
                                     that writes files to @OUT@
Exact but for floating point (relative 1e-9). Prints the first differing rows and exits with 1 when they differ.
"""
import csv
import decimal
import json
import pathlib
import re
import sys
from urllib.parse import unquote

import canonical
import cases
import columnar

SHOWN_ROWS = 10


# ---- reading

def spark_type(kind):
    """Returns Spark's name of an Arrow type."""
    import pyarrow.types as t
    names = [(t.is_int8, "tinyint"), (t.is_int16, "smallint"), (t.is_int32, "int"), (t.is_int64, "bigint"),
             (t.is_float32, "float"), (t.is_float64, "double"), (t.is_boolean, "boolean"), (t.is_date32, "date"),
             (t.is_string, "string"), (t.is_large_string, "string"), (t.is_binary, "binary"),
             (t.is_large_binary, "binary"), (t.is_null, "void")]
    for test, name in names:
        if test(kind):
            return name
    if t.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if t.is_timestamp(kind):
        return "timestamp" if kind.tz else "timestamp_ntz"
    if t.is_list(kind) or t.is_large_list(kind):
        return f"array<{spark_type(kind.value_type)}>"
    if t.is_struct(kind):
        return "struct<" + ",".join(f"{f.name}:{spark_type(f.type)}" for f in kind) + ">"
    if t.is_map(kind):
        return f"map<{spark_type(kind.key_type)},{spark_type(kind.item_type)}>"
    return str(kind)


def partition_types(keys, texts):
    """Returns the types that Spark infers for partition folders, from all values of each key."""
    found = []
    for at in range(len(keys)):
        values = [t[at] for t in texts if t[at] is not None]
        if all(re.fullmatch(r"[+-]?\d{1,18}", v) for v in values):
            found.append("int" if all(-2**31 <= int(v) < 2**31 for v in values) else "bigint")
        elif all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", v) for v in values):
            found.append("date")
        else:
            found.append("string")
    return found


def read_files(folder):
    """Returns (columns, keys, [(table, texts of its folders)]) of all Parquet files below `folder`, by their names."""
    import pyarrow.parquet as pq
    files = sorted(p for p in folder.rglob("*.parquet") if not any(
        part.startswith(("_", ".")) for part in p.relative_to(folder).parts))
    if not files:
        fail(f"no Parquet files in {folder}")
    columns, keys, tables = None, None, []
    for file in files:
        pairs = [part.split("=", 1) for part in file.relative_to(folder).parts[:-1]]
        table = pq.ParquetFile(file).read()
        mine = [[f.name, spark_type(f.type)] for f in table.schema]
        if columns is not None and (mine != columns or [k for k, _ in pairs] != keys):
            fail(f"{file} has other columns than the first file: {mine} against {columns}")
        columns, keys = mine, [k for k, _ in pairs]
        tables.append((table, [None if v == "__HIVE_DEFAULT_PARTITION__" else unquote(v) for _, v in pairs]))
    kinds = partition_types(keys, [texts for _, texts in tables])
    return columns + [[k, t] for k, t in zip(keys, kinds)], tables


def rows_of(columns, tables):
    """Returns the rows of `read_files`, in canonical form."""
    rows = []
    for table, texts in tables:
        lists = []
        for column, (_, kind) in zip(table.columns, columns):
            values = column.to_pylist()
            if kind == "float":
                values = [canonical.float32(v) for v in values]
            lists.append([canonical.render(v) for v in values])
        lists += [[v] * table.num_rows for v in texts]
        rows += [list(r) for r in zip(*lists)]
    return rows


def joined(tables):
    """Returns the Arrow columns of `read_files`, those of the folders as text."""
    import pyarrow as pa
    whole = pa.concat_tables(table for table, _ in tables)
    folders = zip(*(texts for _, texts in tables))
    return whole.columns + [
        pa.chunked_array([pa.array([text] * table.num_rows, pa.string()) for (table, _), text in zip(tables, of_key)])
        for of_key in folders]


def rendered_like(value, kind):
    """Returns a JSON value in canonical form, knowing the type that it should have."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return [rendered_like(v, "") for v in value.values()]
    if isinstance(value, list):
        return [rendered_like(v, "") for v in value]
    text = str(value)
    if kind.startswith("timestamp"):
        text = text.replace("T", " ").removesuffix("Z").removesuffix("+00:00")
        head, _, fraction = text.partition(".")
        return f"{head}.{(fraction + '000000')[:6]}"
    if canonical.is_floating(kind):
        return canonical.render(float(text))
    return text


def read_json(file, columns):
    rows = []
    for line in file.read_text().splitlines():
        if not line.strip():
            continue
        row = json.loads(line, parse_float=decimal.Decimal)
        rows.append([rendered_like(row.get(name), kind) for name, kind in columns])
        unknown = set(row) - {name for name, _ in columns}
        if unknown:
            fail(f"unknown column {sorted(unknown)[0]} in {file}")
    return rows


def read_csv(file, columns):
    with file.open(newline="") as handle:
        records = list(csv.reader(handle))
    if not records or records[0] != [name for name, _ in columns]:
        fail(f"the CSV header is {records[0] if records else None}, not {[n for n, _ in columns]}")
    return [[None if v == "" else rendered_like(v, kind) for v, (_, kind) in zip(r, columns)] for r in records[1:]]


# ---- comparing

class Differs(Exception):
    """Tells in what a result is not Spark's."""


def fail(message):
    raise Differs(message)


def sort_key(columns):
    """Sorts by the exact columns first, so that rows meet their partners although floating values differ a little."""
    exact = [i for i, (_, kind) in enumerate(columns) if not canonical.is_floating(kind)]
    floating = [i for i, (_, kind) in enumerate(columns) if canonical.is_floating(kind)]

    def key(row):
        return ([canonical.line(row[i]) for i in exact],
                [(row[i] is None, float(row[i]) if isinstance(row[i], str) else 0.0) for i in floating])
    return key


def close(a, b):
    if a == b:
        return True
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return all(close(x, y) for x, y in zip(a, b))
    try:
        x, y = float(a), float(b)
    except (TypeError, ValueError):
        return False
    return abs(x - y) <= canonical.RELATIVE * max(abs(x), abs(y))


def same(a, b, columns):
    return all(x == y or (canonical.is_floating(kind) and close(x, y)) for x, y, (_, kind) in zip(a, b, columns))


def compare_whole(expected, rows, columns):
    key = sort_key(columns)
    left, right = sorted(expected, key=key), sorted(rows, key=key)
    wrong = [(a, b) for a, b in zip(left, right) if not same(a, b, columns)]
    for a, b in wrong[:SHOWN_ROWS]:
        print(f"  Spark {canonical.line(a)}\n  here  {canonical.line(b)}")
    if wrong:
        fail(f"{len(wrong)} of {len(left)} rows")


def compare_large(case, head, sample, tables):
    """Compares a result of which only the digest and a sample are committed."""
    import hashlib
    arrays = joined(tables)
    if len(arrays[0]) != head["rows"]:
        fail(f"{len(arrays[0])} rows, Spark gave {head['rows']}")
    places = {name: at for at, (name, _) in enumerate(head["columns"])}
    if case.order_by:
        at = columnar.first_out_of_order(
            [arrays[places[name]] for name, _ in case.order_by], [descending for _, descending in case.order_by])
        if at:
            fail(f"row {at} is out of order")
    lines = columnar.lines(arrays).to_pylist()
    if hashlib.sha256("\n".join(lines).encode()).hexdigest() == head["sha256"]:
        return
    present = set(lines)
    missing = [canonical.line(r) for r in sample if canonical.line(r) not in present]
    for text in missing[:SHOWN_ROWS]:
        print(f"  Spark {text}")
    for text in lines[:3]:
        print(f"  here  {text}")
    fail(f"the digest of all rows; {len(missing)} of {len(sample)} sampled rows are not in the result")


def check_order(case, columns, rows):
    places = {name: at for at, (name, _) in enumerate(columns)}
    kinds = dict(map(tuple, columns))

    def number(value, kind):
        return decimal.Decimal(value) if re.match(r"(decimal|.*int$|double|float)", kind) else value

    for at in range(1, len(rows)):
        for name, descending in case.order_by:
            a, b = (number(rows[i][places[name]], kinds[name]) for i in (at - 1, at))
            if a == b:
                continue
            if (a < b) if descending else (a > b):
                fail(f"row {at + 1} is out of order by {name}: {a} then {b}")
            break


def compare(case, path):
    head, expected = canonical.load(case.result)
    columns = head["columns"]
    if path.suffix == ".json" and path.is_file():
        rows = read_json(path, columns)
    elif path.suffix == ".csv" and path.is_file():
        rows = read_csv(path, columns)
        expected = [[None if v == "" else v for v in row] for row in expected]
    else:
        actual, tables = read_files(path)
        if actual != columns:
            fail(f"columns\n  Spark {canonical.line(columns)}\n  here  {canonical.line(actual)}")
        if head.get("sample"):
            compare_large(case, head, expected, tables)
            print(f"same as Spark: {case.name}, {head['rows']} rows")
            return
        rows = rows_of(actual, tables)
    if head.get("sample"):
        fail(f"only a sample of {case.name} is committed: have the job write Parquet files")
    if len(rows) != head["rows"]:
        fail(f"{len(rows)} rows, Spark gave {head['rows']}")
    check_order(case, columns, rows)
    compare_whole(expected, rows, columns)
    print(f"same as Spark: {case.name}, {len(rows)} rows")


def main():
    arguments = sys.argv[1:]
    pairs = list(zip(arguments[::2], arguments[1::2]))
    if arguments == ["--list"]:
        print("\n".join(f"{c.name}\t{c.output}" for c in cases.CASES))
    elif arguments == ["--jobs"]:
        for c in cases.CASES:
            print(json.dumps({"name": c.name, "output": c.output, "rows": cases.job(c, ""), "files": cases.job(c, "@OUT@")}))
    elif len(arguments) in (2, 3) and arguments[0] == "--job":
        print(cases.job(cases.BY_NAME[arguments[1]], arguments[2] if len(arguments) == 3 else ""), end="")
    elif pairs and len(arguments) % 2 == 0 and all(name in cases.BY_NAME for name, _ in pairs):
        different = 0
        for name, path in pairs:
            try:
                compare(cases.BY_NAME[name], pathlib.Path(path))
            except Differs as problem:
                print(f"DIFFERS: {name}: {problem}")
                different += 1
        sys.exit(1 if different else 0)
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
