#!/usr/bin/env python3
"""Checks columnar.py against the row-wise canonical form: same lines, and rows out of order are found where they are.

usage: columnar_check.py
"""
import datetime
import decimal

import canonical
import columnar


def main():
    import pyarrow as pa
    columns = [
        [None, 'say "no" \\ \t', "é\n", "plain", ""],
        [1, None, -5, 2**62, 0],
        [decimal.Decimal("0.00"), decimal.Decimal("-1.50"), None, decimal.Decimal("12345.67"), decimal.Decimal("0.01")],
        [decimal.Decimal("0E-9"), None, decimal.Decimal("1.000000001"), decimal.Decimal("5E-9"), decimal.Decimal("7E-9")],
        [1.0, 1e22, float("nan"), None, 1e-7],
        [datetime.date(1969, 12, 31), None, datetime.date(2024, 2, 29), datetime.date(1, 1, 1), datetime.date(9999, 1, 1)],
        [datetime.datetime(2024, 1, 1, 0, 0, 0, 1), None, None, datetime.datetime(1970, 1, 1), datetime.datetime(1969, 1, 1)],
        [True, False, None, True, False],
        [{"a": 1, "b": "x"}, None, {"a": None, "b": '"'}, {"a": 2, "b": ""}, {"a": 3, "b": "y"}],
    ]
    kinds = [None, None, pa.decimal128(9, 2), pa.decimal128(18, 9)] + [None] * 5
    arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds)]
    expected = sorted(canonical.line([canonical.render(v) for v in row]) for row in zip(*(a.to_pylist() for a in arrays)))
    found = columnar.lines([pa.chunked_array([a.slice(0, 2), a.slice(2)]) for a in arrays]).to_pylist()
    assert found == expected, (found, expected)

    def order(rows, descending):
        return columnar.first_out_of_order([pa.chunked_array([c]) for c in zip(*rows)], descending)
    assert order([(3, "a"), (3, "b"), (2, "a")], [True, False]) is None
    assert order([(3, "a"), (3, "b"), (4, "a")], [True, False]) == 3
    assert order([(3, "b"), (3, "a"), (2, "a")], [True, False]) == 2


if __name__ == "__main__":
    main()
