#!/usr/bin/env python3
"""Runs jobs of etl-submit that read from doubles of web servers, Google Cloud Storage and Azure: in the program itself, then
on a coordinator and two workers, whose programs are beside it. Says nothing when all is well.

usage: remote_files.py ETL_SUBMIT
"""
import base64
import functools
import gzip
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import pyarrow
import pyarrow.parquet

from doubles.azure import Azure
from doubles.google import Google
from doubles.web import Web

program = sys.argv[1]
web, other, google, azure = Web(), Web(), Google(), Azure()
web.elsewhere = other.origin
ACCOUNT = "abfss://lake@acct.dfs.core.windows.net"
environment = dict(
    os.environ, CLOUD_STORAGE_EMULATOR_ENDPOINT=google.origin, AZURE_STORAGE_SERVICE_ENDPOINT=azure.origin,
    AZURE_STORAGE_KEY=base64.b64encode(b"key").decode())

COUNT = 20_000
COUNTRIES = ["AT", "BE", "DE"]
rows = [{"id": i, "country": COUNTRIES[i % 3], "amount": i * 0.5} for i in range(COUNT)]
EXPECTED = {"n": COUNT, "s": sum(range(COUNT))}


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def csv(rows):
    return "".join(["id,country,amount\n"] + [f"{r['id']},{r['country']},{r['amount']}\n" for r in rows]).encode()


def parquet(rows):
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), file, row_group_size=5_000)
    return file.getvalue()


@functools.cache
def random_csv(seed):
    """A compressed file that is read from its beginning to its end, in several requests."""
    numbers = random.Random(seed)
    text = "x\n" + "".join(numbers.randbytes(30).hex() + "\n" for _ in range(200_000))
    return gzip.compress(text.encode(), 1)


contents = {"rows.json": lines(rows), "rows.csv": csv(rows), "rows.csv.gz": gzip.compress(csv(rows)),
            "rows.parquet": parquet(rows)}
for double in web, other, google, azure:
    for name, body in contents.items():
        double.put(name, body)
    double.put("big.csv.gz", random_csv(1))
for double in google, azure:
    for country in COUNTRIES:
        double.put(f"by/country={country}/part 0.parquet",
                   parquet([row for row in rows if row["country"] == country]))
    # The emulator takes no empty objects.
    double.put("by/_SUCCESS", b"\n")
    double.put("by/.hidden/x.parquet", b"nothing")

flags = []
"""Flags that say where jobs run."""


def submit(sql, **variables):
    """Runs a job; a variable that is None is not there."""
    variables = {name: value for name, value in dict(environment, **variables).items() if value is not None}
    done = subprocess.run(
        [program, "--output", "json", "--progress", "none", "-e", sql, *flags], env=variables, capture_output=True,
        text=True, timeout=90)
    return done.returncode, done.stdout, done.stderr


def run(sql, **variables):
    status, output, errors = submit(sql, **variables)
    assert status == 0, (sql, errors)
    return [json.loads(line) for line in output.splitlines()]


def refused(sql, *words, **variables):
    """Expects a job to fail with all words in its message and with a remedy; returns the message."""
    status, _, errors = submit(sql, **variables)
    assert status == 1 and all(word in errors for word in words), (sql, words, errors)
    return errors


def total(format, path):
    if format == "csv":
        return (f"CREATE TEMPORARY VIEW v USING csv OPTIONS (path '{path}', header 'true', inferSchema 'true'); "
                "SELECT count(*) AS n, sum(id) AS s FROM v")
    return f"SELECT count(*) AS n, sum(id) AS s FROM {format}.`{path}`"


def reads(base, query=""):
    """Reads each format below a place."""
    for format, name in ("json", "rows.json"), ("csv", "rows.csv"), ("csv", "rows.csv.gz"), ("parquet", "rows.parquet"):
        found = run(total(format, f"{base}/{name}{query}"))
        assert found == [EXPECTED], (base, name, found)


def replaced(double, place):
    """A file that another one takes the place of while it is read, of the same length or not."""
    double.put("big.csv.gz", random_csv(1))
    double.swaps["big.csv.gz"] = (1 << 20, random_csv(2))
    refused(f"SELECT count(*) FROM csv.`{place}/big.csv.gz`", "FILE_CHANGED", "\n  = ")
    assert not double.swaps, "nothing was replaced"


def folders(place, requests):
    """Partition folders: all of them, one of them without a look into the others, a glob, and the tree's root."""
    found = run(f"SELECT country, count(*) AS n, sum(id) AS s FROM parquet.`{place}/by/` GROUP BY country ORDER BY country")
    assert [row["country"] for row in found] == COUNTRIES and sum(row["s"] for row in found) == EXPECTED["s"], found
    del requests[:]
    found = run(f"SELECT count(*) AS n, max(amount) >= 0 AS y FROM parquet.`{place}/by` WHERE country = 'AT'")
    assert found == [{"n": COUNT // 3 + 1, "y": True}], found
    for country, count in ("AT", True), ("BE", False), ("DE", False):
        fetched = [r for r in requests if f"country={country}/part" in r[-2] and ("alt=media" in r[-1] or not r[-1])]
        assert bool(fetched) == count, (country, fetched)
    found = run(f"SELECT count(*) AS n FROM parquet.`{place}/by/country={{AT,DE}}/*.parquet`")
    assert found == [{"n": 2 * COUNT // 3}], found


def web_habits():
    for kind in "files", "whole", "nohead", "stream", "moved", "flaky", "away":
        reads(f"{web.origin}/{kind}")
    reads(f"{web.origin}/secret", "?token=right&x=.zip")
    # What is asked for is what is needed, not everything: the footer, and one column of three.
    noise = random.Random(3)
    web.put("wide.parquet", parquet([{"a": i, "b": noise.randbytes(150).hex()} for i in range(40_000)]))
    before = len(web.seen)
    assert run(f"SELECT sum(a) AS s FROM parquet.`{web.origin}/files/wide.parquet`") == [{"s": sum(range(40_000))}]
    asked = sum(span[1] - span[0] + 1 for _, _, span in web.seen[before:] if span)
    assert asked < len(web.files["wide.parquet"][0]), asked
    replaced(web, web.origin + "/files")
    for path, words in [
        ("files/none.json", ["PATH_NOT_FOUND"]), ("dir", ["HTTP_NO_DIRECTORIES"]), ("dir/", ["HTTP_NO_DIRECTORIES"]),
        ("files/*.json", ["HTTP_NO_DIRECTORIES"]), ("broken/rows.json", ["HTTP_STATUS", "503"]),
        ("packed/rows.json", ["HTTP_ENCODED"]),
    ]:
        refused(f"SELECT * FROM json.`{web.origin}/{path}`", *words, "\n  = ")
    # No secret of an address is in a message or a plan.
    for sql in [
        f"SELECT * FROM json.`{web.origin}/secret/rows.json?token=hidden-one`",
        f"SELECT nothing FROM json.`{web.origin}/secret/rows.json?token=right&hidden-one`",
        f"SELECT CAST(country AS INT) FROM json.`{web.origin}/secret/rows.json?token=right&hidden-one`",
        f"SELECT * FROM json.`http://user:hidden-one@{web.origin[7:]}/files/rows.json`",
        f"INSERT OVERWRITE DIRECTORY '{web.origin}/out?hidden-one' USING json SELECT 1 AS one",
    ]:
        errors = refused(sql, "[")
        shown = "\n".join(line for line in errors.splitlines() if not line.startswith("   |"))
        assert "hidden-one" not in shown, errors
    plans = run(f"EXPLAIN FORMATTED SELECT * FROM json.`{web.origin}/secret/rows.json?token=right&hidden-one`")
    assert "rows.json" in str(plans) and "hidden-one" not in str(plans), plans


def store_habits():
    for double, place in (google, "gs://lake"), (azure, ACCOUNT):
        reads(place)
        folders(place, double.seen)
        replaced(double, place)
        for path, words in [("none/", ["PATH_NOT_FOUND"]), ("none.json", ["PATH_NOT_FOUND"])]:
            refused(f"SELECT * FROM json.`{place}/{path}`", *words, "\n  = ")
        refused(f"INSERT OVERWRITE DIRECTORY '{place}/out' USING parquet SELECT 1 AS one", "UNSUPPORTED_FILE_SYSTEM",
                "\n  = ")
    refused("SELECT * FROM json.`gs://nowhere/`", "PATH_NOT_FOUND", "\n  = ")
    refused("SELECT * FROM json.`abfss://nowhere@acct.dfs.core.windows.net/`", "PATH_NOT_FOUND", "\n  = ")
    refused("SELECT * FROM json.`abfss://lake@evil.example.com/x`", "AZURE_ADDRESS_INVALID", "\n  = ")


# Embedded.
web_habits()
store_habits()
azure.busy = 2
reads(ACCOUNT)
signed = dict(AZURE_STORAGE_KEY="", AZURE_STORAGE_SAS_TOKEN="?sv=2024&sig=right")
assert run(total("json", ACCOUNT + "/rows.json"), **signed) == [EXPECTED]
signed["AZURE_STORAGE_SAS_TOKEN"] = "sv=2024&sig=hidden-one"
errors = refused(total("json", ACCOUNT + "/rows.json"), "AZURE_ACCESS_DENIED", "\n  = ", **signed)
assert "hidden-one" not in errors, errors
refused(total("json", ACCOUNT + "/rows.json"), "AZURE_ACCESS_DENIED", AZURE_STORAGE_KEY="", AZURE_SKIP_SIGNATURE="true")
refused(total("json", ACCOUNT + "/rows.json"), "AZURE_UNREACHABLE", "\n  = ",
        AZURE_STORAGE_SERVICE_ENDPOINT="http://127.0.0.1:9")
refused(total("json", "gs://lake/rows.json"), "GCS_UNREACHABLE", "\n  = ",
        CLOUD_STORAGE_EMULATOR_ENDPOINT="http://127.0.0.1:9")
refused(total("json", "gs://lake/rows.json"), "GCS_NO_CREDENTIALS", "\n  = ", CLOUD_STORAGE_EMULATOR_ENDPOINT=None,
        GOOGLE_APPLICATION_CREDENTIALS="/nowhere/key.json")
refused(total("json", "http://127.0.0.1:9/rows.json"), "HTTP_UNREACHABLE", "\n  = ")

nodes = []


def start(name, errors, *flags):
    """Starts a program of the cluster and returns the first port that it tells; what it logs goes to a file."""
    node = subprocess.Popen(
        [os.path.join(os.path.dirname(program), name), *flags], env=environment, text=True, stdout=subprocess.PIPE,
        stderr=open(errors, "a"))
    nodes.append(node)
    return re.search(r"127\.0\.0\.1:(\d+)", node.stdout.readline())[1]


def cluster(folder, name, coordinator_flags, worker_flags):
    log = f"{folder}/{name}.log"
    port = start("etl-coordinator", log, "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--state",
                 f"{folder}/{name}", *coordinator_flags)
    for _ in range(2):
        start("etl-worker", log, "--coordinator", f"http://127.0.0.1:{port}", "--slots", "1", "--memory", "512m",
              "--spill", folder, *worker_flags)
    flags[:] = ["--coordinator", f"http://127.0.0.1:{port}", "--conf", "spark.sql.files.maxPartitionBytes=200KB"]
    return log


with tempfile.TemporaryDirectory() as folder:
    try:
        # On a cluster nothing outside is read unless its operator says so, of each program.
        cluster(folder, "closed", ["--storage", folder], ["--storage", folder])
        refused(total("json", web.origin + "/files/rows.json"), "HTTP_NOT_ALLOWED", "--allow-http " + web.origin)
        refused(total("json", "gs://lake/rows.json"), "PATH_NOT_ALLOWED", "--allow-path")
        refused(total("json", ACCOUNT + "/rows.json"), "PATH_NOT_ALLOWED", "--allow-path")
        allowed = ["--allow-http", web.origin]
        cluster(folder, "half", allowed, [])
        refused(total("json", web.origin + "/files/rows.json"), "HTTP_NOT_ALLOWED", "--allow-http " + web.origin)
        paths = ["--storage", folder, "--allow-path", "gs://lake", "abfs://lake@acct.dfs.core.windows.net/"]
        log = cluster(folder, "open", allowed + paths, allowed + paths)
        for kind in "files", "whole", "moved":
            reads(f"{web.origin}/{kind}")
        reads(f"{web.origin}/secret", "?token=right&hidden-one")
        replaced(web, web.origin + "/files")
        for double, place in (google, "gs://lake"), (azure, ACCOUNT):
            reads(place)
            folders(place, double.seen)
        # Where a redirect leads is looked at as the address itself; another name of an allowed server is another one.
        for address in web.origin + "/away/rows.json", other.origin + "/files/rows.json", (
                f"http://localhost:{web.server.server_port}/files/rows.json"):
            refused(f"SELECT * FROM json.`{address}`", "HTTP_NOT_ALLOWED", "\n  = ")
        before = len(other.seen)
        web.elsewhere = "http://169.254.169.254"
        refused(f"SELECT * FROM json.`{web.origin}/away/rows.json`", "HTTP_NOT_ALLOWED", "169.254.169.254")
        refused(f"SELECT * FROM json.`{web.origin}/secret/rows.json?token=hidden-one`", "HTTP_STATUS", "403")
        assert len(other.seen) == before
        leaked = [line for line in open(log) if "hidden-one" in line]
        assert not leaked, leaked
    finally:
        for node in nodes:
            node.kill()
            node.wait()
