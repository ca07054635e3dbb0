"""The canonical form of a result, in which the oracle's results are committed. See README.md."""
import datetime
import decimal
import gzip
import hashlib
import json
import math
import struct

SAMPLE_ROWS = 1000
LARGE_BYTES = 1_000_000
COMPRESS_BYTES = 50_000
RELATIVE = 1e-9


def render(value):
    """Returns a value as JSON can hold it exactly: text, null, or lists of these."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return repr(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value // datetime.timedelta(microseconds=1))
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, str):
        return value
    if hasattr(value, "asDict"):  # Spark's Row
        return [render(v) for v in value]
    if isinstance(value, dict):
        return [render(v) for v in value.values()]
    if isinstance(value, (list, tuple)):
        return [render(v) for v in value]
    raise TypeError(f"no canonical form for {type(value).__name__}")


def float32(value):
    """Returns the shortest decimal that reads back as the same 32-bit float."""
    if value is None or math.isnan(value) or math.isinf(value):
        return value
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == struct.unpack("f", struct.pack("f", value))[0]:
            return float(text)
    return value


def line(row):
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def is_floating(kind):
    return "double" in kind or "float" in kind


def store(path, columns, rows):
    """Writes rows (lists of rendered values) with `columns` ([name, Spark type] pairs) to `path`.json or .json.gz."""
    lines = sorted(line(r) for r in rows)
    text = "\n".join(lines)
    digest = hashlib.sha256(text.encode()).hexdigest()
    head = {"columns": columns, "rows": len(lines), "sha256": digest}
    if len(text) > LARGE_BYTES:
        head["sample"] = True
        step = max(1, len(lines) // SAMPLE_ROWS)
        lines = lines[::step][:SAMPLE_ROWS]
    whole = (line(head) + "\n" + "".join(l + "\n" for l in lines)).encode()
    for old in (path.with_name(path.name + ".json"), path.with_name(path.name + ".json.gz")):
        old.unlink(missing_ok=True)
    if len(whole) > COMPRESS_BYTES:
        path.with_name(path.name + ".json.gz").write_bytes(gzip.compress(whole, 9, mtime=0))
    else:
        path.with_name(path.name + ".json").write_bytes(whole)


def load(path):
    """Returns (head, rows) of a committed result; rows are the sample when head["sample"] is set."""
    plain = path.with_name(path.name + ".json")
    data = plain.read_bytes() if plain.exists() else gzip.decompress(path.with_name(path.name + ".json.gz").read_bytes())
    lines = data.decode().rstrip("\n").split("\n")
    return json.loads(lines[0]), [json.loads(l) for l in lines[1:]]
