#!/usr/bin/env python3
"""Fills in the expected results of SQL logic test files by running every record on Spark 4.1.

usage: make_slt.py FILE.slt...        rewrites each file in place; needs pyspark (scripts/peers/setup)
To add a case, write a record `query ?` with its statement and no result, and run this. A statement that fails becomes
`statement error CODE`. See Tests/SQLLogicTests/README.md for the format.
"""
import decimal
import logging
import pathlib
import sys
import tempfile

import canonical

SETTINGS = {"spark.sql.ansi.enabled": "true", "spark.sql.session.timeZone": "UTC"}


def session():
    from pyspark.sql import SparkSession
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    for key, value in {
            **SETTINGS, "spark.sql.shuffle.partitions": "1", "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.driver.memory": "2g",
            "spark.ui.showConsoleProgress": "false", "spark.sql.warehouse.dir": tempfile.mkdtemp()}.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)  # failing statements are expected
    return spark


# ---- values

def escape(text):
    if text == "":
        return "(empty)"
    for a, b in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\0", "\\0")):
        text = text.replace(a, b)
    if text == "NULL" or text != text.strip() or text == "(empty)":
        return f"\\s{text}\\s"
    return text


def show(value, kind):
    """Returns one value as the result lines hold it."""
    from pyspark.sql import types as t
    if value is None:
        return "NULL"
    if isinstance(kind, t.StructType):
        return "{" + ",".join(show(v, f.dataType) for v, f in zip(value, kind.fields)) + "}"
    if isinstance(kind, t.ArrayType):
        return "[" + ",".join(show(v, kind.elementType) for v in value) + "]"
    if isinstance(kind, t.MapType):
        return "{" + ",".join(f"{show(k, kind.keyType)}:{show(v, kind.valueType)}" for k, v in value.items()) + "}"
    if isinstance(kind, (t.TimestampType, t.TimestampNTZType)):
        text = canonical.render(value)
        return text.removesuffix(".000000") if text.endswith(".000000") else text.rstrip("0")
    if isinstance(kind, t.TimeType):
        text = value.isoformat("microseconds")
        return text.removesuffix(".000000") if text.endswith(".000000") else text.rstrip("0")
    if isinstance(kind, t.FloatType):
        return canonical.render(canonical.float32(value))
    if isinstance(kind, t.DecimalType):  # Spark keeps more digits than the type has in some quotients
        with decimal.localcontext(prec=80):
            value = value.quantize(decimal.Decimal(1).scaleb(-kind.scale))
    if isinstance(value, str):
        return escape(value)
    return canonical.render(value) or "(empty)"  # binary without bytes


def run(spark, statement):
    """Returns (types, names, result lines) or raises."""
    frame = spark.sql(statement)
    fields = frame.schema.fields
    # Intervals and years beyond Python's range are shown as Spark's text.
    rows = []
    for row in frame.collect():
        rows.append("\t".join(show(v, f.dataType) for v, f in zip(row, fields)))
    return [f.dataType.simpleString() for f in fields], [f.name for f in fields], rows


def error_code(error):
    condition = None
    for name in ("getCondition", "getErrorClass"):
        if condition is None and hasattr(error, name):
            try:
                condition = getattr(error, name)()
            except Exception:  # the gateway may not know it
                condition = None
    if condition is None and "[" in str(error):
        import re
        found = re.search(r"\[([A-Z_0-9]+)(\.[A-Z_0-9]+)?\]", str(error))
        condition = found and found[1]
    if not condition or condition.startswith(("_LEGACY", "INTERNAL_ERROR")):
        return ""
    return condition.split(".")[0]


# ---- files

def records(text):
    """Yields blocks of lines between empty lines."""
    block = []
    for line in text.split("\n") + [""]:
        if line.strip() == "" and not (block and block[-1].endswith("\\")):
            if block:
                yield block
            block = []
        else:
            block.append(line)


def complete(spark, block):
    """Returns the block with its expectation filled in."""
    # Only in front: a row of DESCRIBE may begin so too.
    count = next((place for place, line in enumerate(block) if not line.startswith("#")), len(block))
    comments, lines = block[:count], block[count:]
    if not lines:
        return block
    head, body = lines[0].split(), lines[1:]
    if head[0] == "conf":
        key, _, value = lines[0][5:].partition("=")
        spark.conf.set(key.strip(), value.strip())
        return block
    if "----" in body:
        body = body[:body.index("----")]
    statement = "\n".join(body)
    sort = head[-1] if head[-1] in ("rowsort", "nosort") else "nosort"
    try:
        kinds, names, rows = run(spark, statement)
    except Exception as error:
        if not hasattr(error, "getCondition") and type(error).__module__.startswith("pyspark") is False \
                and "Py4J" not in type(error).__name__:
            raise RuntimeError(f"cannot show the result of: {statement}\n{error}") from None
        if error_code(error) == "NOT_IMPLEMENTED":  # by Python's client, not by Spark
            raise RuntimeError(f"the client cannot show the result of: {statement}") from None
        return comments + [f"statement error {error_code(error)}".rstrip()] + body
    if head[0] == "columns":
        return comments + ["columns"] + body + ["----"] + [f"{n}\t{k}" for n, k in zip(names, kinds)]
    if head[0] == "statement" and head[1] == "ok":
        return comments + ["statement ok"] + body
    if sort == "rowsort":
        rows.sort()
    if not kinds:
        return comments + ["statement ok"] + body
    return comments + [f"query {' '.join(k.replace(' ', '_') for k in kinds)} {sort}"] + body + ["----"] + rows


def main():
    spark = session()
    total = 0
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        fresh = spark.newSession()  # no views, no settings
        for key, value in SETTINGS.items():
            fresh.conf.set(key, value)
        done, failed = [], 0
        for block in records(path.read_text()):
            try:
                done.append("\n".join(complete(fresh, block)))
            except RuntimeError as error:
                print(f"{path}: dropped: {error}", file=sys.stderr)
                failed += 1
        path.write_text("\n\n".join(done) + "\n")
        total += len(done)
        print(f"{path}: {len(done)} records, {failed} dropped", flush=True)
    print(f"{total} records")
    spark.stop()


if __name__ == "__main__":
    main()
