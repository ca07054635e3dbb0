#!/usr/bin/env python3
"""Reads the files of file_cases.py with Spark and writes what it gave to files/*.jsonl, one case a line.

usage: make_files.py [WORD]     only cases whose names hold WORD, printed instead of written
Needs pyspark 4.1.1 (scripts/peers/setup makes an environment).
"""
import base64
import json
import pathlib
import sys
import tempfile

import file_cases
import parquet_footer

HERE = pathlib.Path(__file__).parent


def session():
    from pyspark.sql import SparkSession
    spark = (SparkSession.builder.master("local[1]").appName("files")
             .config("spark.ui.enabled", "false").config("spark.driver.memory", "2g")
             .config("spark.sql.session.timeZone", "UTC").config("spark.driver.extraJavaOptions", "-Duser.timezone=UTC")
             .config("spark.ui.showConsoleProgress", "false")
             .config("spark.sql.warehouse.dir", tempfile.mkdtemp()).getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    return spark


def condition(error):
    """Returns Spark's name of an error, of the innermost cause that has one."""
    found = getattr(error, "getCondition", lambda: None)()
    java = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
    while java is not None:
        name = getattr(java, "getCondition", None)
        try:
            found = (name() if name else None) or found
        except Exception:  # not every Java exception has one
            pass
        java = java.getCause()
    return found or type(error).__name__


def stored(content):
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def make(spark, made, folder):
    """Returns the one file that Spark writes of a query's rows under the settings of `made`, and changed as that says."""
    before = {name: spark.conf.get(name) for name in made["conf"]}
    for name, value in made["conf"].items():
        spark.conf.set(name, value)
    frame = spark.sql(made["query"]).coalesce(1)
    frame.write.options(**made["options"]).format(made["using"]).save(str(folder / "out"))
    for name, value in before.items():
        spark.conf.set(name, value)
    path = next((folder / "out").glob("part-*"))
    if made["keyless"]:
        parquet_footer.edit(path, lambda schema: None)
    content = path.read_bytes()
    for old, new in made["changes"].items():
        assert old.encode() in content and len(old) == len(new), old
        content = content.replace(old.encode(), new.encode())
    return content


def run(spark, case, folder):
    if case["made"]:
        with tempfile.TemporaryDirectory() as scratch:
            case["files"][f"made.{case['made']['using']}"] = make(spark, case["made"], pathlib.Path(scratch))
    for name, content in case["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    kept = {"name": case["name"], "files": {n: stored(c) for n, c in case["files"].items()}, "view": case["view"],
            "asked": case["query"] or "SELECT * FROM v"}
    try:
        spark.sql("DROP VIEW IF EXISTS v")
        spark.sql(case["view"].replace("{dir}", str(folder)).replace("{{", "{").replace("}}", "}"))
        frame = spark.sql(case["query"] or "SELECT * FROM v")
        kept["columns"] = [list(pair) for pair in frame.dtypes]
        cells = ", ".join(f"CAST(`{n.replace('`', '``')}` AS STRING) AS c{i}" for i, (n, _) in enumerate(frame.dtypes))
        kept["query"] = f"SELECT {cells or 'count(*) AS n'} FROM " + (f"({case['query']})" if case["query"] else "v")
        kept["rows"] = sorted((list(row) for row in spark.sql(kept["query"]).collect()), key=json.dumps)
    except Exception as error:
        kept.pop("columns", None)
        kept["query"] = case["query"] or "SELECT * FROM v"
        kept["error"] = condition(error)
        kept["said"] = str(error).split("\n")[0].replace(str(folder), "{dir}")[:160]
    return kept


def main():
    wanted = [c for c in file_cases.CASES if not sys.argv[1:] or sys.argv[1] in c["name"]]
    spark = session()
    lines = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, case in enumerate(wanted):
            kept = run(spark, case, pathlib.Path(scratch) / str(number))
            lines.setdefault(case["name"].split("_")[0], []).append(json.dumps(kept, ensure_ascii=False))
    spark.stop()
    for group, texts in lines.items():
        if sys.argv[1:]:
            print("\n".join(texts))
        else:
            (HERE / "files").mkdir(exist_ok=True)
            (HERE / "files" / f"{group}.jsonl").write_text("\n".join(texts) + "\n")


if __name__ == "__main__":
    main()
