"""Makes small Parquet files for Tests/FormatsTests.

usage: parquet_small.py damage|pruning FOLDER     prints how many files it made
"""
import datetime
import decimal
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def damage(folder):
    """Makes files of all types under each encoding, codec and page version, small enough to damage anywhere."""
    n = 150
    def some(values): return [None if i % 7 == 3 else v for i, v in enumerate(values)]
    r = range(n)
    flat = pa.table({
        "b": pa.array(some([i % 3 == 0 for i in r])), "i": pa.array(some(list(r)), pa.int32()),
        "l": pa.array([i * 10 ** 12 for i in r], pa.int64()), "f": pa.array(some([i / 7 for i in r]), pa.float32()),
        "d": pa.array(some([i / 7 for i in r])), "s": pa.array(some([f"text {i % 11} {'x' * (i % 20)}" for i in r])),
        "y": pa.array([bytes([i % 256]) * (i % 5) for i in r]), "k": pa.array(some([bytes([i] * 5) for i in r]), pa.binary(5)),
        "e": pa.array(some([decimal.Decimal(i) for i in r]), pa.decimal128(30, 2)),
        "t": pa.array(some([datetime.datetime(2020, 1, 1) + datetime.timedelta(hours=i) for i in r]), pa.timestamp("us"))})
    nested = pa.table({
        "a": pa.array(some([list(range(i % 4)) for i in r]), pa.list_(pa.int32())),
        "m": pa.array(some([[(f"k{j}", j) for j in range(i % 3)] for i in r]), pa.map_(pa.string(), pa.int64())),
        "z": pa.array(some([{"x": [f"v{i}"] * (i % 3), "y": i} for i in r]), pa.struct([("x", pa.list_(pa.string())), ("y", pa.int64())]))})
    delta = {"i": "DELTA_BINARY_PACKED", "l": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY", "y": "DELTA_LENGTH_BYTE_ARRAY",
             "t": "DELTA_BINARY_PACKED", "k": "DELTA_BYTE_ARRAY"}
    split = {c: "BYTE_STREAM_SPLIT" for c in ["i", "l", "f", "d", "k", "e"]}
    count = 0
    def write(table, **options):
        nonlocal count
        pq.write_table(table, f"{folder}/{count}.parquet", row_group_size=100, data_page_size=300, **options)
        count += 1
    for version in ["1.0", "2.0"]:
        for codec in ["none", "snappy", "zstd"]: write(flat, compression=codec, data_page_version=version)
        for codec in ["gzip", "lz4", "none"]: write(nested, compression=codec, data_page_version=version)
        write(flat, compression="none", use_dictionary=False, data_page_version=version)
        write(flat, compression="none", use_dictionary=False, column_encoding=delta, data_page_version=version)
        write(flat, compression="none", use_dictionary=False, column_encoding=split, data_page_version=version)
    write(flat, compression="none", use_deprecated_int96_timestamps=True)
    print(count)


def pruning(folder):
    """Makes sorted files of twenty row groups, with statistics and without."""
    n = 2000
    r = range(n)
    day = datetime.date(2020, 1, 1)
    table = pa.table({
        "i": pa.array(r, pa.int32()), "l": pa.array([i * 10 ** 10 for i in r], pa.int64()), "u": pa.array(r, pa.uint32()),
        "f": pa.array([i / 4 for i in r], pa.float32()), "d": pa.array([i / 4 for i in r]),
        "c": pa.array([decimal.Decimal(i) for i in r], pa.decimal128(9, 2)),
        "e": pa.array([decimal.Decimal(i) for i in r], pa.decimal128(30, 2)), "s": pa.array([f"{i:06}" for i in r]),
        "t": pa.array([day + datetime.timedelta(days=i) for i in r]),
        "m": pa.array([datetime.datetime(2020, 1, 1) + datetime.timedelta(hours=i) for i in r], pa.timestamp("us", "UTC")),
        "n": pa.array([None if i < 1000 else i for i in r], pa.int64())})
    for name, integer in [("plain", False), ("integer", True)]:
        pq.write_table(table, f"{folder}/{name}.parquet", row_group_size=100, store_decimal_as_integer=integer)
    pq.write_table(table, f"{folder}/bare.parquet", row_group_size=100, write_statistics=False)
    print(3)


{"damage": damage, "pruning": pruning}[sys.argv[1]](sys.argv[2])
