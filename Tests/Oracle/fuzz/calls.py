#!/usr/bin/env python3
"""Calls every function with arguments of every type; Millrace must answer with rows or with an error of the user's or the data's.

usage: calls.py [--seed FIRST] [--seconds PROCESSOR_SECONDS] [--name FUNCTION]... COUNT
A statement is one call: of a name of SHOW FUNCTIONS, an operator or a generator, with none to four arguments, constants (which
the planner folds) or columns of a small table with NULLs. Statements run in a child process. One that ends by a signal, that
does not end, or that gives an INTERNAL_ERROR is printed, and the exit status is 1. Types and values are not compared.
"""
import argparse
import collections
import os
import pathlib
import random
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from fuzz import engines  # noqa: E402

# SQL expressions of every type: plain values, limits, NULL.
VALUES = {
    "boolean": ["true", "false"],
    "tinyint": ["1Y", "-128Y", "127Y"],
    "smallint": ["2S", "-32768S", "32767S"],
    "int": ["0", "1", "2", "3", "-1", "10", "-2147483648", "2147483647", "38", "-39"],
    "bigint": ["1L", "9223372036854775807", "-9223372036854775808", "-400L"],
    "float": ["cast(1.5 as float)", "cast('NaN' as float)", "cast('-Infinity' as float)"],
    "double": ["0.5D", "-0D", "1e308D", "cast('NaN' as double)", "cast('Infinity' as double)"],
    "decimal": ["2.5", "-0.01", "99999999999999999999999999999999999999BD", "cast(1 as decimal(38, 38)) - 1",
                "0.00000000000000000000000000000000000001BD", "cast(12 as decimal(4, 2))"],
    "string": ["'abc'", "''", "'1'", "'2020-01-31'", "'{\"a\": 1}'", "'a INT'", "'9223372036854775808'", "'%s'", "'UTC'",
               "'ä😀'", "'day'", "'yyyy-MM-dd'", "'1 minute'", "'[1, 2]'", "'$.a'"],
    "binary": ["X'FF'", "X''", "X'0102030405060708090A0B0C0D0E0F10'"],
    "date": ["date'2020-01-31'", "date'0001-01-01'", "date'9999-12-31'"],
    "timestamp": ["timestamp'2020-01-31 12:34:56.789'", "timestamp'0001-01-01'", "timestamp'9999-12-31 23:59:59.999999'"],
    "timestamp_ntz": ["timestamp_ntz'2020-01-31 12:34:56'", "timestamp_ntz'9999-12-31 23:59:59.999999'"],
    "months": ["interval '1' month", "interval '-178956970-8' year to month", "interval '178956970-7' year to month"],
    "time": ["interval '1' day", "interval '-106751991 04:00:54.775808' day to second",
             "interval '106751991 04:00:54.775807' day to second"],
    "array": ["array()", "array(1, 2)", "array('a', null)", "array(null)", "array(array(1), null)", "array(2.5, 1)", "array(true)",
              "array(struct('a', 1))", "array(map(1, 'a'))", "array(interval '1' month)", "array(named_struct('k', 1, 'v', date'2020-01-01'))"],
    "map": ["map()", "map(1, 'a')", "map('a', null)", "map('a', array(1))", "map('mode', 'FAILFAST')"],
    "struct": ["struct(1, 'a')", "named_struct('a', 1, 'b', array(1))", "struct()"],
    "variant": ["parse_json('{\"a\": [1, null]}')", "cast(1 as variant)", "parse_json('null')"],
    "null": ["null", "cast(null as int)", "cast(null as array<int>)"],
}
FUNCTIONS_OF_ONE = ["x -> x", "x -> x > 1", "x -> null", "(x, y) -> x", "(x, y) -> x + y", "(k, v) -> true", "(x, y, z) -> z"]
# What is no call by its name alone; # stands for an argument.
FORMS = [
    "- #", "+ #", "~ #", "NOT #", "# + #", "# - #", "# * #", "# / #", "# % #", "# DIV #", "# & #", "# | #", "# ^ #", "# || #",
    "# = #", "# < #", "# <=> #", "# AND #", "# OR #", "#[#]", "(#).a", "#:a", "# LIKE #", "# RLIKE #", "# IN (#, #)", "# BETWEEN # AND #",
    "# IS NULL", "# IS TRUE", "CASE # WHEN # THEN # ELSE # END", "CASE WHEN # THEN # END", "cast(# AS INT)", "cast(# AS STRING)",
    "cast(# AS DECIMAL(38, 38))", "cast(# AS TIMESTAMP)", "cast(# AS ARRAY<INT>)", "cast(# AS INTERVAL MONTH)", "try_cast(# AS DATE)",
    "cast(# AS STRUCT<a: INT>)", "cast(# AS MAP<STRING, INT>)", "cast(# AS VARIANT)", "cast(# AS BINARY)", "cast(# AS DECIMAL(2, 1))",
    "extract(YEAR FROM #)", "extract(SECOND FROM #)", "position(# IN #)", "substring(# FROM # FOR #)", "trim(BOTH # FROM #)",
    "overlay(# PLACING # FROM # FOR #)", "timestampadd(MONTH, #, #)", "timestampdiff(DAY, #, #)", "INTERVAL # DAY",
    "count(DISTINCT #, #)", "sum(DISTINCT #)", "collect_list(DISTINCT #)", "avg(#) FILTER (WHERE #)", "listagg(#, #) WITHIN GROUP (ORDER BY #)",
    "percentile_cont(#) WITHIN GROUP (ORDER BY #)", "percentile_disc(#) WITHIN GROUP (ORDER BY #)", "mode() WITHIN GROUP (ORDER BY #)",
    "array_sort(#, (a, b) -> #)", "aggregate(#, #, (a, x) -> a, a -> #)", "grouping(#)", "# COLLATE UTF8_BINARY",
]
GENERATORS = ["explode", "explode_outer", "posexplode", "inline", "inline_outer", "stack", "json_tuple", "range", "variant_explode", "sequence"]
WINDOWS = ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "nth_value", "first", "last", "sum", "avg",
           "min", "count", "collect_list", "median"]


class Calls:
    """Makes statements, each from its own seed."""

    def __init__(self, names):
        self.names = names
        self.examples = examples()

    def view(self):
        """Returns the table: each type's first values, then NULL, then the others."""
        chosen = [(kind, self.row_values(kind)) for kind in VALUES if kind != "null"]
        rows = [", ".join(values[row] for _, values in chosen) for row in range(3)]
        names = ", ".join(f"c_{kind}" for kind, _ in chosen)
        return f"CREATE OR REPLACE TEMPORARY VIEW t AS SELECT * FROM VALUES {', '.join(f'({row})' for row in rows)} AS v({names})"

    @staticmethod
    def row_values(kind):
        first, second = {"array": ("array(1, 2)", "array(3, null)"), "map": ("map(1, 'a')", "map(2, null)"),
                         "struct": ("named_struct('a', 1)", "named_struct('a', 2)")}.get(kind, VALUES[kind][:2])
        return [first, "null", second]

    def argument(self, rng, column, kinds=None):
        if rng.random() < 0.03:
            return rng.choice(FUNCTIONS_OF_ONE)
        kind = rng.choice(kinds or list(VALUES))
        if column and kind != "null" and rng.random() < 0.7:
            return f"c_{kind}"
        return rng.choice(VALUES[kind])

    def arguments(self, rng, count, column):
        """Of types at random, or of one or two types, which more calls take."""
        kinds = None if rng.random() < 0.5 else rng.sample(list(VALUES), rng.choice([1, 2]))
        return [self.argument(rng, column, kinds) for _ in range(count)]

    def statement(self, seed):
        rng = random.Random(f"calls {seed}")
        column = rng.random() < 0.4
        source = " FROM t" if column else ""
        count = rng.choices([0, 1, 2, 3, 4], [1, 6, 8, 5, 3])[0]
        pick = rng.random()
        if pick < 0.12:
            form = rng.choice(FORMS)
            parts = form.split("#")
            given = self.arguments(rng, len(parts) - 1, column) + [""]
            return f"SELECT {''.join(part + argument for part, argument in zip(parts, given))}{source}"
        if pick < 0.16:
            call = f"{rng.choice(GENERATORS)}({', '.join(self.arguments(rng, count, False))})"
            return rng.choice([f"SELECT {call}", f"SELECT * FROM {call} LIMIT 5", f"SELECT * FROM t LATERAL VIEW {call} x"])
        if pick < 0.2:
            call = f"{rng.choice(WINDOWS)}({', '.join(self.arguments(rng, count, True))})"
            frame = rng.choice(["", "", " ROWS BETWEEN 1 PRECEDING AND 2147483647 FOLLOWING", " RANGE BETWEEN 1 PRECEDING AND CURRENT ROW"])
            return f"SELECT {call} OVER (ORDER BY {self.argument(rng, True)}{frame}) FROM t"
        name = self.names[seed % len(self.names)]
        if name in self.examples and rng.random() < 0.6:
            return self.changed(rng, *rng.choice(self.examples[name]), column) + source
        return f"SELECT {name}({', '.join(self.arguments(rng, count, column))}){source}"

    def changed(self, rng, before, arguments, after, column):
        """Returns an example with one or two arguments replaced, or one too many or too few."""
        arguments = list(arguments)
        for _ in range(rng.choice([1, 1, 2])):
            if arguments:
                arguments[rng.randrange(len(arguments))] = self.argument(rng, column)
        if rng.random() < 0.08:
            arguments.append(self.argument(rng, column))
        elif arguments and rng.random() < 0.08:
            arguments.pop()
        return f"SELECT {before}{', '.join(arguments)}{after}"


def examples():
    """Returns the calls in the examples of Spark's documentation by function: the text before, the arguments, the text after."""
    found = collections.defaultdict(list)
    text = (pathlib.Path(__file__).resolve().parents[2] / "SQLLogicTests/Cases/functions/examples.slt").read_text()
    for line in text.split("\n"):
        if not line.startswith("SELECT ") or " FROM " in line.upper():
            continue
        line = line.removeprefix("SELECT ")
        for call in re.finditer(r"\b([a-z_0-9]+)\(", line):
            pieces = split(line, call.end())
            if pieces:
                found[call[1]].append((line[:call.end()], *pieces))
    return found


def split(line, place):
    """Returns the arguments from a place behind an opening parenthesis on, and the text from the closing one on."""
    depth, start, quote, arguments = 0, place, None, []
    for at in range(place, len(line)):
        character = line[at]
        if quote:
            quote = None if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}" and depth > 0:
            depth -= 1
        elif depth == 0 and character in ",)":
            arguments.append(line[start:at].strip())
            start = at + 1
            if character == ")":
                return [argument for argument in arguments if argument], line[at:]
    return None


def judge(answer):
    """Returns what is wrong with an answer, or nothing."""
    if answer.failure in ("crash", "hang"):
        return answer.failure
    if answer.failure and (answer.code() == "INTERNAL_ERROR" or "no cast from" in answer.text):
        return "internal"
    return None


def function_names(session):
    return [row[0] for row in session.run(Text("SHOW FUNCTIONS")).rows]


class Text:
    """A statement as `engines.Millrace` takes it."""

    def __init__(self, text):
        self.sql = text

    def text(self, _):
        return self.sql


def processor_seconds(process):
    """Returns the processor time that the child used so far."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--name", action="append", default=[])
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    run = Run(options)
    run.all()
    sys.exit(1 if any(run.counts[name] for name in ("crash", "hang", "internal")) else 0)


class Run:
    """Calls in one child process, or in as many as there are crashes."""

    def __init__(self, options):
        self.options, self.counts = options, collections.Counter()
        self.session = engines.Millrace(f"{engines.programs()}/benchmark")
        self.calls = Calls(options.name or function_names(self.session))
        self.session.use([self.calls.view()])
        self.ended = 0.0  # processor seconds of processes that have ended

    def all(self):
        used = 0.0
        for seed in range(self.options.seed, self.options.seed + self.options.count):
            process = self.session.process
            self.one(seed)
            if self.session.process is not process:  # a crash or a hang took it
                self.ended, used = used, used
            elif seed % 20 == 0:
                used = self.ended + processor_seconds(process)
                if used > self.options.seconds:
                    break
        self.session.close()
        print(f"{sum(self.counts.values())} calls, {used:.0f} s of processor time: {dict(self.counts)}")

    def one(self, seed):
        text = self.calls.statement(seed)
        answer = self.session.run(Text(text))
        wrong = judge(answer)
        self.counts[wrong or ("error" if answer.failure else "rows")] += 1
        if wrong:
            print(f"{seed} {wrong}: {text}\n    {answer.text[:300]}", flush=True)


if __name__ == "__main__":
    main()
