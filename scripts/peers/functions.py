#!/usr/bin/env python3
"""Measures single functions on Millrace (embedded, warm) and DuckDB, and prints a Markdown table.

usage: functions.py DATA [NAME...]       DATA is a folder for the file of a million rows, made by DuckDB when missing
Each cell is processor time in nanoseconds a row on two cores: the best of three runs of an aggregate over the function's
result, less the best of three of one over its column alone, the two engines in turns. A cell is a dash where that is
less than a run's spread.
"""
import pathlib
import sys
import time

import duckdb

import millrace

ROWS = 1_000_000
REPEATS = 3
SPARK_TYPE = ("STRUCT<id: BIGINT, user: STRUCT<name: STRING, age: INT>, tags: ARRAY<STRING>, price: DOUBLE, ok: BOOLEAN, "
              "note: STRING>")
DUCK_TYPE = ('{"id":"BIGINT","user":{"name":"VARCHAR","age":"INTEGER"},"tags":["VARCHAR"],"price":"DOUBLE",'
             '"ok":"BOOLEAN","note":"VARCHAR"}')

DATA = """
SELECT i AS id, (hash(i) % 1000000007)::BIGINT AS n, ((hash(i + 4) % 1000000007) / 1000.0)::DOUBLE AS x,
  'w' || (hash(i) % 1000003) || ' Lorem ' || (hash(i + 1) % 9973) || ' ipsum' AS s,
  'w' || (hash(i + 5) % 1000003) || ' Lorem ' || (hash(i + 6) % 9973) || ' ipsun' AS s2,
  ['Robert', 'Rupert', 'Tymczak', 'Pfister', 'Ashcraft'][1 + i % 5] || (hash(i) % 9973) AS name,
  '{"id":' || i || ',"user":{"name":"user' || (hash(i) % 99991) || '","age":' || (hash(i) % 90)
    || '},"tags":["a' || (i % 97) || '","b"],"price":' || ((hash(i + 2) % 100000) / 100.0)
    || ',"ok":true,"note":"some text here"}' AS j,
  'k' || (hash(i) % 1009) || ',' || (hash(i + 1) % 99991) || ',field three,' || (i * 7) || ',end' AS csv,
  TIMESTAMP '2020-01-01' + to_seconds((hash(i) % 100000000)::BIGINT) AS ts,
  strftime(TIMESTAMP '2020-01-01' + to_seconds((hash(i) % 100000000)::BIGINT), '%d/%m/%Y %H:%M:%S') AS tt,
  (hash(i) % 1000000007)::VARCHAR AS digits, upper(to_hex((hash(i) % 1000000007)::BIGINT)) AS hx,
  [(hash(i) % 1000)::INT, (hash(i + 1) % 1000)::INT, (hash(i + 2) % 1000)::INT, (hash(i + 3) % 1000)::INT, 5] AS arr,
  ['k' || (hash(i) % 1000), 'k' || (hash(i + 1) % 1000), 'third element of it ' || i] AS sarr,
  MAP {'alpha': (hash(i) % 1000)::INT, 'beta': i::INT, 'gamma': 7} AS m,
  {'a': i, 'b': 'text' || i, 'c': (i % 1000) / 10.0::DOUBLE} AS st
FROM range(1000000) t(i)"""

# The column alone: for Millrace, and for DuckDB where it is written in another way.
BASES = {
    "s": ("max(length(s))",), "j": ("max(length(j))",), "csv": ("max(length(csv))",), "n": ("max(n)",), "x": ("max(x)",),
    "ts": ("max(ts)",), "tt": ("max(length(tt))",), "name": ("max(length(name))",), "hx": ("max(length(hx))",),
    "digits": ("max(length(digits))",), "arr": ("max(arr[0])", "max(arr[1])"),
    "sarr": ("max(length(sarr[0]))", "max(length(sarr[1]))"), "m": ("max(size(m))", "max(cardinality(m))"),
    "st": ("max(st.a)",), "s, s2": ("max(length(s)), max(length(s2))",),
    "name, csv, digits": ("max(length(name)), max(length(csv)), max(length(digits))",),
    "n, digits": ("max(n), max(length(digits))",)}


def text(a, b=None):
    return f"max(length({a}))", b and f"max(length({b}))"


# Name, column, Millrace's expression, DuckDB's.
CASES = [
    ("get_json_object", "j", *text("get_json_object(j, '$.user.name')", "json_extract_string(j, '$.user.name')")),
    ("get_json_object, in an array", "j", *text("get_json_object(j, '$.tags[0]')", "json_extract_string(j, '$.tags[0]')")),
    ("json_tuple, 2 members", "j", "max(length(a)), max(length(b)) FROM t LATERAL VIEW json_tuple(j, 'id', 'price') v AS a, b",
     "max(length(json_extract_string(j, '$.id'))), max(length(json_extract_string(j, '$.price')))"),
    ("from_json, all", "j", f"max(from_json(j, '{SPARK_TYPE}').user.age)", f"max(from_json(j, '{DUCK_TYPE}')['user']['age'])"),
    ("from_json, 1 member", "j", "max(from_json(j, 'id BIGINT').id)", "max(from_json(j, '{\"id\":\"BIGINT\"}').id)"),
    ("to_json", "st", *text("to_json(st)", "to_json(st)::VARCHAR")),
    ("regexp_replace", "s", *text("regexp_replace(s, '[0-9]+', '#')", "regexp_replace(s, '[0-9]+', '#', 'g')")),
    ("regexp_extract", "s", *text("regexp_extract(s, 'Lorem ([0-9]+)', 1)", "regexp_extract(s, 'Lorem ([0-9]+)', 1)")),
    ("rlike", "s", "count_if(s RLIKE 'Lorem 1[0-9]+')", "count_if(regexp_matches(s, 'Lorem 1[0-9]+'))"),
    ("split", "csv", "max(size(split(csv, ',')))", "max(len(string_split(csv, ',')))"),
    ("concat_ws", "name, csv, digits", *text("concat_ws('-', name, csv, digits)", "concat_ws('-', name, csv, digits)")),
    ("date_format", "ts", *text("date_format(ts, 'yyyy-MM-dd HH:mm')", "strftime(ts, '%Y-%m-%d %H:%M')")),
    ("to_timestamp", "tt", "max(to_timestamp(tt, 'dd/MM/yyyy HH:mm:ss'))", "max(strptime(tt, '%d/%m/%Y %H:%M:%S'))"),
    ("date_trunc", "ts", "max(date_trunc('month', ts))", "max(date_trunc('month', ts))"),
    ("conv", "hx", *text("conv(hx, 16, 10)")),
    ("levenshtein", "s, s2", "max(levenshtein(s, s2))", "max(levenshtein(s, s2))"),
    ("soundex", "name", *text("soundex(name)")),
    ("sort_array", "arr", "max(sort_array(arr)[0])", "max(list_sort(arr)[1])"),
    ("sort_array, texts", "sarr", *text("sort_array(sarr)[0]", "list_sort(sarr)[1]")),
    ("array_distinct", "arr", "max(size(array_distinct(arr)))", "max(len(list_distinct(arr)))"),
    ("array_contains", "arr", "count_if(array_contains(arr, 7))", "count_if(list_contains(arr, 7))"),
    ("array_union", "arr", "max(size(array_union(arr, array(1, 2))))", "max(len(list_distinct(list_concat(arr, [1, 2]))))"),
    ("array_max", "arr", "max(array_max(arr))", "max(list_max(arr))"),
    ("concat, arrays", "arr", "max(size(concat(arr, arr)))", "max(len(list_concat(arr, arr)))"),
    ("flatten", "arr", "max(size(flatten(array(arr, arr))))", "max(len(flatten([arr, arr])))"),
    ("array_join", "sarr", *text("array_join(sarr, ',')", "array_to_string(sarr, ',')")),
    ("transform", "arr", "max(transform(arr, v -> v + 1)[0])", "max(list_transform(arr, lambda v: v + 1)[1])"),
    ("filter", "arr", "max(size(filter(arr, v -> v > 500)))", "max(len(list_filter(arr, lambda v: v > 500)))"),
    ("aggregate", "arr", "max(aggregate(arr, 0, (a, v) -> a + v))", "max(list_reduce(arr, lambda a, v: a + v))"),
    ("explode", "arr", "max(e) FROM t LATERAL VIEW explode(arr) v AS e", "max(e) FROM (SELECT unnest(arr) AS e FROM t)"),
    ("collect_list", "n", "max(c) FROM (SELECT size(collect_list(n)) AS c FROM t GROUP BY id % 1000)",
     "max(c) FROM (SELECT len(list(n)) AS c FROM t GROUP BY id % 1000)"),
    ("element_at, map", "m", "max(element_at(m, 'beta'))", "max(m['beta'])"),
    ("map_from_arrays", "sarr", "max(size(map_from_arrays(array('a', 'b', 'c'), sarr)))", "max(cardinality(map(['a', 'b', 'c'], sarr)))"),
    ("str_to_map", "csv", "max(size(str_to_map(csv, ',', 'x')))", None),
    ("md5", "s", *text("md5(s)", "md5(s)")),
    ("sha2", "s", *text("sha2(s, 256)", "sha256(s)")),
    ("xxhash64", "s", "max(xxhash64(s))", "max(hash(s))"),
    ("format_number", "x", *text("format_number(x, 2)", "format('{:,.2f}', x)")),
    ("format_string", "n, digits", *text("format_string('%d-%s', n, digits)", "printf('%d-%s', n, digits)")),
    ("translate", "s", *text("translate(s, 'aeiou', 'AEIOU')", "translate(s, 'aeiou', 'AEIOU')")),
    ("initcap", "s", *text("initcap(s)")),
    ("replace", "s", *text("replace(s, 'Lorem', 'x')", "replace(s, 'Lorem', 'x')")),
    ("cast to DOUBLE", "digits", "max(CAST(digits AS DOUBLE))", "max(digits::DOUBLE)"),
    ("cast of DOUBLE to STRING", "x", *text("CAST(x AS STRING)", "x::VARCHAR")),
    ("cast of DOUBLE to DECIMAL", "x", "max(CAST(x AS DECIMAL(12,2)))", "max(x::DECIMAL(12,2))"),
    ("cast of TIMESTAMP to STRING", "ts", *text("CAST(ts AS STRING)", "ts::VARCHAR")),
    ("round", "x", "max(round(x, 2))", "max(round(x, 2))"),
    ("instr", "s", "max(instr(s, 'Lorem'))", "max(instr(s, 'Lorem'))"),
    ("trim", "s", *text("trim(s)", "trim(s)")),
    ("greatest", "n", "max(greatest(n, id, 7))", "max(greatest(n, id, 7))"),
    ("CASE of constants", "n", *text("CASE WHEN n < 1000 THEN 'a' WHEN n < 500000000 THEN 'bb' ELSE 'ccc' END",
                                     "CASE WHEN n < 1000 THEN 'a' WHEN n < 500000000 THEN 'bb' ELSE 'ccc' END")),
    ("percentile", "x", "percentile(x, 0.5)", "quantile_cont(x, 0.5)"),
]


def best(*runs):
    """Returns the shortest time of each, run in turns; None for those that are None."""
    times = [[] for _ in runs]
    for _ in range(REPEATS):
        for run, list_ in zip(runs, times):
            start = time.perf_counter()
            if run:
                run()
            list_.append(time.perf_counter() - start)
    return [min(list_) if run else None for run, list_ in zip(runs, times)]


def main(folder, names):
    path = pathlib.Path(folder) / "functions.parquet"
    duck = duckdb.connect()
    duck.execute("SET threads = 2")
    if not path.exists():
        duck.execute(f"COPY ({DATA}) TO '{path}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 100000)")
    duck.execute(f"CREATE VIEW t AS FROM '{path}'")
    engine = millrace.Embedded(folder)
    engine.views = f"CREATE OR REPLACE TEMPORARY VIEW t USING parquet OPTIONS (path '{path}');\n"

    def millrace_run(expression):
        return lambda: engine.run(f"SELECT {expression}" + ("" if " FROM " in expression else " FROM t"))

    def duck_run(expression):
        query = expression and f"SELECT {expression}" + ("" if " FROM " in expression else " FROM t")
        return query and (lambda: duck.execute(query).fetchall())

    bases = {}
    print("| function | millrace | duckdb | millrace ÷ duckdb |\n|---|---|---|---|", flush=True)
    for name, column, ours, theirs in CASES:
        if names and not any(part in name for part in names):
            continue
        if column not in bases:
            base = BASES[column]
            bases[column] = best(millrace_run(base[0]), duck_run(base[-1]))
        taken = [
            None if whole is None else (whole - base) * 2e9 / ROWS
            for whole, base in zip(best(millrace_run(ours), duck_run(theirs)), bases[column])]
        shown = ["–" if value is None or value < 5 else f"{value:.0f}" for value in taken]
        ratio = f"{taken[0] / taken[1]:.2f}" if "–" not in shown else "–"
        print(f"| {name} | {shown[0]} | {shown[1]} | {ratio} |", flush=True)
    engine.close()


main(sys.argv[1], sys.argv[2:])
