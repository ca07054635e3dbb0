#!/usr/bin/env python3
"""Runs the oracle's cases on Spark and writes results/. Needs pyspark 4.1.1 (scripts/peers/setup makes an environment).

usage: spark_results.py [CASE...]
"""
import pathlib
import shutil
import sys
import tempfile
import time

import canonical
import cases


def session():
    from pyspark.sql import SparkSession
    spark = (SparkSession.builder.master("local[2]").appName("oracle")
             .config("spark.ui.enabled", "false").config("spark.driver.memory", "4g")
             .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "4")
             .config("spark.ui.showConsoleProgress", "false")
             .config("spark.sql.warehouse.dir", tempfile.mkdtemp()).getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def run(spark, case, scratch):
    for statement in cases.views(case):
        spark.sql(statement)
    frame = spark.sql(cases.body(case))
    if case.output == "parquet":
        writer = frame.write.mode("overwrite").option("compression", "snappy")
        if case.partition_by:
            writer = writer.partitionBy(*case.partition_by)
        writer.parquet(str(scratch / case.name))
        frame = spark.read.parquet(str(scratch / case.name))
    columns = [list(pair) for pair in frame.dtypes]
    rows = [[canonical.render(v) for v in row] for row in frame.collect()]
    canonical.store(case.result, columns, rows)
    return len(rows)


def main():
    wanted = [cases.BY_NAME[n] for n in sys.argv[1:]] or cases.CASES
    cases.RESULTS.mkdir(parents=True, exist_ok=True)
    spark = session()
    scratch = pathlib.Path(tempfile.mkdtemp())
    for case in wanted:
        start = time.time()
        count = run(spark, case, scratch)
        print(f"{case.name}: {count} rows, {time.time() - start:.1f} s", flush=True)
    shutil.rmtree(scratch)
    spark.stop()


if __name__ == "__main__":
    main()
