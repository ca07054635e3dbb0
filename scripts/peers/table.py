#!/usr/bin/env python3
"""Prints the lines of scripts/peers/run.py as a Markdown table: seconds and peak memory by engine, and how Millrace
(embedded, warm, as the peers are) compares with the best peer's time, with DuckDB's memory and with Spark's time.

usage: table.py FILE…
"""
import json
import sys

lines = [json.loads(line) for path in sys.argv[1:] for line in open(path) if line.startswith("{")]
engines, workloads, found = [], [], {}
for line in lines:
    if line["engine"] not in engines:
        engines.append(line["engine"])
    if line["workload"] not in workloads:
        workloads.append(line["workload"])
    found[line["engine"], line["workload"]] = line


def cell(line):
    if line is None:
        return "–"
    if "seconds" not in line or line.get("passed") == 0:
        return "failed"
    if "file_seconds" in line:
        return f"{line['seconds'] * 1000:.0f} ms; over a file {line['file_seconds'] * 1000:.0f} ms, {line['peak_mb']} MB"
    text = f"{line['seconds']:.2f} s"
    if line.get("passed", 22) != 22:
        text += f" ({line['passed']} of 22)"
    if line.get("ordered") is False:
        text += " (not in order)"
    return f"{text}, {line['peak_mb']} MB"


def comparable(line):
    return line and "seconds" in line and line.get("ordered", True) and line.get("passed", 22) == 22


def ratio(own, best):
    return f"{own / best:.2f}" if own and best else "–"


print("| workload | " + " | ".join(engines) + " | millrace ÷ best peer | memory ÷ DuckDB's | spark ÷ millrace |")
print("|---|" + "---|" * (len(engines) + 3))
for workload in workloads:
    own = found.get(("millrace", workload))
    own = own if comparable(own) else {}
    peers = [found.get((engine, workload)) for engine in engines if not engine.startswith("millrace")]
    best = min((line["seconds"] for line in peers if comparable(line)), default=None)
    duckdb = (found.get(("duckdb", workload)) or {}).get("peak_mb")
    cells = [cell(found.get((engine, workload))) for engine in engines]
    spark = (found.get(("spark", workload)) or {}).get("seconds")
    tenfold = f"{spark / own['seconds']:.1f}" if spark and own.get("seconds") else "–"
    cells += [ratio(own.get("seconds"), best), ratio(own.get("peak_mb"), duckdb), tenfold]
    print(f"| {workload} | " + " | ".join(cells) + " |")
for line in lines:
    if "error" in line:
        print(f"\n{line['engine']}, {line['workload']}: {line['error']}")
    for query, time in line.get("queries", {}).items():
        if isinstance(time, str):
            print(f"\n{line['engine']}, tpch q{query}: {time}")
