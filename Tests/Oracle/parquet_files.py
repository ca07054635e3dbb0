#!/usr/bin/env python3
"""Checks Millrace's Parquet reading and writing against pyarrow and DuckDB, with files made here.

usage: parquet_files.py GROUP FOLDER ETL_SUBMIT     writes the files of a group below FOLDER and checks them
       parquet_files.py --list                      names the groups

Exit status 0 when all values agree; 1 with one line for each difference.
"""
import datetime
import decimal
import json
import math
import pathlib
import random
import struct
import subprocess
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import parquet_footer

UTC = datetime.timezone.utc
CODECS = ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]


# ---- values
def scalar(kind, random):
    """Returns a value of a pyarrow type, sometimes an extreme one."""
    t = pa.types
    if t.is_boolean(kind):
        return random.random() < 0.5
    if t.is_integer(kind):
        signed = t.is_signed_integer(kind)
        low, high = (-(1 << kind.bit_width - 1), (1 << kind.bit_width - 1) - 1) if signed else (0, (1 << kind.bit_width) - 1)
        return random.choice([low, high, 0, 1, random.randint(low, high), random.randint(0, 100)])
    if t.is_floating(kind):
        value = random.choice([0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, random.uniform(-1000, 1000), 2.0 ** -14])
        return struct.unpack("f", struct.pack("f", value))[0] if kind.bit_width == 32 else value
    if t.is_decimal(kind):
        digits = random.randint(1, kind.precision)
        unscaled = random.choice([10 ** kind.precision - 1, -(10 ** kind.precision) + 1, 0, random.randint(-10 ** digits + 1, 10 ** digits - 1)])
        return decimal.Decimal(unscaled).scaleb(-kind.scale, decimal.Context(prec=60))
    if t.is_date(kind):
        return datetime.date.fromordinal(random.choice([719163, 1, 3652059, random.randint(577736, 900000)]))
    if t.is_time(kind):
        micros = random.choice([0, 86399999999, 43200000000, random.randrange(86400000000), 3600000000 * random.randrange(24)])
        micros -= micros % (1000 if kind.unit == "ms" else 1)
        return datetime.time(micros // 3600000000, micros // 60000000 % 60, micros // 1000000 % 60, micros % 1000000)
    if t.is_timestamp(kind):
        micros = random.choice([0, random.randint(-10 ** 15, 4 * 10 ** 15), 123456])
        if kind.unit == "ms":
            micros -= micros % 1000
        if kind.unit == "s":
            micros -= micros % 1000000
        return datetime.datetime(1970, 1, 1, tzinfo=UTC if kind.tz else None) + datetime.timedelta(microseconds=micros)
    if t.is_fixed_size_binary(kind):
        return bytes(random.randrange(256) for _ in range(kind.byte_width))
    text = random.choice(["", "x", "twelve bytes", "thirteen byte", "\u00e9\u4e2d\U0001F600", "long " * 20,
                          "".join(random.choice("abcdef") for _ in range(random.randint(0, 30)))])
    if t.is_string(kind) or t.is_large_string(kind):
        return text
    if t.is_binary(kind) or t.is_large_binary(kind):
        return text.encode() + bytes([0, 255])
    raise TypeError(kind)


def value(kind, nulls, random):
    t = pa.types
    if random.random() < nulls:
        return None
    if t.is_list(kind) or t.is_large_list(kind):
        return [value(kind.value_type, nulls if kind.value_field.nullable else 0, random) for _ in range(random.choice([0, 1, 2, 5]))]
    if t.is_fixed_size_list(kind):
        return [value(kind.value_type, nulls, random) for _ in range(kind.list_size)]
    if t.is_map(kind):
        keys = dict.fromkeys(value(kind.key_type, 0, random) for _ in range(random.choice([0, 1, 3])))
        return [(k, value(kind.item_type, nulls, random)) for k in keys]
    if t.is_struct(kind):
        return {f.name: value(f.type, nulls if f.nullable else 0, random) for f in kind}
    return scalar(kind, random)


FLAT = {
    "boolean": pa.bool_(), "i8": pa.int8(), "i16": pa.int16(), "i32": pa.int32(), "i64": pa.int64(),
    "u8": pa.uint8(), "u16": pa.uint16(), "u32": pa.uint32(), "u64": pa.uint64(), "f16": pa.float16(),
    "f32": pa.float32(), "f64": pa.float64(), "d5": pa.decimal128(5, 2), "d9": pa.decimal128(9, 0),
    "d15": pa.decimal128(15, 3), "d18": pa.decimal128(18, 18), "d20": pa.decimal128(20, 2), "d38": pa.decimal128(38, 10),
    "s": pa.string(), "b": pa.binary(), "fixed": pa.binary(7), "day": pa.date32(), "tms": pa.timestamp("ms", "UTC"),
    "tus": pa.timestamp("us", "UTC"), "local": pa.timestamp("us"), "local_ms": pa.timestamp("ms"), "large": pa.large_string(),
}
NESTED = {
    "l": pa.list_(pa.int32()), "ll": pa.list_(pa.list_(pa.string())), "lll": pa.list_(pa.list_(pa.list_(pa.int64()))),
    "st": pa.struct([("a", pa.int32()), ("b", pa.string())]),
    "ss": pa.struct([("a", pa.struct([("x", pa.float64()), ("y", pa.decimal128(20, 2))])), ("b", pa.bool_())]),
    "ls": pa.list_(pa.struct([("a", pa.int64()), ("l", pa.list_(pa.string()))])),
    "sl": pa.struct([("l", pa.list_(pa.date32())), ("m", pa.map_(pa.string(), pa.int32()))]),
    "m": pa.map_(pa.string(), pa.int64()), "mi": pa.map_(pa.int32(), pa.struct([("x", pa.string())])),
    "ml": pa.map_(pa.string(), pa.list_(pa.float64())), "lm": pa.list_(pa.map_(pa.string(), pa.bool_())),
    "required": pa.list_(pa.field("element", pa.int32(), nullable=False)),
    "in": pa.struct([pa.field("r", pa.int32(), nullable=False), pa.field("o", pa.string())]),
}


def table(kinds, rows, nulls, seed, required=()):
    made = random.Random(seed)
    fields = [pa.field(n, k, nullable=n not in required) for n, k in kinds.items()]
    columns = [pa.array([value(f.type, nulls if f.nullable else 0, made) for _ in range(rows)], f.type) for f in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


# ---- comparison
def same(kind, ours, theirs):
    """Says whether a value of etl-submit's JSON is the value of pyarrow."""
    t = pa.types
    if theirs is None or ours is None:
        return ours is None and theirs is None
    if t.is_floating(kind):
        text = {"Infinity": "inf", "-Infinity": "-inf"}.get(ours, ours)
        number = float(text)
        if kind.bit_width < 64:
            number = struct.unpack("f", struct.pack("f", number))[0]
        theirs = float(theirs)
        return math.isnan(number) and math.isnan(theirs) or number == theirs and math.copysign(1, number) == math.copysign(1, theirs)
    if t.is_decimal(kind):
        return isinstance(ours, (int, decimal.Decimal)) and decimal.Decimal(ours) == theirs and (
            -decimal.Decimal(ours).as_tuple().exponent == kind.scale)
    if t.is_date(kind):
        return ours == theirs.isoformat()
    if t.is_timestamp(kind):
        if hasattr(theirs, "to_pydatetime"):
            theirs = theirs.to_pydatetime()
        shown = datetime.datetime.fromisoformat(ours.ljust(26, "0") if "." in ours else ours)
        return shown == theirs.replace(tzinfo=None)
    if t.is_time(kind):
        return datetime.time.fromisoformat(ours.ljust(15, "0") if "." in ours else ours) == theirs
    if t.is_binary(kind) or t.is_large_binary(kind) or t.is_fixed_size_binary(kind):
        return ours == theirs.hex().upper()
    if t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind):
        return len(ours) == len(theirs) and all(same(kind.value_type, a, b) for a, b in zip(ours, theirs))
    if t.is_struct(kind):
        return list(ours) == [f.name for f in kind] and all(same(f.type, ours[f.name], theirs[f.name]) for f in kind)
    if t.is_map(kind):
        return len(ours) == len(theirs) and all(
            str(k) == ok and same(kind.item_type, ov, v) for (ok, ov), (k, v) in zip(ours.items(), theirs))
    return type(ours) is type(theirs) and ours == theirs


class Check:
    def __init__(self, folder, program):
        self.folder, self.program, self.differences, self.count = pathlib.Path(folder), program, [], 0

    def run(self, sql):
        done = subprocess.run([self.program, "-e", sql, "--output", "json", "--progress", "none"], capture_output=True,
                              timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def write(self, name, data, **options):
        path = self.folder / f"{name}.parquet"
        pq.write_table(data, path, **options)
        return path

    def read(self, path, expected=None, query="SELECT * FROM {}"):
        """Compares all rows of a file with what pyarrow reads from it."""
        self.count += 1
        expected = pq.read_table(path) if expected is None else expected
        status, output, errors = self.run(query.format(f"parquet.`{path}`"))
        if status != 0:
            return self.differences.append(f"{path.name}: exit status {status}: {errors}")
        rows = [json.loads(line, parse_float=decimal.Decimal) for line in output.splitlines()]
        if len(rows) != expected.num_rows:
            return self.differences.append(f"{path.name}: {len(rows)} rows, not {expected.num_rows}")
        for i, name in enumerate(expected.schema.names):
            theirs = expected.column(i).to_pylist()
            kind = expected.schema.field(i).type
            for row in range(len(rows)):
                if not same(kind, rows[row][name], theirs[row]):
                    self.differences.append(f"{path.name}: {name} ({kind}), row {row}: {rows[row][name]!r}, not {theirs[row]!r}")
                    break

    def fails(self, path, mark):
        """Checks that reading ends with status 1 and an error that says `mark` and the file's name."""
        self.count += 1
        status, output, errors = self.run(f"SELECT * FROM parquet.`{path}`")
        if status != 1 or output or mark not in errors or path.name not in errors:
            self.differences.append(f"{path.name}: status {status}, errors: {errors}{output[:200]}")


# ---- groups
def types(check):
    """All types, null densities, page versions, codecs and row group sizes."""
    for nulls in [0, 0.01, 0.3, 0.95, 1]:
        data = table(FLAT, 3000, nulls, f"flat{nulls}")
        for version in ["1.0", "2.0"]:
            check.read(check.write(f"flat_{nulls}_{version}", data, data_page_version=version, compression="snappy", data_page_size=2000))
    for codec in CODECS:
        for version in ["1.0", "2.0"]:
            check.read(check.write(f"codec_{codec}_{version}", table(FLAT | NESTED, 400, 0.2, codec), compression=codec,
                                   data_page_version=version))
    check.read(check.write("required", table(FLAT, 2000, 0, "required", required=FLAT)))
    check.read(check.write("plain", table(FLAT, 2000, 0.2, "plain"), use_dictionary=False))
    check.read(check.write("dictionary_overflow", table(FLAT, 9000, 0.2, "overflow"), dictionary_pagesize_limit=1000,
                           data_page_size=3000))
    check.read(check.write("many_groups", table(FLAT, 2000, 0.2, "groups"), row_group_size=37))
    check.read(check.write("page_index", table(FLAT, 5000, 0.2, "index"), write_page_index=True, data_page_size=500))
    check.read(check.write("no_statistics", table(FLAT, 500, 0.2, "none"), write_statistics=False))
    check.read(check.write("no_rows", table(FLAT | NESTED, 0, 0, "empty")))
    check.read(check.write("one_row", table(FLAT | NESTED, 1, 0, "one")))
    check.read(check.write("checksums", table(FLAT, 500, 0.2, "sums"), write_page_checksum=True))
    with pq.ParquetWriter(check.folder / "empty_groups.parquet", pa.schema([("a", pa.int32())])) as writer:
        for rows in [0, 3, 0, 2, 0]:
            writer.write_table(pa.table({"a": pa.array(range(rows), pa.int32())}), row_group_size=max(rows, 1))
    check.read(check.folder / "empty_groups.parquet")


def decimals(check):
    """Decimals as int32, int64, fixed and variable bytes."""
    kinds = {f"d{p}_{s}": pa.decimal128(p, s) for p in [1, 4, 9, 10, 18, 19, 27, 38] for s in sorted({0, 1, p // 2, p})}
    for nulls in [0, 0.4]:
        data = table(kinds, 1500, nulls, f"decimals{nulls}")
        for integer in [False, True]:
            for dictionary in [False, True]:
                for version in ["1.0", "2.0"]:
                    check.read(check.write(f"decimals_{nulls}_{integer}_{dictionary}_{version}", data, use_dictionary=dictionary,
                                           store_decimal_as_integer=integer, data_page_version=version))
        # As variable bytes, with and without more sign bytes than are needed: pyarrow does not write it, so the bytes are
        # written as such and the footer is told what they are.
        for slack in [0, 2]:
            for precision in [9, 18, 38]:
                column = data.column(f"d{precision}_{precision // 2}")
                raw = [None if v is None else minimal(int(v.scaleb(precision // 2, decimal.Context(prec=60))), slack) for v in column.to_pylist()]
                path = check.write(f"decimal_bytes_{nulls}_{slack}_{precision}", pa.table({"d": pa.array(raw, pa.binary())}))
                parquet_footer.edit(path, lambda schema: parquet_footer.make_decimal(schema[1], precision, precision // 2))
                expected = pa.table({"d": column})
                check.read(path, expected)


def minimal(number, slack):
    width = (number.bit_length() + 8) // 8 + slack
    return number.to_bytes(min(width, 16) if slack else width, "big", signed=True)


def encodings(check):
    """Each encoding of the format on each type that has it."""
    integers = {n: FLAT[n] for n in ["i8", "i16", "i32", "i64", "u32", "u64", "day", "tus", "local_ms"]}
    texts = {n: FLAT[n] for n in ["s", "b"]}
    fixed = {n: FLAT[n] for n in ["fixed", "d20", "d38", "f16"]}
    floats = {"f32": pa.float32(), "f64": pa.float64()}
    plans = [("DELTA_BINARY_PACKED", integers), ("DELTA_LENGTH_BYTE_ARRAY", texts), ("DELTA_BYTE_ARRAY", texts | fixed),
             ("BYTE_STREAM_SPLIT", floats | fixed | {"i32": pa.int32(), "i64": pa.int64()}), ("RLE", {"boolean": pa.bool_()}),
             ("PLAIN", FLAT)]
    for encoding, kinds in plans:
        for rows, nulls in [(1, 0), (7, 0), (128, 0), (129, 0), (3000, 0), (3000, 0.3), (500, 1)]:
            data = table(kinds, rows, nulls, f"{encoding}{rows}{nulls}")
            for version in ["1.0", "2.0"]:
                check.read(check.write(f"{encoding}_{rows}_{nulls}_{version}", data, use_dictionary=False, data_page_size=4000,
                                       column_encoding={n: encoding for n in kinds}, data_page_version=version))
    made = random.Random(1)
    shared = pa.table({"s": ["prefix/" * made.randint(0, 4) + str(i // 7) for i in range(5000)], "n": list(range(5000)),
                       "z": [1 << 40] * 5000, "w": [made.choice([-(1 << 63), (1 << 63) - 1]) for _ in range(5000)]})
    check.read(check.write("delta_long", shared, use_dictionary=False, column_encoding={
        "s": "DELTA_BYTE_ARRAY", "n": "DELTA_BINARY_PACKED", "z": "DELTA_BINARY_PACKED", "w": "DELTA_BINARY_PACKED"}))


def times(check):
    """INT96 and nanosecond timestamps."""
    kinds = {"t": pa.timestamp("us", "UTC"), "l": pa.timestamp("us")}
    data = table(kinds, 500, 0.1, "times")
    for dictionary in [False, True]:
        path = check.write(f"int96_{dictionary}", data, use_deprecated_int96_timestamps=True, use_dictionary=dictionary)
        check.read(path, pa.table({"t": data["t"], "l": data["l"]}))
    nanos = pa.table({"t": pa.array([0, 1, 999, 1000, -1, -1000, -1001, 1577934245123456789], pa.timestamp("ns", "UTC"))})
    floor = pa.table({"t": pa.array([n // 1000 for n in [0, 1, 999, 1000, -1, -1000, -1001, 1577934245123456789]], pa.timestamp("us", "UTC"))})
    check.read(check.write("nanos", nanos), floor)


def clocks(check):
    """Times of day in each unit, with and without dictionaries, on their own and nested, and written again."""
    units = {"ms": pa.time32("ms"), "us": pa.time64("us"), "ns": pa.time64("ns")}
    kinds = units | {"l": pa.list_(units["ms"]), "s": pa.struct([("t", units["us"]), ("n", units["ns"])]), "m": pa.map_(pa.string(), units["us"])}
    for nulls in [0, 0.3, 1]:
        data = table(kinds, 700, nulls, f"clocks{nulls}")
        for codec in ["snappy", "brotli"]:
            for dictionary in [False, True]:
                for version in ["1.0", "2.0"]:
                    check.read(check.write(f"clocks_{nulls}_{codec}_{dictionary}_{version}", data, compression=codec, use_dictionary=dictionary,
                                           data_page_version=version, data_page_size=2000, row_group_size=300))
        path = check.write(f"clocks_{nulls}", data, use_dictionary=False, column_encoding={"ms": "DELTA_BINARY_PACKED", "us": "BYTE_STREAM_SPLIT"})
        check.read(path)
        check.count += 1
        target = check.folder / f"clocks_out_{nulls}"
        status, _, errors = check.run(f"INSERT OVERWRITE DIRECTORY '{target}' USING parquet SELECT * FROM parquet.`{path}`")
        if status != 0:
            check.differences.append(f"{target.name}: {errors}")
            continue
        found = pa.concat_tables(pq.read_table(p) for p in sorted(target.glob("part-*")))
        if found.schema.field("ms").type != units["us"] or found.to_pylist() != data.to_pylist():
            check.differences.append(f"{target.name}: {found.schema} or its rows")
    noon = [datetime.time(i // 60, i % 60) for i in range(1440)]
    path = check.write("minutes", pa.table({"us": pa.array(noon, units["us"])}), row_group_size=100)
    check.read(path, pa.table({"us": pa.array(noon[720:735], units["us"])}), "SELECT us FROM {} WHERE us >= TIME'12:00' AND us < TIME'12:15'")
    outside = check.write("outside", pa.table({"v": pa.array([86_400_000_000], pa.int64()).view(units["us"])}))
    check.fails(outside, "a number does not fit TIME(6)")


def nested(check):
    """Lists, structures and maps, in the layouts that writers have used."""
    for nulls in [0, 0.1, 0.5, 1]:
        data = table(NESTED, 700, nulls, f"nested{nulls}")
        for version in ["1.0", "2.0"]:
            for size in [100, 1 << 20]:
                check.read(check.write(f"nested_{nulls}_{version}_{size}", data, data_page_version=version, data_page_size=size,
                                       row_group_size=300))
        check.read(check.write(f"item_{nulls}", data, use_compliant_nested_type=False))
    check.read(check.write("fixed_lists", table({"f": pa.list_(pa.int32(), 3)}, 300, 0, "fixed")))
    delta = table({"l": pa.list_(pa.int64()), "s": pa.struct([("t", pa.string())])}, 900, 0.2, "delta")
    check.read(check.write("nested_delta", delta, use_dictionary=False, column_encoding={
        "l.list.element": "DELTA_BINARY_PACKED", "s.t": "DELTA_BYTE_ARRAY"}))
    # Two-level lists have the levels of a required list of required elements.
    plain = table({"l": pa.list_(pa.field("element", pa.int32(), nullable=False))}, 300, 0, "two", required=["l"])
    path = check.write("two_levels", plain)
    parquet_footer.edit(path, parquet_footer.make_two_level)
    check.read(path, plain)
    path = check.write("repeated", plain)
    parquet_footer.edit(path, parquet_footer.make_repeated)
    check.read(path, plain)


def duck(check):
    """Files that DuckDB writes."""
    columns = """i::TINYINT t, (i * 3)::SMALLINT sm, i::INTEGER i, i::BIGINT * 1000000007 l, i::HUGEINT h, i::UTINYINT u1, i::UBIGINT u8,
        (i / 7)::FLOAT f, (i / 7)::DOUBLE d, (i / 8)::DECIMAL(4, 1) d4, (i / 8)::DECIMAL(9, 3) d9, (i / 8)::DECIMAL(18, 4) d18,
        (i / 8)::DECIMAL(38, 5) d38, 'text ' || i s, ('b' || i)::BLOB b, DATE '2020-01-01' + i::INTEGER AS "day",
        TIMESTAMP '2020-01-01 00:00:00.123456' + INTERVAL (i) HOUR ts, i % 3 = 0 bo,
        [i, NULL, i + 1] li, {'a': i, 'b': 'x' || i} st, MAP {'k' || i: i} m, [{'a': [i]}] ls,
        CASE WHEN i % 5 = 0 THEN NULL ELSE 'n' || (i % 10) END n"""
    for codec in ["uncompressed", "snappy", "gzip", "zstd", "lz4_raw"]:
        for version in ["V1", "V2"]:
            path = check.folder / f"duck_{codec}_{version}.parquet"
            duckdb.sql(f"COPY (SELECT {columns} FROM range(120) r(i)) TO '{path}' (FORMAT parquet, CODEC '{codec}', PARQUET_VERSION {version})")
            status, output, errors = check.run(f"DESCRIBE SELECT * FROM parquet.`{path}`")
            check.read(path)


def logical(check):
    """Annotations that need no type of their own, columns of nulls only, and types that SQL has not."""
    data = pa.table({"id": pa.array(range(500)), "n": pa.nulls(500),
                     "s": pa.array([{"a": i, "n": None} if i % 3 else None for i in range(500)], pa.struct([("a", pa.int32()), ("n", pa.null())])),
                     "l": pa.array([[None] * (i % 4) for i in range(500)], pa.list_(pa.null()))})
    for version in ["1.0", "2.0"]:
        check.read(check.write(f"nulls_{version}", data, data_page_version=version, row_group_size=200))
    check.count += 1
    status, output, errors = check.run(f"SELECT count(n) AS c, count(s.n) AS d, typeof(first(n)) AS t FROM parquet.`{check.folder}/nulls_1.0.parquet`")
    if status != 0 or json.loads(output) != {"c": 0, "d": 0, "t": "void"}:
        check.differences.append(f"nulls: {output}{errors}")
    path = check.folder / "annotated.parquet"
    duckdb.sql(f"""COPY (SELECT ('00000000-0000-0000-0000-0000000000' || lpad((i % 100)::VARCHAR, 2, '0'))::UUID u,
        CASE WHEN i % 2 = 0 THEN 'low' ELSE 'high' END::ENUM('low', 'high') e, ('{{"a": ' || i || '}}')::JSON j FROM range(300) r(i))
        TO '{path}' (FORMAT parquet)""")
    check.read(path, pa.table({"u": pa.array([bytes(15) + bytes([(i % 100) // 10 * 16 + i % 10]) for i in range(300)], pa.binary()),
                               "e": ["high" if i % 2 else "low" for i in range(300)],
                               "j": [f'{{"a": {i}}}' for i in range(300)]}))
    # Only who reads a column of a type that SQL has not fails.
    data = pa.table({"id": range(40), "v": pa.array([decimal.Decimal(i) for i in range(40)], pa.decimal256(50, 2)),
                     "s": pa.array([{"a": i, "v": None} for i in range(40)], pa.struct([("a", pa.int32()), ("v", pa.decimal256(50, 2))])), "t": ["x"] * 40})
    path = check.write("decimal256", data)
    check.fails(path, "v (DECIMAL(50, 2))")
    check.read(path, data.select(["id", "t"]), "SELECT id, t FROM {} WHERE id >= 0")
    check.count += 1
    status, output, errors = check.run(f"DESCRIBE SELECT * FROM parquet.`{path}`")
    if status != 0 or '"unsupported (decimal(50, 2))"' not in output:
        check.differences.append(f"decimal256: {output}{errors}")


def written(check):
    """What Millrace writes, in every codec, read by pyarrow and DuckDB."""
    kinds = {n: k for n, k in (FLAT | NESTED).items() if n not in ["u8", "u16", "u32", "u64", "f16", "fixed", "large", "local_ms", "tms"]}
    for nulls in [0, 0.3, 1]:
        data = table(kinds, 2500, nulls, f"written{nulls}")
        source = check.write(f"source_{nulls}", data)
        for codec in ["none", "uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "lz4"]:
            check.count += 1
            target = check.folder / f"out_{nulls}_{codec}"
            status, _, errors = check.run(
                f"INSERT OVERWRITE DIRECTORY '{target}' USING parquet OPTIONS (compression '{codec}') SELECT * FROM parquet.`{source}`")
            if status != 0:
                check.differences.append(f"{target.name}: {errors}")
                continue
            found = pa.concat_tables(pq.read_table(p) for p in sorted(target.glob("part-*")))
            used = {pq.ParquetFile(p).metadata.row_group(0).column(0).compression for p in target.glob("part-*")}
            wanted = {"none": "UNCOMPRESSED", "lz4_raw": "LZ4", "lz4": "LZ4"}.get(codec, codec.upper())
            if used != {wanted}:
                check.differences.append(f"{target.name}: written with {used}")
            ducks = duckdb.sql(f"SELECT * FROM read_parquet('{target}/part-*')").to_arrow_table()
            for who, read in [("pyarrow", found), ("DuckDB", ducks)]:
                for name in kinds:
                    a, b = read.column(name).to_pylist(), data.column(name).to_pylist()
                    if [plain(v) for v in a] != [plain(v) for v in b]:
                        row = next((i for i, (x, y) in enumerate(zip(a, b)) if plain(x) != plain(y)), None)
                        detail = f"row {row}: {a[row]!r}, not {b[row]!r}" if row is not None else f"{len(a)} rows"
                        check.differences.append(f"{target.name}, {who}: {name}: {detail}")


def plain(value):
    """Makes values of the two readers comparable."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime.datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, dict):
        return sorted((k, plain(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def pruning(check):
    """Filters on every type give the rows that the values say, whatever statistics leave out."""
    rows = 2000
    ordered = table({n: k for n, k in FLAT.items() if n not in ["boolean", "f16", "fixed", "large"]}, rows, 0.1, "pruning")
    for name in ["i32", "i64", "u32", "u64", "d5", "d15", "d38", "s", "day", "tus", "f64"]:
        path = check.write(f"sorted_{name}", ordered.sort_by(name), row_group_size=100, write_page_index=True, data_page_size=400)
        compare_filters(check, path, name, ordered.column(name))
    # Arrow leaves NaN out of the bounds of its few rows.
    path = check.write("scattered_f64", ordered.select(["f64"]), row_group_size=3, write_page_index=True)
    compare_filters(check, path, "f64", ordered.column("f64"))


def compare_filters(check, path, name, column):
    """Counts the rows of some comparisons of a column with values of its own."""
    known = [v for v in column.to_pylist() if v is not None and v == v and str(v) not in ("inf", "-inf")]
    for probe in random.Random(name).sample(known, 4):
        for operator in ["=", "<", "<=", ">", ">=", "<>"]:
            literal = sql_literal(column.type, probe)
            check.count += 1
            status, output, errors = check.run(f"SELECT count(*) AS n FROM parquet.`{path}` WHERE {name} {operator} {literal}")
            wanted = sum(1 for v in column.to_pylist() if v is not None and compare(operator, v, probe))
            if status != 0 or json.loads(output)["n"] != wanted:
                check.differences.append(f"{path.name}: {name} {operator} {literal}: {output or errors}, not {wanted}")


def compare(operator, a, b):
    if isinstance(a, str):
        a, b = a.encode(), b.encode()
    if a != a:  # Spark's order: NaN is above all
        return operator in [">", ">=", "<>"]
    return {"=": a == b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "<>": a != b}[operator]


def sql_literal(kind, value):
    if isinstance(value, str):
        return "'" + value + "'"
    if isinstance(value, datetime.datetime):
        return f"TIMESTAMP'{value.replace(tzinfo=None).isoformat(sep=' ', timespec='microseconds')}'"
    if isinstance(value, datetime.date):
        return f"DATE'{value.isoformat()}'"
    if isinstance(value, float):
        return f"DOUBLE('{value!r}')"
    if isinstance(value, decimal.Decimal):
        return f"CAST('{value:f}' AS DECIMAL({kind.precision}, {kind.scale}))"
    return f"CAST('{value}' AS {'DECIMAL(20, 0)' if kind == pa.uint64() else 'BIGINT'})"


GROUPS = {f.__name__: f for f in [types, decimals, encodings, times, clocks, nested, duck, logical, written, pruning]}


def main():
    if sys.argv[1:] == ["--list"]:
        return print("\n".join(GROUPS))
    check = Check(sys.argv[2], sys.argv[3])
    GROUPS[sys.argv[1]](check)
    print("\n".join(check.differences[:40]))
    print(f"{check.count} checks, {len(check.differences)} differences")
    sys.exit(1 if check.differences or not check.count else 0)


if __name__ == "__main__":
    main()
