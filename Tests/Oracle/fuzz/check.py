#!/usr/bin/env python3
"""The fuzzer's check of itself: wrong answers are told from right ones, queries are the same on every machine, and a failing
query becomes small."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from fuzz import answers, queries, reduce  # noqa: E402
from fuzz.engines import Answer  # noqa: E402


def verdict(here, there, is_ordered=False):
    return answers.verdict(Answer(here), Answer(there), is_ordered)


def main():
    nan = float("nan")
    assert verdict([[1, "a"], [2, None]], [[2, None], [1, "a"]]) == "same"
    assert verdict([[0.1 + 0.2]], [[0.3]]) == "same"
    assert verdict([[nan], [1.0]], [[1], [nan]]) == "same"
    assert verdict([[1], [2]], [[2], [1]], is_ordered=True) == "different"
    assert verdict([[1], [1]], [[1]]) == "different"
    assert verdict([[None]], [[0]]) == "different"
    assert verdict([[""]], [[None]]) == "different"
    assert verdict([[True]], [[1]]) == "different"
    assert verdict([[1.0001]], [[1.0]]) == "different"
    assert verdict([[nan]], [[1.0]]) == "different"
    assert answers.verdict(Answer(failure="crash"), Answer([]), False) == "crash"
    assert answers.verdict(Answer(failure="error", text="INTERNAL_ERROR x"), Answer([]), False) == "internal"
    assert answers.verdict(Answer(failure="error", text="A.B x"), Answer([]), False) == "error A"
    for seed in range(50):
        first, second = queries.top(seed)[0].node, queries.top(seed)[0].node
        assert first.text(0) == second.text(0) and first.text(1) == second.text(1)
    # Whatever holds `upper(` "fails": what is left is little more than that.
    found = next(node for node in (queries.top(seed)[0].node for seed in range(500)) if "upper(" in node.text(0))
    small = reduce.reduce(found, lambda node: "upper(" in node.text(0))
    assert "upper(" in small.text(0) and len(small.text(0)) < min(200, len(found.text(0))), small.text(0)


if __name__ == "__main__":
    main()
