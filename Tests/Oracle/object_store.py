#!/usr/bin/env python3
"""Runs jobs of etl-submit on a double of S3 and compares what they leave with DuckDB: in the program itself, then on a
coordinator and two workers, whose programs are beside it. Says nothing when all is well.

usage: object_store.py ETL_SUBMIT
"""
import io
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import boto3
import duckdb
import pyarrow
import pyarrow.parquet
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *arguments):
        pass


class Holding:
    """Holds requests of a kind while it is told to: `hold(method, text)` until `release()`, after which the client must
    send them again. `text` is of the path or the query; the first `skipped` of the requests pass."""

    def __init__(self, app):
        self.app, self.kind = app, None

    def hold(self, method, *texts, skipped=0):
        self.reached, self.released, self.skipped = threading.Event(), threading.Event(), skipped
        self.kind = (method, texts)

    def release(self):
        self.kind = None
        self.released.set()

    def __call__(self, environ, start_response):
        kind = self.kind
        place = environ["PATH_INFO"] + "?" + environ["QUERY_STRING"]
        if kind and environ["REQUEST_METHOD"] == kind[0] and all(text in place for text in kind[1]):
            self.skipped -= 1
            if self.skipped < 0:
                self.reached.set()
                self.released.wait(60)
                start_response("503 Slow Down", [("Content-Length", "0")])
                return [b""]
        return self.app(environ, start_response)


program = sys.argv[1]
server_app = Holding(DomainDispatcherApplication(create_backend_app))
server = make_server("127.0.0.1", 0, server_app, threaded=True, request_handler=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
environment = dict(
    os.environ, AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_REGION="us-east-1",
    AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.server_port}", AWS_EC2_METADATA_DISABLED="true")
s3 = boto3.client(
    "s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name="us-east-1", aws_access_key_id="testing",
    aws_secret_access_key="testing")


flags = []
"""Flags that say where jobs run."""


def submit(sql, **more):
    done = subprocess.run(
        [program, "--output", "json", "-e", sql, *flags], env=dict(environment, **more), capture_output=True, text=True,
        timeout=60)
    return done.returncode, done.stdout, done.stderr


def run(sql):
    status, output, errors = submit(sql)
    assert status == 0, errors
    return [json.loads(line) for line in output.splitlines()]


def keys(prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def files(prefix):
    """Lists what readers see below a prefix."""
    return [key for key in keys(prefix) if "/_" not in key]


def table(prefix):
    """Reads all Parquet files below a prefix, with the partition column of their folders."""
    tables = []
    for key in keys(prefix):
        if key.endswith(".parquet"):
            body = s3.get_object(Bucket="lake", Key=key)["Body"].read()
            read = pyarrow.parquet.ParquetFile(io.BytesIO(body)).read()
            for part in key.split("/"):
                if part.startswith("country="):
                    value = pyarrow.array([part.removeprefix("country=")] * len(read), pyarrow.string())
                    read = read.append_column("country", value)
            tables.append(read)
    return pyarrow.concat_tables(tables, promote_options="default")


def same(ours, query):
    ours = duckdb.sql("SELECT id, country, round(amount, 6) FROM ours ORDER BY ALL").fetchall()
    theirs = duckdb.sql(query + " ORDER BY ALL").fetchall()
    assert ours == theirs and ours, (ours[:3], theirs[:3])


s3.create_bucket(Bucket="lake")
rows = [{"id": i, "country": f"c{i % 5}", "amount": i * 1.25} for i in range(60_000)]
for start in range(0, len(rows), 20_000):
    text = "\n".join(json.dumps(row) for row in rows[start:start + 20_000])
    s3.put_object(Bucket="lake", Key=f"raw/day={start}/part.json", Body=text)
s3.put_object(Bucket="lake", Key="raw/_temporary/part.json", Body="not json")
source = pyarrow.Table.from_pylist(rows)

# JSON to Parquet, to partitions, and back.
counts = run(
    "CREATE TEMPORARY VIEW raw USING json OPTIONS (path 's3://lake/raw/');"
    "INSERT OVERWRITE DIRECTORY 's3a://lake/flat/' USING parquet SELECT id, country, amount FROM raw WHERE id > 10;"
    "CREATE TABLE t USING parquet PARTITIONED BY (country) LOCATION 's3://lake/by/' AS "
    "SELECT id, amount, country FROM parquet.`s3://lake/flat/*.parquet`;"
    "SELECT country, count(*) AS n FROM parquet.`s3://lake/by/` WHERE country <> 'c1' GROUP BY country ORDER BY 1")
expected = duckdb.sql(
    "SELECT country, count(*) FROM source WHERE id > 10 AND country <> 'c1' GROUP BY 1 ORDER BY 1").fetchall()
assert [(row["country"], row["n"]) for row in counts] == expected, counts
for prefix in "flat/", "by/":
    same(table(prefix), "SELECT id, country, round(amount, 6) FROM source WHERE id > 10")
    assert prefix + "_SUCCESS" in keys(prefix)

# Two statements of a job add to the same directory, of S3 or of this machine.
with tempfile.TemporaryDirectory() as folder:
    for place in "s3://lake/added", folder + "/added":
        added = run(
            f"CREATE TABLE a USING parquet LOCATION '{place}' AS SELECT 1 AS x; INSERT INTO a SELECT 2 AS x;"
            f"INSERT INTO a SELECT 3 AS x; SELECT x FROM parquet.`{place}` ORDER BY x")
        assert [row["x"] for row in added] == [1, 2, 3], (place, added)

# A second overwrite replaces the first.
run("INSERT OVERWRITE DIRECTORY 's3://lake/flat/' USING parquet "
    "SELECT id, country, amount FROM json.`s3://lake/raw/day=0/` WHERE id < 100")
same(table("flat/"), "SELECT id, country, round(amount, 6) FROM source WHERE id < 100")
before = keys("flat/")

# Killed when all parts are there and the commit is about to complete them: nothing has changed.
server_app.hold("POST", "uploadId=")
killed = subprocess.Popen(
    [program, "-e", "INSERT OVERWRITE DIRECTORY 's3://lake/flat/' USING parquet SELECT 1 AS id"], env=environment,
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
assert server_app.reached.wait(30), "the job did not come to its commit"
killed.kill()
killed.wait()
server_app.release()
assert files("flat/") == [key for key in before if "/_" not in key]
assert len(s3.list_multipart_uploads(Bucket="lake")["Uploads"]) == 1

# A job that fails leaves neither files nor uploads.
status, _, errors = submit(
    "INSERT OVERWRITE DIRECTORY 's3://lake/failed/' USING parquet "
    "SELECT id, CASE WHEN id < 50000 THEN id ELSE raise_error('stop') END AS x FROM json.`s3://lake/raw/`")
assert status == 1, errors
assert not keys("failed/")
assert not [u for u in s3.list_multipart_uploads(Bucket="lake")["Uploads"] if u["Key"].startswith("failed/")]

# What users get wrong is said with a remedy.
for sql, changes, code in [
    ("SELECT * FROM json.`s3://nowhere/raw/`", {}, "S3_BUCKET_NOT_FOUND"),
    ("SELECT * FROM json.`s3://lake/none/`", {}, "PATH_NOT_FOUND"),
    ("SELECT * FROM json.`s3://lake/raw/`", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "S3_UNREACHABLE"),
    ("SELECT * FROM json.`s3://lake/raw/`", {"AWS_ENDPOINT_URL": "nonsense://"}, "S3_ENDPOINT_INVALID"),
    ("SELECT * FROM json.`s3://lake/raw/`", {"ETL_STORE_LIBRARY": "/nowhere/x.so"}, "S3_NOT_AVAILABLE"),
    ("SELECT * FROM json.`s3://lake/raw/`",
     {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": "/nowhere"}, "S3_NO_CREDENTIALS"),
]:
    status, _, errors = submit(sql, **changes)
    assert status == 1 and code in errors and "\n  = " in errors, (code, errors)
status, output, errors = submit("SELECT 1 AS one", ETL_STORE_LIBRARY="/nowhere/x.so")
assert status == 0, "jobs without s3:// paths need the library: " + errors


nodes = []


def start(name, *flags):
    """Starts a program of the cluster and returns it with the first port that it tells."""
    node = subprocess.Popen(
        [os.path.join(os.path.dirname(program), name), *flags], env=environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    nodes.append(node)
    return node, re.search(r"127\.0\.0\.1:(\d+)", node.stdout.readline())[1]


# A pipeline whose tables and outputs are in the store, on a coordinator and a worker that have it as their storage.
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    shop = folder / "shop"
    (shop / "models").mkdir(parents=True)
    (shop / "users.csv").write_text("id,country\n1,a\n2,b\n")
    (shop / "models" / "grown.sql").write_text(
        "{{ config(materialized='incremental') }} SELECT id, country FROM {{ ref('users') }}"
        "{% if is_incremental() %} WHERE id > (SELECT max(id) FROM {{ this }}){% endif %}")
    text = """
name: shop
extract: [{name: users, file: {path: users.csv}}]
transform:
  - {name: out, sql: "SELECT *, id * 2 AS twice FROM {{ ref('users') }}",
     write: {path: "s3://lake/out", partitionBy: country}, columns: [{name: id, tests: [unique, not_null]}]}
  - dbt: {}
"""
    (shop / "etl.yml").write_text(text)
    storage = ["--storage", "s3://lake/home"]
    coordinator, port = start(
        "etl-coordinator", "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--state", folder / "state",
        *storage, "--allow-path", "s3://lake/")
    try:
        url = f"http://127.0.0.1:{port}"
        worker, _ = start(
            "etl-worker", "--coordinator", url, "--slots", "2", "--memory", "512m", "--spill",
            folder / "spill", *storage, "--allow-path", "s3://lake/")
        try:
            def pipeline():
                return subprocess.run(
                    [program, shop, "--coordinator", url, "--progress", "none"], env=environment,
                    capture_output=True, text=True, timeout=100)

            home = "home/millrace-pipelines/shop/tables/"
            done = pipeline()
            assert done.returncode == 0, done.stderr
            assert sorted(table(home + "users/").column("id").to_pylist()) == [1, 2]
            out = table("out/")
            assert sorted(zip(*out.to_pydict().values())) == [(1, 2, "a"), (2, 4, "b")], out
            # More rows: the incremental model takes what is new, and writes that alone; the others take all.
            grown = keys(home + "grown/")
            (shop / "users.csv").write_text("id,country\n2,b\n3,b\n")
            done = pipeline()
            assert done.returncode == 0, done.stderr
            assert sorted(table(home + "grown/").column("id").to_pylist()) == [1, 2, 3]
            assert set(grown) < set(keys(home + "grown/")), keys(home + "grown/")
            assert sorted(table(home + "users/").column("id").to_pylist()) == [2, 3]
            # A test that fails: the output and the step's table stay, and nothing is left aside.
            (shop / "users.csv").write_text("id,country\n7,x\n7,x\n")
            done = pipeline()
            assert done.returncode == 1 and "unique" in done.stderr, done.stderr
            assert sorted(table(home + "out/").column("id").to_pylist()) == [2, 3]
            assert sorted(table("out/").column("id").to_pylist()) == [2, 3]
            left = [key for key in keys("home/") if "/staging/" in key]
            assert not left, left
            # Runs of several intervals at a time share the tables in the store: each finds the rows of its own.
            many = folder / "many"
            (many / "models").mkdir(parents=True)
            (many / "data").mkdir()
            days = [f"2026-10-0{day}" for day in range(1, 6)]
            for day in days:
                (many / "data" / f"{day}.json").write_text(json.dumps({"day": "day " + day}))
            (many / "models" / "grown.sql").write_text(
                "{{ config(materialized='incremental') }} SELECT '{{ ds }}' AS ds, day, "
                "{{ 1 if is_incremental() else 0 }} AS later FROM {{ ref('r') }}")
            (many / "etl.yml").write_text("""
name: many
schedule: "@daily"
start_date: 2100-01-01
max_active_runs: 2
extract:
  - {name: r, file: {path: "data/{{ ds }}.json"}}
  - {name: added, file: {path: "data/{{ ds }}.json"}, write_disposition: append}
  - {name: merged, file: {path: "data/{{ ds }}.json"}, write_disposition: merge, primary_key: day}
transform:
  - {name: out, sql: "SELECT '{{ ds }}' AS ds, day FROM {{ ref('r') }}", write: {path: "s3://lake/many", mode: append}}
  - dbt: {}
""")

            def client(*words):
                done = subprocess.run(
                    [program, *words, "--coordinator", url], env=environment, capture_output=True, text=True, timeout=60)
                assert done.returncode == 0, (words, done.stderr)
                return done.stdout

            client("deploy", many)
            client("backfill", "many", "--from", days[0], "--to", "2026-10-06")
            until, most = time.time() + 90, 0
            while time.time() < until:
                states = [line.split()[2] for line in client("runs", "many").splitlines()[1:] if len(line.split()) > 2]
                most = max(most, states.count("running"))
                if len(states) == len(days) and set(states) <= {"succeeded", "failed"}:
                    break
                time.sleep(0.2)
            assert states == ["succeeded"] * len(days), client("runs", "many")
            assert most == 2, "the runs did not overlap"
            inside = "home/millrace-pipelines/many/tables/"
            for place in "many/", inside + "grown/":
                found = table(place).to_pylist()
                assert sorted((row["ds"], row["day"]) for row in found) == [(day, "day " + day) for day in days], found
            assert sum(row["later"] for row in table(inside + "grown/").to_pylist()) == len(days) - 1
            for step in "added", "merged":
                assert sorted(table(inside + step + "/").column("day").to_pylist()) == ["day " + day for day in days]
            left = [key for key in keys("home/") if "/staging/" in key]
            assert not left, left
            # What etl-submit state shows and forgets of tables in the store.
            def state(*words):
                return subprocess.run(
                    [program, "state", *words, "--coordinator", url], env=environment, capture_output=True,
                    text=True, timeout=60)
            shown = state("show", "shop")
            grown, *others = shown.stdout.splitlines(keepends=True)
            assert grown.startswith("grown: keeps the rows of earlier runs, "), shown
            assert others == [f"{t}: made anew by every run\n" for t in ("out", "users")], shown
            assert state("reset", "shop", "grown").returncode == 0 and not keys(home + "grown/")
        finally:
            worker.kill()
            worker.wait()
    finally:
        coordinator.kill()
        coordinator.wait()


# Extracts that add to their tables in the store, and remember there what they have read: each row once, wherever the
# coordinator is killed, whether it comes back with its state or another one begins without.
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    database = sqlite3.connect(folder / "shop.db", isolation_level=None)
    database.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY)")
    (folder / "kept").mkdir()
    (folder / "kept" / "etl.yml").write_text(f"""
name: kept
connections: {{db: {{uri: "sqlite:{folder}/shop.db"}}}}
extract:
  - {{name: files, file: {{path: "s3://lake/in/", format: json}}, write_disposition: append}}
  - {{name: newest, file: {{path: "s3://lake/in/", format: json}}, write_disposition: merge, primary_key: kind}}
  - {{name: sales, sql: {{connection: db, table: sales, incremental: {{cursor_path: id}}}}}}
""")
    home, ids, known = "home/millrace-pipelines/kept/", [], {}
    places = ["--storage", "s3://lake/home", "--allow-path", "s3://lake/", folder]
    count, port = 0, 0

    def begin(state):
        """Starts a coordinator, on the port of the one before, and a worker."""
        global port
        node, port = start("etl-coordinator", "--listen", f"127.0.0.1:{port}", "--web", "127.0.0.1:0", "--state",
                           folder / state, *places)
        return node, start("etl-worker", "--coordinator", f"http://127.0.0.1:{port}", "--slots", "1", "--memory", "512m",
                           "--spill", folder, *places)[0]

    def client(*words):
        return subprocess.Popen([program, *words, "--coordinator", f"http://127.0.0.1:{port}"], env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def said(*words):
        job = client(*words)
        output, errors = job.communicate(timeout=100)
        assert job.returncode == 0, (words, errors)
        return output

    def come():
        """Brings in what is new: one row of each source."""
        ids.append(len(ids) + 1)
        database.execute("INSERT INTO sales VALUES (?)", [ids[-1]])
        s3.put_object(Bucket="lake", Key=f"in/{ids[-1]}.json", Body=json.dumps({"id": ids[-1], "kind": ids[-1] % 2}))

    def check():
        for step in "files", "sales":
            # No file of these is ever written again.
            there = set(keys(home + f"tables/{step}/"))
            assert known.get(step, set()) <= there, (step, known[step], there)
            known[step] = there
            found = sorted(table(home + f"tables/{step}/").column("id").to_pylist())
            assert found == ids, (step, found, ids)
        found = table(home + "tables/newest/").to_pylist()
        assert sorted(row["id"] for row in found) == ids[-2:], found
        shown = said("state", "show", "kept").splitlines()
        count = f"{len(ids)} files" if len(ids) > 1 else "1 file"
        assert shown[:2] == [f"files: {count} read, each once", f"newest: {count} read, each once"], shown
        assert shown[2].startswith(f"sales: cursor {ids[-1]}, {len(ids)} row"), shown
        left = [key for key in keys(home) if "/staging/" in key]
        assert is_lost or not left, left
        # Of a run that nobody knows any more what was not yet being published stays aside.
        for key in left:
            s3.delete_object(Bucket="lake", Key=key)

    try:
        is_lost = False
        coordinator, worker = begin("state")
        for _ in range(2):
            come()
            said(folder / "kept", "--progress", "none")
            check()
        adding, replacing = [("sales", False), ("files", True)], [("newest", False), ("newest", True)]
        for method, texts, skipped, steps in [
            ("PUT", ["/notes/{step}"], 0, adding),  # before it is written down that the table is to be published
            ("PUT", ["/tables/{step}/part-"], 0, adding),  # before its new rows are
            ("PUT", ["/notes/{step}"], 1, adding),  # before the cursor is
            ("POST", ["/tables/{step}/", "uploadId="], 0, replacing),  # before all its rows are
            ("PUT", ["/tables/{step}/_SUCCESS"], 0, replacing),  # when they are, and the old ones are gone
        ]:
            for step, is_lost in steps:
                come()
                server_app.hold(method, *[text.format(step=step) for text in texts], skipped=skipped)
                job = client(folder / "kept", "--progress", "none")
                assert server_app.reached.wait(60), "the run does not come to " + str(texts)
                for node in [coordinator, worker] if is_lost else [coordinator]:
                    node.kill()
                    node.wait()
                server_app.release()
                if is_lost:
                    job.kill()
                    count += 1
                    coordinator, worker = begin(f"state{count}")
                    said(folder / "kept", "--progress", "none")
                else:
                    coordinator, another = begin(f"state{count}" if count else "state")
                    assert job.wait(100) == 0, job.stderr.read()
                check()
        # New rows that do not fit the table's columns are written again, the old ones are not.
        (folder / "typed").mkdir()
        (folder / "typed" / "etl.yml").write_text("""
name: typed
extract: [{name: rows, file: {path: "s3://lake/typed/", format: json}, write_disposition: append}]
""")
        typed = "home/millrace-pipelines/typed/"
        for number, amount in enumerate([1, "many"]):
            s3.put_object(Bucket="lake", Key=f"typed/{number}.json", Body=json.dumps({"amount": amount}))
            old = keys(typed + "tables/rows/")
            said(folder / "typed", "--progress", "none")
            assert set(old) <= set(keys(typed + "tables/rows/"))
        found = [(row["amount"], row.get("amount__v_string")) for row in table(typed + "tables/rows/").to_pylist()]
        assert sorted(found, key=str) == [(1, None), (None, "many")], found
        # A cursor that is set back, and a table that is forgotten.
        said("state", "rewind", "kept", "sales", "--to", str(len(ids) - 1))
        said(folder / "kept", "--select", "sales", "--progress", "none")
        assert sorted(table(home + "tables/sales/").column("id").to_pylist()) == ids + ids[-1:]
        said("state", "reset", "kept", "sales")
        assert not keys(home + "tables/sales/") and not keys(home + "notes/sales")
        said(folder / "kept", "--select", "sales", "--progress", "none")
        assert sorted(table(home + "tables/sales/").column("id").to_pylist()) == ids
    finally:
        for node in nodes:
            node.kill()
            node.wait()


# Jobs on a coordinator and two workers, each a process.
def uploads(prefix, count=0):
    """Waits up to 20 s until so many uploads below a prefix are open; returns whether they are."""
    for _ in range(200):
        found = s3.list_multipart_uploads(Bucket="lake").get("Uploads", [])
        if sum(u["Key"].startswith(prefix) for u in found) == count:
            return True
        time.sleep(0.1)
    return False


WRITE = ("INSERT OVERWRITE DIRECTORY 's3://lake/far/' USING parquet "
         "SELECT id, country, amount FROM json.`s3://lake/raw/` WHERE id > ")
with tempfile.TemporaryDirectory() as folder:
    try:
        _, port = start("etl-coordinator", "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0", "--state", folder + "/state")
        workers = [start("etl-worker", "--coordinator", f"http://127.0.0.1:{port}", "--slots", "1", "--memory", "256m",
                         "--spill", folder)[0] for _ in range(2)]
        flags = ["--coordinator", f"http://127.0.0.1:{port}", "--conf", "spark.sql.files.maxPartitionBytes=512KB"]

        # An overwrite, and another that replaces it.
        for least in 50, 10:
            run(WRITE + str(least))
            same(table("far/"), f"SELECT id, country, round(amount, 6) FROM source WHERE id > {least}")
            assert "far/_SUCCESS" in keys("far/") and uploads("far/")
        before = keys("far/")

        # A job that fails leaves the earlier objects, and no uploads.
        status, _, errors = submit(WRITE.replace("amount FROM", "CASE WHEN id < 50000 THEN id ELSE "
                                                 "raise_error('stop') END AS x FROM") + "10")
        assert status == 1 and "stop" in errors, errors
        assert uploads("far/") and keys("far/") == before

        # A worker killed while it uploads: the job succeeds, and of the lost task nothing is left.
        server_app.hold("PUT", "partNumber=")
        job = subprocess.Popen(
            [program, "-e", WRITE + "20", *flags], env=environment, text=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        assert server_app.reached.wait(30), "no task uploads"
        assert uploads("far/", 2), "the other task does not upload"
        workers[1].kill()
        server_app.release()
        errors = job.communicate(timeout=60)[1]
        assert job.returncode == 0, errors
        same(table("far/"), "SELECT id, country, round(amount, 6) FROM source WHERE id > 20")
        assert uploads("far/")
    finally:
        for node in nodes:
            node.kill()
            node.wait()
