"""The small tables that the queries read: seeded rows with many types, nulls and duplicates, as Parquet files whose layout
(files, row groups) varies, so that batches of every small size go through the engine."""
import datetime
import decimal
import math
import random

# name, type as expressions know it, type as SQL names it
COLUMNS = [("id", "int", "INT"), ("k", "int", "INT"), ("i", "int", "INT"), ("h", "int", "SMALLINT"),
           ("b", "bigint", "BIGINT"), ("x", "double", "DOUBLE"), ("d", "decimal", "DECIMAL(10,2)"),
           ("s", "string", "STRING"), ("u", "string", "STRING"), ("dt", "date", "DATE"),
           ("ts", "timestamp", "TIMESTAMP"), ("f", "boolean", "BOOLEAN")]
SIZES = {"t1": 25, "t2": 15, "t3": 9, "t4": 3, "t5": 0}
WORDS = ["", "a", "b", "ab", "abc", "Abc", "b,a", "a,b,c", "12", "-7", "x y", "zz", "été", "日本", "a" * 13, "ab%c", "0"]
FIRST_DAY = datetime.date(2024, 1, 28)


def value(rng, name, row):
    """Returns a random value of a column, or None."""
    if name == "id":
        return row
    if rng.random() < 0.15:
        return None
    day = FIRST_DAY + datetime.timedelta(days=rng.choice([0, 1, 1, 2, 30, 31, 32, 33, 366, -400, rng.randrange(60)]))
    second = rng.choice([0, 1, 59, 3600, 43200, 86399, rng.randrange(86400)])
    return {
        "k": lambda: min(rng.randrange(7), rng.randrange(7)),
        "i": lambda: rng.choice([0, 1, -1, 7, 100, -100, rng.randrange(-50, 50)]),
        "h": lambda: rng.randrange(-90, 90),
        "b": lambda: rng.choice([0, 1, 5, -3, 9007199254740993, -9007199254740993, 4294967296, rng.randrange(1000)]),
        "x": lambda: rng.choice([0.0, math.nan if rng.random() < 0.4 else -0.0, 0.25, -0.5, 1.0, 1000.75, -3.5, rng.randrange(-80, 80) / 4]),
        "d": lambda: decimal.Decimal(rng.choice([0, 5, 10, 125, -250, 99999, rng.randrange(-2000, 2000)])).scaleb(-2),
        "s": lambda: rng.choice(WORDS[:6] if rng.random() < 0.6 else WORDS),
        "u": lambda: rng.choice(WORDS),
        "dt": lambda: day,
        "ts": lambda: datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(
            seconds=second, microseconds=rng.choice([0, 0, 500000, 123456])),
        "f": lambda: rng.random() < 0.5,
    }[name]()


def make(seed):
    """Returns the rows of each table."""
    rng = random.Random(f"tables {seed}")
    return {name: [[value(rng, column, row) for column, _, _ in COLUMNS] for row in range(size)]
            for name, size in SIZES.items()}


def write(tables, folder, seed):
    """Writes each table as a folder of Parquet files."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    kinds = {"INT": pa.int32(), "SMALLINT": pa.int16(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(),
             "DECIMAL(10,2)": pa.decimal128(10, 2), "STRING": pa.string(), "DATE": pa.date32(),
             "TIMESTAMP": pa.timestamp("us", tz="UTC"), "BOOLEAN": pa.bool_()}
    schema = pa.schema([(name, kinds[kind]) for name, _, kind in COLUMNS])
    rng = random.Random(f"layout {seed}")
    for name, rows in tables.items():
        target = folder / name
        target.mkdir(parents=True)
        files = rng.choice([1, 1, 2, 5]) if rows else 1
        for number in range(files):
            part = rows[number::files]
            columns = [[row[at] for row in part] for at in range(len(COLUMNS))]
            table = pa.table([pa.array(values, field.type) for values, field in zip(columns, schema)], schema=schema)
            pq.write_table(table, target / f"part-{number}.parquet", row_group_size=rng.choice([1, 3, 7, 100]),
                           use_dictionary=rng.random() < 0.5)


def literal(value):
    """Returns a value as both dialects write it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "CAST('NaN' AS DOUBLE)" if math.isnan(value) else f"{value!r}e0"
    if isinstance(value, datetime.datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, datetime.date):
        return f"DATE '{value}'"
    if isinstance(value, str):
        return f"'{value}'"
    return str(value)


def view(name, rows, columns):
    """Returns the statement that defines a table by its rows; `columns` are places in COLUMNS."""
    heads = ", ".join(f"CAST({COLUMNS[at][0]} AS {COLUMNS[at][2]}) AS {COLUMNS[at][0]}" for at in columns)
    names = ", ".join(COLUMNS[at][0] for at in columns)
    shown = rows or [[None] * len(COLUMNS)]
    body = ", ".join("(" + ", ".join(literal(row[at]) for at in columns) + ")" for row in shown)
    empty = "" if rows else " WHERE false"
    return f"CREATE OR REPLACE TEMPORARY VIEW {name} AS SELECT {heads} FROM (VALUES {body}) AS v({names}){empty}"
