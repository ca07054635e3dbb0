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


def open_engine(name, data):
    import millrace
    if name in ("sail", "spark"):
        return PySpark(data, name == "sail")
    opener = {
        "millrace": millrace.Embedded, "millrace-submit": millrace.Submit, "millrace-cluster": millrace.Cluster,
        "duckdb": DuckDB, "polars": Polars, "datafusion": DataFusion,
    }
    return opener[name](data)
