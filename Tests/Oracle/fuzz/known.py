"""Mismatches that are known, with their reason: known.txt, lines `VERDICT<TAB>PATTERN<TAB>REASON`. A line holds for a query whose
verdict is VERDICT and whose text, or error, the regular expression PATTERN finds."""
import pathlib
import re

PATH = pathlib.Path(__file__).with_name("known.txt")


def read(path=PATH):
    lines = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return [(found, re.compile(pattern), reason) for found, pattern, reason in lines]


def reason(lines, query, found, error):
    """Returns why a mismatch is known, or None."""
    return next((why for verdict, pattern, why in lines
                 if verdict == found and (pattern.search(error) or pattern.search(query))), None)
