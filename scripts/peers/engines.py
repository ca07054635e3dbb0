"""The peer engines behind one small interface: collect a query, write it, read CSV and JSON."""
import os

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


class DuckDB:
    def __init__(self, data):
        import duckdb
        self.connection, self.data = duckdb.connect(), data
        for table in TABLES:
            self.connection.execute(f"create view {table} as select * from '{data}/parquet/{table}.parquet'")

    def collect(self, query):
        self.connection.execute(query).fetchall()

    def write(self, query, out):
        self.connection.execute(
            f"copy ({query}) to '{out}' (format parquet, compression snappy, per_thread_output true)")

    def write_ordered(self, query, out):
        os.makedirs(out)
        self.connection.execute(f"copy ({query}) to '{out}/0.parquet' (format parquet, compression snappy)")

    def write_partitioned(self, query, out, by):
        self.connection.execute(
            f"copy ({query}) to '{out}' (format parquet, compression snappy, partition_by ({','.join(by)}))")

    def open_json(self):
        self.connection.execute(f"create or replace view raw as select * from read_json('{self.data}/json/*.json')")

    def open_csv(self):
        self.connection.execute(
            f"create or replace view lineitem_csv as select * from read_csv('{self.data}/csv/lineitem.csv')")


class DataFusion:
    def __init__(self, data):
        import datafusion
        self.context, self.data = datafusion.SessionContext(), data
        for table in TABLES:
            self.context.register_parquet(table, f"{data}/parquet/{table}.parquet")

    def collect(self, query):
        self.context.sql(query).collect()

    def write(self, query, out):
        self.context.sql(query).write_parquet(out, compression="snappy")

    def write_partitioned(self, query, out, by):
        self.context.sql(f"copy ({query}) to '{out}/' stored as parquet partitioned by ({','.join(by)}) "
                         "options ('format.compression' 'snappy')").collect()

    def open_json(self):
        self.context.deregister_table("raw")
        self.context.register_json("raw", f"{self.data}/json/", file_extension=".json")

    def open_csv(self):
        self.context.deregister_table("lineitem_csv")
        self.context.register_csv("lineitem_csv", f"{self.data}/csv/lineitem.csv")


class Polars:
    def __init__(self, data):
        import polars
        self.polars, self.data = polars, data
        self.context = polars.SQLContext(
            {table: polars.scan_parquet(f"{data}/parquet/{table}.parquet") for table in TABLES})

    def collect(self, query):
        self.context.execute(query).collect()

    def write(self, query, out):
        os.makedirs(out)
        query = query.replace("meta.device as device", "device")  # its SQL has no struct fields
        self.context.execute(query).sink_parquet(f"{out}/0.parquet", compression="snappy")

    def write_partitioned(self, query, out, by):
        self.context.execute(query).sink_parquet(
            self.polars.PartitionBy(out, key=list(by)), mkdir=True, compression="snappy")

    def open_json(self):
        raw = self.polars.scan_ndjson(f"{self.data}/json/*.json")
        self.context.register("raw", raw.with_columns(device=self.polars.col("meta").struct.field("device")))

    def open_csv(self):
        self.context.register(
            "lineitem_csv", self.polars.scan_csv(f"{self.data}/csv/lineitem.csv", try_parse_dates=True))


class PySpark:
    """Spark, or Sail through the interface that its users have."""

    def __init__(self, data, sail):
        from pyspark.sql import SparkSession
        self.data = data
        if sail:
            from pysail.spark import SparkConnectServer
            self.server = SparkConnectServer()
            self.server.start(background=True)
            port = self.server.listening_address[1]
            self.session = SparkSession.builder.remote(f"sc://localhost:{port}").getOrCreate()
        else:
            builder = SparkSession.builder.master("local[*]").config("spark.driver.memory", "12g")
            self.session = builder.config("spark.ui.enabled", "false").config(
                "spark.sql.shuffle.partitions", "4").config("spark.ui.showConsoleProgress", "false").getOrCreate()
        for table in TABLES:
            self.session.read.parquet(f"{data}/parquet/{table}.parquet").createOrReplaceTempView(table)

    def collect(self, query):
        self.session.sql(query).collect()

    def write(self, query, out):
        self.session.sql(query).write.mode("overwrite").option("compression", "snappy").parquet(out)

    def write_partitioned(self, query, out, by):
        frame = self.session.sql(query).write.mode("overwrite").partitionBy(*by)
        frame.option("compression", "snappy").parquet(out)

    def open_json(self):
        self.session.read.json(f"{self.data}/json/").createOrReplaceTempView("raw")

    def open_csv(self):
        self.session.read.option("header", True).option("inferSchema", True).csv(
            f"{self.data}/csv/lineitem.csv").createOrReplaceTempView("lineitem_csv")


class Millrace:
    """One warm embedded cluster in a process of its own; results are read to the last row there."""

    def __init__(self, data):
        import subprocess
        self.data = data
        self.process = subprocess.Popen(
            [os.environ["MILLRACE_BENCHMARK"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.views = "".join(
            f"CREATE OR REPLACE TEMPORARY VIEW {table} USING parquet OPTIONS (path '{data}/parquet/{table}.parquet');\n"
            for table in TABLES)

    def run(self, statement):
        self.process.stdin.write(self.views + statement.strip().rstrip(";") + ";\n.\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer.startswith("ok"):
            raise RuntimeError(answer.strip())

    def collect(self, query):
        self.run(query)

    def write(self, query, out):
        self.run(f"INSERT OVERWRITE DIRECTORY '{out}' USING parquet OPTIONS (compression 'snappy')\n{query}")

    def write_partitioned(self, query, out, by):
        self.run(f"CREATE OR REPLACE TABLE bench USING parquet OPTIONS (compression 'snappy') "
                 f"PARTITIONED BY ({', '.join(by)}) LOCATION '{out}' AS\n{query}")

    def open_json(self):
        if "VIEW raw" not in self.views:
            self.views += f"CREATE OR REPLACE TEMPORARY VIEW raw USING json OPTIONS (path '{self.data}/json/');\n"

    def open_csv(self):
        if "lineitem_csv" not in self.views:
            self.views += ("CREATE OR REPLACE TEMPORARY VIEW lineitem_csv USING csv OPTIONS "
                           f"(path '{self.data}/csv/lineitem.csv', header 'true', inferSchema 'true');\n")

    def peak_megabytes(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(status.read().split("VmHWM:")[1].split()[0]) // 1024


NAMES = ["millrace", "duckdb", "polars", "datafusion", "sail", "spark"]


def open_engine(name, data):
    if name in ("sail", "spark"):
        return PySpark(data, name == "sail")
    return {"millrace": Millrace, "duckdb": DuckDB, "polars": Polars, "datafusion": DataFusion}[name](data)
