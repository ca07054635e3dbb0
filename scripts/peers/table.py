#!/usr/bin/env python3
"""Prints the lines of scripts/peers/run.py as a Markdown table: seconds and peak memory by engine, and Millrace's ratio to the best.

usage: table.py FILE
"""
import json
import sys

lines = [json.loads(line) for line in open(sys.argv[1]) if line.startswith("{")]
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
    text = f"{line['seconds']:.2f} s"
    if line.get("passed", 22) != 22:
        text += f" ({line['passed']} of 22)"
    if line.get("ordered") is False:
        text += " (not in order)"
    return f"{text}, {line['peak_mb']} MB"


def comparable(line):
    return line and "seconds" in line and line.get("ordered", True) and line.get("passed", 22) == 22


print("| workload | " + " | ".join(engines) + " | millrace ÷ best peer |")
print("|---|" + "---|" * (len(engines) + 1))
for workload in workloads:
    own = found.get(("millrace", workload))
    peers = [found.get((engine, workload)) for engine in engines if engine != "millrace"]
    times = [line["seconds"] for line in peers if comparable(line)]
    ratio = f"{own['seconds'] / min(times):.2f}" if comparable(own) and times else "–"
    print(f"| {workload} | " + " | ".join(cell(found.get((engine, workload))) for engine in engines) + f" | {ratio} |")
