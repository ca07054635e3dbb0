#!/usr/bin/env python3
"""Runs random queries on Millrace and on DuckDB and compares their rows; what differs is made small and written as a case.

usage: run.py [--seed FIRST] [--failures FOLDER] [--coordinator URL]... [--least N] [--most N] COUNT
Prints one line for each failure and the counts at the end; exits with 1 when a failure is not listed in known.txt.
"""
import argparse
import collections
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from fuzz import answers, cases, engines, known, queries, tables  # noqa: E402

QUERIES_PER_TABLES = 250


def settings(seed):
    """Returns the session's settings for a query: partitions, tasks and kinds of join at random."""
    rng = random.Random(f"settings {seed}")
    chosen = []
    if rng.random() < 0.7:
        chosen.append(("spark.sql.shuffle.partitions", rng.choice([1, 2, 3, 7])))
    if rng.random() < 0.5:
        chosen.append(("spark.sql.autoBroadcastJoinThreshold", -1))
    if rng.random() < 0.5:
        chosen.append(("spark.sql.files.maxPartitionBytes", rng.choice([1000, 4000])))
    if rng.random() < 0.2:
        chosen.append(("etl.optimizer.joinReorder", "false"))
    # Stages are planned again by the least that they may be: whatever differs is skewed.
    if rng.random() < 0.4:
        chosen.append(("spark.sql.adaptive.coalescePartitions.enabled", rng.choice(["true", "false"])))
        chosen.append(("spark.sql.adaptive.skewJoin.skewedPartitionFactor", 1))
        chosen.append(("spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes", 1))
        chosen.append(("spark.sql.adaptive.advisoryPartitionSizeInBytes", rng.choice([1, 1000, 100000])))
    return chosen


class Fuzzer:
    def __init__(self, options):
        self.options = options
        program = f"{engines.programs()}/benchmark"
        self.sessions = [engines.Millrace(program)] + [
            engines.Millrace(program, [url]) for url in options.coordinator]
        self.duckdb = engines.DuckDB()
        self.counts, self.failures = collections.Counter(), []
        self.known = known.read()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="millrace-fuzz-"))

    def open_tables(self, seed):
        folder = self.work / str(seed)
        self.made = tables.make(seed)
        tables.write(self.made, folder, seed)
        self.duckdb.open(folder)
        for session in self.sessions:
            session.use([f"CREATE OR REPLACE TEMPORARY VIEW {name} USING parquet OPTIONS (path '{folder}/{name}')"
                         for name in tables.SIZES])

    def run(self):
        started = time.monotonic()
        last = None
        for seed in range(self.options.seed, self.options.seed + self.options.count):
            if seed // QUERIES_PER_TABLES != last:
                last = seed // QUERIES_PER_TABLES
                self.open_tables(last)
            self.one(seed)
            if self.options.progress and (seed - self.options.seed + 1) % 1000 == 0:
                done = seed - self.options.seed + 1
                print(f"{done} queries, {time.monotonic() - started:.0f} s: {dict(self.counts)}", flush=True)
        for session in self.sessions:
            session.close()
        shutil.rmtree(self.work)

    def one(self, seed):
        query, is_ordered = queries.top(seed)
        session = self.sessions[seed % len(self.sessions)]
        chosen = settings(seed)
        found, here = answers.judge(lambda node: session.run(node, chosen), self.duckdb, query.node, is_ordered)
        if found in ("skipped", "disputed") and self.options.show_skipped:
            print(f"{seed} {found}: {self.duckdb.run(query.node).text[:200]}", flush=True)
        reason = known.reason(self.known, query.node.text(0), found, here.text) if found not in QUIET else None
        self.counts["known" if reason else found.split(" ")[0]] += 1
        if found in QUIET or reason:
            return
        self.failures.append((seed, found))
        print(f"{seed} {found}: {here.text[:200]}", flush=True)
        if self.options.failures:
            case = cases.Case(seed, found, query.node, is_ordered, chosen, self.made)
            cases.write(case, session, self.duckdb, pathlib.Path(self.options.failures))
            last = seed // QUERIES_PER_TABLES
            shutil.rmtree(self.work / str(last))
            self.open_tables(last)


QUIET = ("same", "skipped", "refused", "disputed", "large")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--failures")
    parser.add_argument("--coordinator", action="append", default=[])
    parser.add_argument("--progress", action="store_true")
    parser.add_argument("--show-skipped", action="store_true")
    options = parser.parse_args()
    fuzzer = Fuzzer(options)
    fuzzer.run()
    counts = ", ".join(f"{count} {name}" for name, count in sorted(fuzzer.counts.items()))
    print(f"{options.count} queries: {counts}")
    sys.exit(1 if fuzzer.failures else 0)


if __name__ == "__main__":
    main()
