#!/usr/bin/env python3
"""Runs TPC-DS's queries on etl-submit and on DuckDB, and compares rows and times.

usage: tpcds.py ETL_SUBMIT DATA SCALE [QUERY...]     DATA is made when it is not there
Fails when a query fails or its rows differ.
"""
import csv
import io
import importlib.util
import math
import os
import pathlib
import re
import subprocess
import sys
import time

import duckdb

REPEATS = 2
# Averages of decimals: Spark's have four digits more than their column, DuckDB's are doubles.
TOLERANCE = 1e-5


def connect():
    folder = pathlib.Path(importlib.util.find_spec("duckdb_extension_tpcds").origin).parent
    extension = next(folder.glob("extensions/*/tpcds.duckdb_extension"))
    connection = duckdb.connect(config={"allow_unsigned_extensions": True})
    connection.execute(f"LOAD '{extension}'")
    return connection


def tables(data, scale):
    """Makes the data where it is missing; returns the names of the tables."""
    done = data / ".complete"
    if not done.exists():
        data.mkdir(parents=True, exist_ok=True)
        print(f"Generating TPC-DS data, scale {scale}", file=sys.stderr)
        connection = connect()
        connection.execute(f"CALL dsdgen(sf={scale})")
        for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            connection.execute(f"COPY {name} TO '{data}/{name}.parquet' (FORMAT parquet, COMPRESSION snappy)")
        done.touch()
    return sorted(path.stem for path in data.glob("*.parquet"))


def best(run):
    """Returns the result, and the seconds of the fastest of some runs."""
    seconds = math.inf
    for _ in range(REPEATS):
        begin = time.perf_counter()
        result = run()
        seconds = min(seconds, time.perf_counter() - begin)
    return result, seconds


def value(cell):
    if cell is None or cell == "":
        return None
    try:
        return float(cell)
    except (TypeError, ValueError):
        return str(cell).strip()


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return a == b


def order(row):
    # Rounded, so that values that differ by the tolerance stand at the same place.
    return tuple((x is None, isinstance(x, str), x if isinstance(x, str) else f"{x or 0:.3g}") for x in row)


def main():
    submit, data, scale = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), sys.argv[3]
    names = tables(data, scale)
    views = "".join(f"CREATE TEMPORARY VIEW {name} AS SELECT * FROM parquet.`{data}/{name}.parquet`;\n" for name in names)
    queries = dict(connect().execute("SELECT query_nr, query FROM tpcds_queries()").fetchall())
    peer = duckdb.connect(config={"threads": len(os.sched_getaffinity(0))})
    for name in names:
        peer.execute(f"CREATE VIEW {name} AS SELECT * FROM '{data}/{name}.parquet'")

    def submitted(text):
        command = [submit, "-e", views + text + ";", "--output", "csv", "--conf", "spark.sql.ansi.enabled=false"]
        return best(lambda: subprocess.run(command, capture_output=True, text=True))

    failed, totals, count = [], [0.0, 0.0], 0
    print("| query | millrace | duckdb | millrace ÷ duckdb |\n|---|---|---|---|")
    for number in [int(word) for word in sys.argv[4:]] or sorted(queries):
        text = queries[number].strip().rstrip(";")
        expected, peer_seconds = best(lambda: peer.execute(text).fetchall())
        # Spark quotes names with backquotes, and does not fail at a division by zero as ANSI mode does.
        result, seconds = submitted(re.sub(r'"([^"]+)"', r"`\1`", text))
        if result.returncode != 0:
            failed.append(f"Q{number} failed: {result.stderr.strip()[:500]}")
            continue
        rows = sorted((tuple(map(value, row)) for row in list(csv.reader(io.StringIO(result.stdout)))[1:]), key=order)
        wanted = sorted((tuple(map(value, row)) for row in expected), key=order)
        if len(rows) != len(wanted) or not all(same(a, b) for x, y in zip(rows, wanted) for a, b in zip(x, y)):
            differing = [(x, y) for x, y in zip(rows, wanted) if not all(map(same, x, y))]
            failed.append(f"Q{number} differs: {len(rows)} rows, DuckDB {len(wanted)}; first {differing[:1]}")
        totals, count = [totals[0] + seconds, totals[1] + peer_seconds], count + 1
        print(f"| {number} | {seconds:.2f} s | {peer_seconds:.2f} s | {seconds / peer_seconds:.2f} |", flush=True)
    print(f"| all | {totals[0]:.1f} s | {totals[1]:.1f} s | {totals[0] / totals[1]:.2f} |")
    start = min(submitted("SELECT 1")[1] for _ in range(3))
    print(f"\n{start * count:.1f} s of it are {count} starts of a process that makes {len(names)} views ({start * 1000:.0f} ms each).")
    print("\n".join(failed), file=sys.stderr)
    sys.exit(1 if failed else 0)


main()
