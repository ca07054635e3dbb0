#!/usr/bin/env python3
"""Checks Millrace's reading and writing of ORC and Avro files against pyarrow and fastavro, with files made here.

usage: record_files.py GROUP FOLDER ETL_SUBMIT     writes the files of a group below FOLDER and checks them
       record_files.py --list                      names the groups

Exit status 0 when all values agree; 1 with one line for each difference.
"""
import datetime
import decimal
import io
import json
import random
import sys
import zlib

import fastavro
import pyarrow as pa
import pyarrow.orc as po

from parquet_files import Check, plain, table

UTC = datetime.timezone.utc
ROWS = 3000
KINDS = {
    "flag": pa.bool_(), "i8": pa.int8(), "i16": pa.int16(), "i32": pa.int32(), "i64": pa.int64(), "f32": pa.float32(),
    "f64": pa.float64(), "text": pa.string(), "bin": pa.binary(), "day": pa.date32(), "d9": pa.decimal128(9, 2),
    "d38": pa.decimal128(38, 10), "list": pa.list_(pa.int64()), "record": pa.struct([("a", pa.int32()), ("b", pa.string())]),
    "pairs": pa.map_(pa.string(), pa.int64()), "deep": pa.list_(pa.struct([("x", pa.list_(pa.string()))])),
}


def rows_of(check, sql):
    status, output, errors = check.run(sql)
    if status != 0:
        check.differences.append(f"{sql[:200]}: {errors}")
        return None
    return [json.loads(line) for line in output.splitlines()]


def compare(check, name, ours, theirs):
    check.count += 1
    if ours == theirs:
        return
    rows = [i for i, (a, b) in enumerate(zip(ours or [], theirs)) if a != b]
    detail = f"row {rows[0]}: {ours[rows[0]]}, not {theirs[rows[0]]}" if rows else f"{len(ours or [])} rows, not {len(theirs)}"
    check.differences.append(f"{name}: {detail}")


def source(check, nulls):
    """Returns a Parquet file of every kind, and its values."""
    data = table(KINDS, ROWS, nulls, f"records{nulls}")
    times = [datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=random.Random(i).randint(-4 * 10 ** 15, 4 * 10 ** 15)) for i in range(ROWS)]
    data = data.append_column("instant", pa.array(times, pa.timestamp("us", "UTC")))
    data = data.append_column("clock", pa.array(times, pa.timestamp("us")))
    return check.write(f"source_{nulls}", data), data


def written(check, format, codecs, read):
    """What Millrace writes in every codec is what the others read, and what it reads itself."""
    for nulls in [0, 0.3, 1]:
        path, data = source(check, nulls)
        for codec in codecs:
            target = check.folder / f"{format}_{nulls}_{codec}"
            status, _, errors = check.run(f"INSERT OVERWRITE DIRECTORY '{target}' USING {format} OPTIONS (compression '{codec}') "
                                          f"SELECT * FROM parquet.`{path}`")
            if status != 0:
                check.differences.append(f"{target.name}: {errors}")
                continue
            found = read(sorted(target.glob("part-*")), codec)
            for name in data.column_names:
                compare(check, f"{target.name}: {name}", [plain(v) for v in found[name]],
                        [plain(v) for v in data.column(name).to_pylist()])
            wanted = rows_of(check, f"SELECT * FROM parquet.`{path}`")
            compare(check, f"{target.name} by itself", rows_of(check, f"SELECT * FROM {format}.`{target}`"), wanted)


# ---- ORC
def orc_written(check):
    def read(paths, codec):
        files = [po.ORCFile(p) for p in paths]
        wanted = {"none": "UNCOMPRESSED"}.get(codec, codec.upper())
        assert {f.compression for f in files} == {wanted}, files[0].compression
        whole = pa.concat_tables(f.read() for f in files)
        found = {name: whole.column(name).to_pylist() for name in whole.column_names}
        epoch = datetime.datetime(1970, 1, 1)
        found["instant"] = [v and v.replace(tzinfo=UTC) for v in whole.column("instant").cast(pa.timestamp("us")).to_pylist()]
        found["clock"] = [None if v is None else epoch + datetime.timedelta(microseconds=v) for v in found["clock"]]
        return found
    written(check, "orc", ["none", "snappy", "zlib", "lz4", "zstd"], read)


def orc_read(check):
    """pyarrow's files of several stripes: all columns, some, none, and by folder."""
    data = table({n: k for n, k in KINDS.items()}, 20000, 0.2, "orc_read")
    parquet = check.write("wanted", data)
    folder = check.folder / "orc" / "part=7"
    folder.mkdir(parents=True)
    path = folder / "a.orc"
    po.write_table(data, path, compression="zstd", stripe_size=64 << 10, batch_size=1024)
    assert po.ORCFile(path).nstripes > 2, po.ORCFile(path).nstripes
    for columns in ["*", "text, i32", "deep", "pairs, record, record, i8", "count(*) AS n", "sum(i32) AS n"]:
        compare(check, columns, rows_of(check, f"SELECT {columns} FROM orc.`{path}`"), rows_of(check, f"SELECT {columns} FROM parquet.`{parquet}`"))
    found = rows_of(check, f"SELECT part, count(*) AS n, count(i64) AS some FROM orc.`{check.folder / 'orc'}` GROUP BY part")
    compare(check, "folder", found, [{"part": 7, "n": 20000, "some": 20000 - data.column("i64").null_count}])
    for codec in ["uncompressed", "zlib", "snappy", "lz4", "zstd"]:
        for threshold in [0, 1]:
            path = check.folder / f"all_{codec}_{threshold}.data"
            po.write_table(data, path, compression=codec, dictionary_key_size_threshold=threshold)
            compare(check, path.name, rows_of(check, f"SELECT * FROM orc.`{path}`"), rows_of(check, f"SELECT * FROM parquet.`{parquet}`"))
    times = [-62135596800000000, -2000000, 0, 1, 253402300799000000, None]
    po.write_table(pa.table({"t": pa.array(times, pa.timestamp("us")), "d": pa.array([datetime.date(1, 1, 1)] * 6)}), check.folder / "times.data")
    shown = ["0001-01-01 00:00:00", "1969-12-31 23:59:58", "1970-01-01 00:00:00", "1970-01-01 00:00:00.000001", "9999-12-31 23:59:59", None]
    compare(check, "times", rows_of(check, f"SELECT * FROM orc.`{check.folder}/times.data`"), [{"t": t, "d": "0001-01-01"} for t in shown])
    for condition in ["i32 = 5", "text > 'x'", "day < DATE'1960-01-01'", "i64 IS NULL", "i8 IN (1, 2)", "d9 > 0"]:
        compare(check, condition, rows_of(check, f"SELECT count(*) AS n FROM orc.`{check.folder}/orc` WHERE {condition}"),
                rows_of(check, f"SELECT count(*) AS n FROM parquet.`{parquet}` WHERE {condition}"))
    nested = pa.table({"id": [1, 2], "r": [{"a": 1, "b": "x"}, None], "l": [[{"x": 1.5, "y": "t"}], []]})
    po.write_table(nested, check.folder / "nested.data")
    view = (f"CREATE TEMPORARY VIEW v (l ARRAY<STRUCT<y: STRING, z: INT>>, r STRUCT<B: STRING, c: DATE, a: DOUBLE>, more INT, ID INT) "
            f"USING orc OPTIONS (path '{check.folder}/nested.data'); ")
    compare(check, "nested view", rows_of(check, view + "SELECT * FROM v"), [
        {"l": [{"y": "t", "z": None}], "r": {"B": "x", "c": None, "a": 1.0}, "more": None, "ID": 1}, {"l": [], "r": None, "more": None, "ID": 2}])
    po.write_table(pa.table({"a": [1], "b": ["x"]}), check.folder / "one.orc")
    po.write_table(pa.table({"b": ["y"], "c": [1.5]}), check.folder / "two.orc")
    view = f"CREATE TEMPORARY VIEW v USING orc OPTIONS (path '{check.folder}/*.orc', mergeSchema 'true'); "
    compare(check, "merged", rows_of(check, view + "SELECT * FROM v ORDER BY b"), [{"a": 1, "b": "x", "c": None}, {"a": None, "b": "y", "c": 1.5}])


def orc_refused(check):
    good = check.folder / "good.orc"
    po.write_table(pa.table({"a": list(range(1000)), "t": [str(i) for i in range(1000)]}), good, compression="zlib")
    content = good.read_bytes()
    broken = {"empty_tail": content[:-1] + b"\0", "text": b"these are no columns, but words", "cut": content[:-20],
              "short": content[:40], "magic": b"ORC", "size": content[:-1] + b"\xff"}
    for name, bytes_ in broken.items():
        (check.folder / f"{name}.orc").write_bytes(bytes_)
        check.fails_with(f"SELECT * FROM orc.`{check.folder}/{name}.orc`", f"{name}.orc")
    for sql, mark in [("TIMESTAMP'1969-12-31 23:59:59.5' AS t", "ORC_TIMESTAMP_FRACTION"), ("NULL AS t", "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE")]:
        check.fails_with(f"INSERT OVERWRITE DIRECTORY '{check.folder}/out' USING orc SELECT {sql}", mark)
    check.fails_with(f"INSERT OVERWRITE DIRECTORY '{check.folder}/out' USING orc OPTIONS (compression 'lzo') SELECT 1 AS a", "CODEC_NOT_AVAILABLE")


# ---- Avro
def avro_written(check):
    def read(paths, codec):
        found = {}
        for path in paths:
            with open(path, "rb") as file:
                reader = fastavro.reader(file)
                assert reader.codec == {"none": "null", "uncompressed": "null"}.get(codec, codec), reader.codec
                for row in reader:
                    for name, value in row.items():
                        if isinstance(value, dict) and name == "pairs":
                            value = list(value.items())
                        found.setdefault(name, []).append(value)
        return found
    written(check, "avro", ["uncompressed", "deflate", "snappy", "zstandard"], read)


SCHEMA = {
    "type": "record", "name": "Row", "namespace": "test", "fields": [
        {"name": "b", "type": "boolean"}, {"name": "i", "type": "int"}, {"name": "l", "type": ["null", "long"], "default": None},
        {"name": "f", "type": "float"}, {"name": "d", "type": "double"}, {"name": "s", "type": ["string", "null"]},
        {"name": "y", "type": "bytes"}, {"name": "x", "type": {"type": "fixed", "name": "Four", "size": 4}},
        {"name": "e", "type": {"type": "enum", "name": "Color", "symbols": ["RED", "GREEN"]}},
        {"name": "e2", "type": ["null", "Color"]}, {"name": "x2", "type": "test.Four"},
        {"name": "a", "type": {"type": "array", "items": ["null", "int"]}},
        {"name": "m", "type": {"type": "map", "values": "long"}},
        {"name": "r", "type": ["null", {"type": "record", "name": "Inner", "fields": [{"name": "p", "type": "string"}, {"name": "q", "type": ["null", "int"]}]}]},
        {"name": "il", "type": ["null", "int", "long"]}, {"name": "fd", "type": ["float", "double", "null"]},
        {"name": "u", "type": ["null", "string", "int", {"type": "array", "items": "string"}]},
        {"name": "n", "type": "null"},
        {"name": "dec", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "fdec", "type": {"type": "fixed", "name": "Dec", "size": 16, "logicalType": "decimal", "precision": 38, "scale": 4}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "tms", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "tus", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "cms", "type": {"type": "long", "logicalType": "local-timestamp-millis"}},
        {"name": "cus", "type": {"type": "long", "logicalType": "local-timestamp-micros"}},
        {"name": "uuid", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "odd", "type": {"type": "int", "logicalType": "time-millis"}},
    ],
}


def avro_row(number):
    dice = random.Random(number)
    clock = datetime.datetime(2020, 1, 1, 12, 30, 1, 234000) + datetime.timedelta(days=number % 3000 - 40000)
    amount = decimal.Decimal(dice.randint(-10 ** 9 + 1, 10 ** 9 - 1)).scaleb(-2)
    wide = decimal.Decimal(dice.randint(-10 ** 38 + 1, 10 ** 38 - 1)).scaleb(-4, decimal.Context(prec=60))
    return {
        "b": number % 2 == 0, "i": dice.choice([0, -1, 2 ** 31 - 1, -2 ** 31]), "l": dice.choice([None, 2 ** 63 - 1, -2 ** 63, 5]),
        "f": 0.5 * (number % 7), "d": number / 3, "s": dice.choice([None, "", "grün", "long " * 9]), "y": b"\x00\xff"[: number % 3],
        "x": b"abcd", "e": dice.choice(["RED", "GREEN"]), "e2": dice.choice([None, "GREEN"]), "x2": b"wxyz",
        "a": [None, 1, 2][: number % 4], "m": {str(k): k for k in range(number % 3)},
        "r": dice.choice([None, {"p": "in", "q": None}, {"p": "", "q": 4}]), "il": dice.choice([None, 1, 2 ** 40]),
        "fd": dice.choice([None, 0.25, ("double", 0.1)]), "u": dice.choice([None, "t", 9, ["v", "w"]]), "n": None,
        "dec": amount, "fdec": wide, "day": clock.date(), "tms": clock.replace(tzinfo=UTC),
        "tus": clock.replace(tzinfo=UTC) + datetime.timedelta(microseconds=7), "cms": clock, "cus": clock + datetime.timedelta(microseconds=9),
        "uuid": "12345678-1234-5678-1234-567812345678", "odd": datetime.time(0, 0, 1),
    }


def avro_expected(row):
    """Returns the row as `SELECT *` gives it in JSON."""
    def moment(value):
        text = value.replace(tzinfo=None).isoformat(sep=" ")
        return text.rstrip("0").rstrip(".") if "." in text else text
    u, r = row["u"], row["r"]
    wanted = row | {
        "y": row["y"].hex().upper(), "x": "61626364", "x2": "7778797A", "day": str(row["day"]), "tms": moment(row["tms"]), "tus": moment(row["tus"]),
        "cms": moment(row["cms"]), "cus": moment(row["cus"]), "odd": 1000, "dec": f"{row['dec']:f}", "fdec": f"{row['fdec']:f}",
        "fd": row["fd"][1] if isinstance(row["fd"], tuple) else row["fd"], "r": r,
        "u": None if u is None else {"member0": u if isinstance(u, str) else None, "member1": u if isinstance(u, int) else None,
                                     "member2": u if isinstance(u, list) else None},
    }
    return wanted


def packed(rows, codec="null", **options):
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema(SCHEMA), rows, codec=codec, **options)
    return out.getvalue()


def avro_read(check):
    """fastavro's files of every type and codec, cut into many ranges, some columns, and merged."""
    rows = [avro_row(n) for n in range(2000)]
    wanted = [avro_expected(r) for r in rows]
    for codec in ["null", "deflate", "snappy", "zstandard"]:
        path = check.folder / f"{codec}.avro"
        path.write_bytes(packed(rows, codec, sync_interval=2000))
        listed = [c["name"] for c in SCHEMA["fields"]]
        text = "SELECT " + ", ".join(f"CAST({n} AS STRING) AS {n}" if n in ["dec", "fdec"] else n for n in listed) + f" FROM avro.`{path}`"
        compare(check, codec, rows_of(check, text), wanted)
        compare(check, f"{codec}: some", rows_of(check, f"SELECT u, i, s FROM avro.`{path}`"), [{k: w[k] for k in ["u", "i", "s"]} for w in wanted])
        compare(check, f"{codec}: none", rows_of(check, f"SELECT count(*) AS n FROM avro.`{path}`"), [{"n": 2000}])
    # The reader's schema: another order, a name that was changed, a field that is new, a wider type.
    reader = json.dumps({"type": "record", "name": "Row", "namespace": "test", "fields": [
        {"name": "s", "type": ["null", "string"]}, {"name": "number", "type": "long", "aliases": ["i"]},
        {"name": "fresh", "type": ["null", "string"], "default": None}]}).replace("'", "\\'")
    view = f"CREATE TEMPORARY VIEW v USING avro OPTIONS (path '{check.folder}/snappy.avro', avroSchema '{reader}'); "
    compare(check, "avroSchema", rows_of(check, view + "SELECT * FROM v"), [{"s": w["s"], "number": w["i"], "fresh": None} for w in wanted])
    avro_evolution(check)
    schemas = [{"type": "record", "name": "R", "fields": [{"name": n, "type": t} for n, t in fields]} for fields in
               ([("a", "int"), ("b", "string")], [("b", "string"), ("c", "double")])]
    for name, schema, row in [("one", schemas[0], {"a": 1, "b": "x"}), ("two", schemas[1], {"b": "y", "c": 1.5})]:
        folder = check.folder / "merge"
        folder.mkdir(exist_ok=True)
        with open(folder / f"{name}.data", "wb") as file:
            fastavro.writer(file, schema, [row])
    view = f"CREATE TEMPORARY VIEW v USING avro OPTIONS (path '{check.folder}/merge', mergeSchema 'true'); "
    compare(check, "merged", rows_of(check, view + "SELECT * FROM v ORDER BY b"), [{"a": 1, "b": "x", "c": None}, {"a": None, "b": "y", "c": 1.5}])
    view = f"CREATE TEMPORARY VIEW v USING avro OPTIONS (path '{check.folder}/merge', ignoreExtension 'false'); "
    check.fails_with(view + "SELECT * FROM v", "UNABLE_TO_INFER_SCHEMA")


def avro_evolution(check):
    """Columns of a view, and a reader's schema, choose fields by name at every depth; defaults fill what is not there."""
    inner = {"type": "record", "name": "In", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": ["null", "string"]}]}
    item = {"type": "record", "name": "Item", "fields": [{"name": "x", "type": "float"}, {"name": "y", "type": "string"}]}
    schema = {"type": "record", "name": "R", "fields": [
        {"name": "id", "type": "int"}, {"name": "r", "type": ["null", inner]}, {"name": "l", "type": {"type": "array", "items": item}},
        {"name": "m", "type": {"type": "map", "values": "In"}}]}
    rows = [{"id": n, "r": None if n == 1 else {"a": n, "b": f"b{n}"}, "l": [{"x": n / 2, "y": "t"}] * n, "m": {"k": {"a": n, "b": None}}} for n in range(3)]
    with open(check.folder / "nested.avro", "wb") as file:
        fastavro.writer(file, schema, rows)
    view = (f"CREATE TEMPORARY VIEW v (m MAP<STRING, STRUCT<A: BIGINT>>, r STRUCT<b: STRING, z: DOUBLE, a: BIGINT>, l ARRAY<STRUCT<y: STRING, x: DOUBLE>>, ID BIGINT) "
            f"USING avro OPTIONS (path '{check.folder}/nested.avro'); ")
    compare(check, "nested view", rows_of(check, view + "SELECT * FROM v"), [
        {"m": {"k": {"A": r["id"]}}, "r": r["r"] and {"b": r["r"]["b"], "z": None, "a": r["id"]},
         "l": [{"y": "t", "x": r["id"] / 2}] * r["id"], "ID": r["id"]} for r in rows])
    inner = {"type": "record", "name": "In", "fields": [
        {"name": "first", "type": "long", "aliases": ["a"]}, {"name": "new", "type": "string", "default": "n/a"}]}
    fields = [{"name": "r", "type": ["null", inner]}, {"name": "seven", "type": "int", "default": 7}, {"name": "flag", "type": ["boolean", "null"], "default": True},
              {"name": "raw", "type": "bytes", "default": "\u00ff\u0001"}, {"name": "list", "type": {"type": "array", "items": "double"}, "default": [1, 2.5]},
              {"name": "day", "type": {"type": "int", "logicalType": "date"}, "default": 1}, {"name": "big", "type": "long", "default": 9007199254740993},
              {"name": "pairs", "type": {"type": "map", "values": "In"}, "default": {"k": {"first": 1, "new": "x"}}}]
    reader = json.dumps({"type": "record", "name": "R", "fields": fields}).replace("\\", "\\\\").replace("'", "\\'")
    view = f"CREATE TEMPORARY VIEW v USING avro OPTIONS (path '{check.folder}/nested.avro', avroSchema '{reader}'); "
    compare(check, "nested schema", rows_of(check, view + "SELECT * FROM v"), [
        {"r": r["r"] and {"first": r["id"], "new": "n/a"}, "seven": 7, "flag": True, "raw": "FF01", "list": [1, 2.5], "day": "1970-01-02",
         "big": 9007199254740993, "pairs": {"k": {"first": 1, "new": "x"}}} for r in rows])
    for field in [{"name": "gone", "type": "int"}, {"name": "gone", "type": "int", "default": "x"}, {"name": "gone", "type": "int", "default": 1 << 40}]:
        reader = json.dumps({"type": "record", "name": "R", "fields": [field]})
        view = f"CREATE TEMPORARY VIEW v USING avro OPTIONS (path '{check.folder}/nested.avro', avroSchema '{reader}'); "
        check.fails_with(view + "SELECT * FROM v", "AVRO_SCHEMA_INVALID" if "default" in field else "AVRO_FIELD_MISSING")


def number(value):
    """A number as Avro writes it."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def container(schema, block_rows, body, codec="null"):
    mark = b"0123456789abcdef"
    pairs = {b"avro.schema": json.dumps(schema).encode(), b"avro.codec": codec.encode()}
    head = b"Obj\x01" + number(len(pairs)) + b"".join(number(len(k)) + k + number(len(v)) + v for k, v in pairs.items()) + number(0) + mark
    return head + number(block_rows) + number(len(body)) + body + mark


def avro_refused(check):
    record = {"type": "record", "name": "R", "fields": []}
    def of(type_):
        return record | {"fields": [{"name": "a", "type": type_}]}
    good = packed([avro_row(n) for n in range(50)])
    flat = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = flat.compress(b"\0" * (1 << 20)) + flat.flush()
    broken = {
        "text": b"these are no columns, but words", "magic": b"Obj\x01", "cut": good[:-10], "half": good[: len(good) // 2],
        "name": container(of("unheard"), 0, b""), "cycle": container({"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "R"]}]}, 0, b""),
        "primitive": container("int", 1, number(1)), "json": container("int", 0, b"").replace(b'"int"', b'{{{{{'),
        "codec": container(of("int"), 1, number(1), "xz"), "rows": container(of("int"), 1 << 40, number(1)),
        "items": container(of({"type": "array", "items": "null"}), 1, number(1 << 60)),
        "long_items": container(of({"type": "array", "items": "int"}), 1, number(1 << 60)),
        "least": container(of({"type": "array", "items": "null"}), 1, number(-(1 << 63)) + number(0)),
        "string": container(of("string"), 1, number(1 << 50)), "negative": container(of("string"), 1, number(-5)),
        "branch": container(of(["null", "int"]), 1, number(7)), "symbol": container(of({"type": "enum", "name": "E", "symbols": ["A"]}), 1, number(3)),
        "size": container(of("int"), 1, b"").replace(number(1) + number(0) + b"0123", number(1) + number(1 << 40) + b"0123"),
        "snappy": container(of("int"), 1, b"\xff\xff\xff\xff\x7f\0\0\0\0", "snappy"), "deflate": container(of("int"), 1, b"\x07\x07\x07", "deflate"),
        "zstandard": container(of("int"), 1, b"\x28\xb5\x2f\xfd\x00\x00", "zstandard"), "bomb": container(of("int"), 5, bomb, "deflate"),
        "nested": container(of(json.loads('{"type":"array","items":' * 300 + '"int"' + "}" * 300)), 0, b""),
        "rest": container(of("int"), 1, number(1) + number(2)), "mark": container(of("int"), 1, number(1))[:-1] + b"x",
        "decimal": container(of({"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 0}), 1, number(20) + b"\x01" * 20),
    }
    doubled = {"type": "record", "name": "T0", "fields": []}
    for n in range(1, 60):
        doubled = {"type": "record", "name": f"T{n}", "fields": [{"name": "a", "type": doubled}, {"name": "b", "type": f"T{n - 1}"}]}
    broken["doubled"] = container(of(doubled), 0, b"")
    for name, content in broken.items():
        path = check.folder / f"{name}.avro"
        path.write_bytes(content)
        check.fails_with(f"SELECT * FROM avro.`{path}`", f"{name}.avro")
    for sql, mark in [("1 AS `no name`", "AVRO_NAME_INVALID"), ("MAP(1, 2) AS m", "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE")]:
        check.fails_with(f"INSERT OVERWRITE DIRECTORY '{check.folder}/out' USING avro SELECT {sql}", mark)
    check.fails_with(f"INSERT OVERWRITE DIRECTORY '{check.folder}/out' USING avro OPTIONS (compression 'bzip2') SELECT 1 AS a", "CODEC_NOT_AVAILABLE")
    check.fails_with(f"INSERT OVERWRITE DIRECTORY '{check.folder}/out' USING avro OPTIONS (avroSchema '\"int\"') SELECT 1 AS a", "AVRO_SCHEMA")


class Records(Check):
    def fails_with(self, sql, mark):
        """The statement fails as a job does, says `mark` and does not crash."""
        self.count += 1
        status, output, errors = self.run(sql)
        if status != 1 or mark not in errors or "INTERNAL" in errors:
            self.differences.append(f"{sql}: status {status}: {output[:200]} {errors[:300]}")


GROUPS = {f.__name__: f for f in [orc_written, orc_read, orc_refused, avro_written, avro_read, avro_refused]}


def main():
    if sys.argv[1:] == ["--list"]:
        return print("\n".join(GROUPS))
    check = Records(sys.argv[2], sys.argv[3])
    GROUPS[sys.argv[1]](check)
    print("\n".join(check.differences[:40]))
    print(f"{check.count} checks, {len(check.differences)} differences")
    sys.exit(1 if check.differences or not check.count else 0)


if __name__ == "__main__":
    main()
