"""The two engines behind one interface: `run(query)` gives an Answer."""
import decimal
import json
import os
import queue
import subprocess
import threading
import time

from . import tables
from .tree import DUCKDB, SPARK

# What takes DuckDB longer, or gives more rows, is not run: random joins grow fast, and tell nothing more.
LARGE_SECONDS, LARGE_ROWS = 1.0, 20_000
LIMIT_SECONDS = int(os.environ.get("MILLRACE_FUZZ_SECONDS", 30))


class Answer:
    """What an engine gave: rows, or an error with its kind ("error", "crash" or "hang") and text."""

    def __init__(self, rows=None, kinds=None, failure=None, text="", seconds=0.0):
        self.rows, self.kinds, self.failure, self.text, self.seconds = rows, kinds, failure, text, seconds

    def is_large(self):
        return self.seconds > LARGE_SECONDS or len(self.rows or ()) > LARGE_ROWS

    def code(self):
        """Returns the error's class: its first word, before the point."""
        return self.text.split(" ")[0].split(".")[0] if self.failure == "error" else self.failure


class Millrace:
    """A warm process of the `benchmark` program: embedded, or the client of a coordinator."""

    def __init__(self, program, arguments=()):
        self.command = [program, "--rows", *arguments]
        self.views, self.process = "", None
        self.restarts = -1

    def use(self, views):
        """Sets the statements that define the tables: a job is a session of its own."""
        self.views = "".join(view + ";\n" for view in views)

    def start(self):
        self.restarts += 1
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, encoding="utf-8", bufsize=1 << 16,
                                        env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        self.lines = queue.Queue()
        self.errors = []
        threading.Thread(target=self.read, args=(self.process, self.lines), daemon=True).start()
        threading.Thread(target=self.read_errors, args=(self.process, self.errors), daemon=True).start()
        if self.lines.get(timeout=60) != "ready":
            raise RuntimeError(f"{self.command} does not start: {''.join(self.errors)}")

    @staticmethod
    def read(process, lines):
        for line in process.stdout:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    @staticmethod
    def read_errors(process, errors):
        for line in process.stderr:
            errors.append(line)
            del errors[:-40]

    def run(self, query, settings=()):
        if self.process is None:
            self.start()
        text = "".join(f"SET {key}={value};\n" for key, value in settings) + self.views + query.text(SPARK)
        try:
            self.process.stdin.write(text + ";\n.\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self.crashed()
        return self.answer()

    def answer(self):
        kinds, rows = [], []
        while True:
            try:
                line = self.lines.get(timeout=LIMIT_SECONDS)
            except queue.Empty:
                self.close(kill=True)
                return Answer(failure="hang", text=f"no answer in {LIMIT_SECONDS} s")
            if line is None:
                return self.crashed()
            if line.startswith("columns "):
                kinds = json.loads(line[8:])
            elif line.startswith("{"):
                pairs = json.loads(line, object_pairs_hook=list, parse_float=str, parse_int=str)
                rows.append([typed(value, kind) for (_, value), kind in zip(pairs, kinds)])
            elif line.startswith("ok "):
                return Answer(rows, kinds)
            else:
                return Answer(failure="error", text=line.removeprefix("error "))

    def crashed(self):
        self.process.wait()
        text = "".join(self.errors)[-1500:]
        status = self.process.returncode
        self.process = None
        return Answer(failure="crash", text=f"the process ended with status {status}: {text}")

    def close(self, kill=False):
        if self.process is None:
            return
        if kill:
            self.process.kill()
        self.process.stdin.close()
        self.process.wait()
        self.process = None


def typed(value, kind):
    """Returns a value of the JSON rows as Python holds it."""
    if value is None or isinstance(value, bool):
        return value
    if kind in ("DOUBLE", "FLOAT"):
        return float(value)
    if kind.startswith("DECIMAL"):
        return decimal.Decimal(value)
    if kind in ("INT", "BIGINT", "SMALLINT", "TINYINT"):
        return int(value)
    return value


class DuckDB:
    def __init__(self):
        import duckdb
        self.module, self.connection = duckdb, None

    def open(self, folder):
        """Reads the tables from their Parquet files."""
        self.connection = self.module.connect()
        self.connection.execute("SET TimeZone = 'UTC'; SET threads = 1; SET error_on_division_by_zero = false")
        for name in tables.SIZES:
            self.connection.execute(
                f"CREATE TABLE {name} AS SELECT * REPLACE (CAST(ts AS TIMESTAMP) AS ts) FROM '{folder}/{name}/*.parquet'")

    def define(self, statements):
        self.connection = self.module.connect()
        self.connection.execute("SET TimeZone = 'UTC'; SET threads = 1; SET error_on_division_by_zero = false")
        for statement in statements:
            self.connection.execute(statement)

    def run(self, query, optimised=True):
        """Runs a query; without its optimiser DuckDB is an oracle that errs less."""
        timer = threading.Timer(LIMIT_SECONDS, self.connection.interrupt)
        timer.start()
        began = time.process_time()
        try:
            self.connection.execute(f"PRAGMA {'enable' if optimised else 'disable'}_optimizer")
            rows = self.connection.execute(query.text(DUCKDB)).fetchmany(LARGE_ROWS + 1)
        except self.module.Error as error:
            return Answer(failure="error", text=f"{type(error).__name__} {error}".split("\n")[0])
        finally:
            timer.cancel()
        return Answer([list(row) for row in rows], seconds=time.process_time() - began)


def programs():
    return os.environ.get("MILLRACE_PROGRAMS", ".build/release")
