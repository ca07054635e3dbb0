"""Random jobs with a known answer: the same text run in one process, without a cluster.

Every job is exact (integers, decimals, text) and names its order wherever that decides its rows, so that answers can be
compared byte by byte.
"""

import dataclasses
import hashlib
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = (ROOT / ".deps/data/tpch0.1/parquet").resolve()
TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "supplier"]


def aggregate(random):
    keys = random.choice(["l_returnflag, l_linestatus", "l_shipmode", "l_suppkey", "l_partkey", "l_orderkey"])
    return f"""SELECT {keys}, count(*) AS n, sum(l_quantity) AS q, min(l_comment) AS c, sum(l_extendedprice * (1 - l_discount)) AS s
        FROM lineitem WHERE l_orderkey % {random.choice([1, 2, 3])} = 0 GROUP BY {keys}
        ORDER BY {keys} LIMIT {random.choice([50, 5000])}"""


def join(random):
    kind = random.choice(["JOIN", "LEFT JOIN"])
    return f"""SELECT n_name, o_orderpriority, count(*) AS n, sum(l_extendedprice) AS s
        FROM customer JOIN nation ON c_nationkey = n_nationkey JOIN orders ON o_custkey = c_custkey
        {kind} lineitem ON l_orderkey = o_orderkey AND l_linenumber < {random.choice([2, 4, 8])}
        GROUP BY n_name, o_orderpriority ORDER BY n_name, o_orderpriority"""


def window(random):
    return f"""SELECT * FROM (SELECT o_custkey, o_orderkey, o_totalprice,
          row_number() OVER (PARTITION BY o_custkey ORDER BY o_totalprice DESC, o_orderkey) AS r,
          sum(o_totalprice) OVER (PARTITION BY o_custkey) AS s FROM orders)
        WHERE r <= {random.choice([1, 3])} ORDER BY o_custkey, r"""


def sort(random):
    column = random.choice(["l_extendedprice DESC", "l_comment", "l_shipdate, l_partkey"])
    return f"""SELECT l_orderkey, l_linenumber, l_extendedprice, l_comment FROM lineitem
        WHERE l_orderkey % {random.choice([8, 16])} = 0 ORDER BY {column}, l_orderkey, l_linenumber"""


def semi(random):
    kind = random.choice(["EXISTS", "NOT EXISTS"])
    return f"""SELECT o_orderpriority, count(*) AS n, count(DISTINCT o_custkey) AS customers FROM orders
        WHERE {kind} (SELECT 1 FROM lineitem WHERE l_orderkey = o_orderkey AND l_quantity > {random.choice([30, 45, 49])})
        GROUP BY o_orderpriority ORDER BY o_orderpriority"""


def union(random):
    bound = random.choice([1000, 10000])
    return f"""SELECT k, count(*) AS n, sum(v) AS s FROM (
          SELECT l_partkey AS k, l_quantity AS v FROM lineitem UNION ALL SELECT ps_partkey, ps_availqty FROM partsupp) u
        WHERE k < {bound} GROUP BY k ORDER BY k"""


def write(random):
    keys = random.choice(["l_partkey", "l_suppkey, l_shipmode"])
    return f"""INSERT OVERWRITE DIRECTORY '${{out}}' USING parquet
        SELECT {keys}, count(*) AS n, sum(l_quantity) AS q FROM lineitem GROUP BY {keys};
        SELECT count(*) AS rows, sum(n) AS n, sum(q) AS q FROM parquet.`${{out}}`"""


def partitioned(random):
    # The catalog is one for all clients: each writes a table of its own.
    return f"""CREATE OR REPLACE TABLE ${{table}} USING parquet PARTITIONED BY (o_orderpriority) LOCATION '${{out}}' AS
        SELECT o_orderkey, o_totalprice, o_comment, o_orderpriority FROM orders WHERE o_orderkey % {random.choice([2, 3])} = 1;
        SELECT o_orderpriority, count(*) AS n, sum(o_totalprice) AS s FROM ${{table}} GROUP BY o_orderpriority ORDER BY o_orderpriority"""


KINDS = {"aggregate": aggregate, "join": join, "window": window, "sort": sort, "semi-join": semi, "union": union, "write": write,
         "partitioned write": partitioned}


@dataclasses.dataclass(frozen=True)
class Job:
    kind: str
    text: str
    settings: tuple

    @property
    def writes(self):
        return "${out}" in self.text

    def arguments(self, out):
        """What `etl-submit` is given for it; `out` is where it writes, if it does."""
        views = "".join(f"CREATE TEMPORARY VIEW {name} AS SELECT * FROM parquet.`{DATA}/{name}.parquet`;\n" for name in TABLES
                        if name in self.text)
        text = self.text.replace("${out}", str(out)).replace("${table}", "t_" + re.sub(r"\W", "_", str(out)))
        return ["-e", views + text, "--output", "csv", "--progress", "plain",
                "--conf", *self.settings]


def draw(random):
    """Draws a job: what it does, and into how many tasks it is cut."""
    kind = random.choice(list(KINDS))
    broadcast = random.choice(["-1", "10485760"])
    coalesces = random.choice(["true", "false"])
    return Job(kind, KINDS[kind](random), (
        f"spark.sql.shuffle.partitions={random.choice([3, 7])}", "spark.sql.files.maxPartitionBytes=1MB",
        f"spark.sql.autoBroadcastJoinThreshold={broadcast}",
        # Stages are planned again while faults strike.
        f"spark.sql.adaptive.coalescePartitions.enabled={coalesces}",
        "spark.sql.adaptive.skewJoin.skewedPartitionFactor=1",
        f"spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes={random.choice([1, 1 << 30])}",
        f"spark.sql.adaptive.advisoryPartitionSizeInBytes={random.choice(['1kb', '64mb'])}"))


def contents(program, folder):
    """A digest of the rows below a folder, whatever files they are in."""
    run = subprocess.run([program, "-e", f"SELECT * FROM parquet.`{folder}`", "--output", "csv", "--progress", "none"],
                         capture_output=True, text=True)
    if run.returncode != 0:
        return run.stderr
    return hashlib.sha256("\n".join(sorted(run.stdout.splitlines())).encode()).hexdigest()


def strangers(folder):
    """Files below an output that are no output: what a task or a publication left behind."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith("part-") and path.name != "_SUCCESS"]


class Answers:
    """Tells the answer of a job, from one run of it in this process, on the disk `folder`."""

    def __init__(self, program, folder):
        self.program, self.folder, self._known = program, folder, {}

    def of(self, job):
        """Rows, and the digest of what was written, if anything."""
        if job.text not in self._known:
            out = self.folder / f"answer-{len(self._known)}"
            run = subprocess.run([self.program, *job.arguments(out)], capture_output=True, text=True)
            if run.returncode != 0:
                raise RuntimeError(f"the job fails without a cluster: {run.stderr}")
            self._known[job.text] = (run.stdout, contents(self.program, out) if job.writes else None)
        return self._known[job.text]
