"""The oracle's cases: which statement reads which data, and where its result goes."""
import dataclasses
import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = ROOT / ".deps" / "data"
SCALE = os.environ.get("MILLRACE_ORACLE_SCALE", "0.1")
"""TPC-H scale. Results of another one than the committed are kept below .deps/oracle (see scripts/oracle)."""
RESULTS = HERE / "results" if SCALE == "0.1" else ROOT / ".deps" / "oracle" / f"scale{SCALE}"
TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    """File below this folder, without .sql."""
    statement: str
    scale: str = SCALE
    """TPC-H scale, as in the name of the data's folder."""
    output: str = "rows"
    """rows: printed or collected; parquet: written to a directory, one Parquet data set."""
    partition_by: tuple = ()
    order_by: tuple = ()
    """Pairs (column, descending): the order that the rows, or the files in name order, must have."""

    @property
    def sql(self):
        return (HERE / f"{self.statement}.sql").read_text()

    @property
    def result(self):
        return RESULTS / self.name


def workload(name, **options):
    return Case(name, f"workloads/{name}", **{"output": "parquet", **options})


ORDERS = {
    1: ("l_returnflag", "l_linestatus"), 2: ("-s_acctbal", "n_name", "s_name", "p_partkey"),
    3: ("-revenue", "o_orderdate"), 4: ("o_orderpriority",), 5: ("-revenue",),
    7: ("supp_nation", "cust_nation", "l_year"), 8: ("o_year",), 9: ("nation", "-o_year"), 10: ("-revenue",),
    11: ("-value",), 12: ("l_shipmode",), 13: ("-custdist", "-c_count"), 15: ("s_suppkey",),
    16: ("-supplier_cnt", "p_brand", "p_type", "p_size"), 18: ("-o_totalprice", "o_orderdate"), 20: ("s_name",),
    21: ("-numwait", "s_name"), 22: ("cntrycode",),
}


def order(*columns):
    return tuple((c.lstrip("-"), c.startswith("-")) for c in columns)


CASES = [
    workload("seed"), workload("seed_unnamed"), workload("raw_json"), workload("csv_to_parquet"),
    workload("partitioned", partition_by=("o_year", "o_orderstatus")),
    workload("groupby_high"), workload("groupby_low", output="rows"), workload("join_write"),
    workload("sort", order_by=order("-l_extendedprice", "l_comment", "l_orderkey")),
] + [Case(f"tpch-q{i}", f"tpch/q{i}", order_by=order(*ORDERS.get(i, ()))) for i in range(1, 23)]

BY_NAME = {case.name: case for case in CASES}


def views(case):
    """Statements of Spark SQL, the engine's own too, that declare the inputs which the case's statement names."""
    import re
    words = set(re.findall(r"[a-z_]+", case.sql))
    found = []
    for table in TABLES:
        if table in words:
            path = DATA / f"tpch{case.scale}" / "parquet" / f"{table}.parquet"
            found.append(f"CREATE OR REPLACE TEMPORARY VIEW {table} USING parquet OPTIONS (path '{path}')")
    if "lineitem_csv" in words:
        path = DATA / f"tpch{case.scale}" / "csv" / "lineitem.csv"
        found.append("CREATE OR REPLACE TEMPORARY VIEW lineitem_csv USING csv "
                     f"OPTIONS (path '{path}', header 'true', inferSchema 'true')")
    if "raw" in words:
        found.append(f"CREATE OR REPLACE TEMPORARY VIEW raw USING json OPTIONS (path '{DATA / 'json'}/')")
    return found


def body(case):
    """The statement without its comment lines."""
    return "\n".join(l for l in case.sql.splitlines() if not l.startswith("--")).strip()


def job(case, out):
    """The whole job for etl-submit: views, then the statement, whose rows are written to `out` when that is given."""
    statements = views(case)
    if not out:
        statements.append(body(case))
    elif case.partition_by:
        by = ", ".join(case.partition_by)
        # A cluster keeps its tables: the job may run there more than once.
        statements.append("DROP TABLE IF EXISTS result")
        statements.append(f"CREATE TABLE result USING parquet PARTITIONED BY ({by}) LOCATION '{out}' AS\n{body(case)}")
    else:
        statements.append(
            f"INSERT OVERWRITE DIRECTORY '{out}' USING parquet OPTIONS (compression 'snappy')\n{body(case)}")
    return ";\n\n".join(statements) + ";\n"
