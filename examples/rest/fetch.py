"""A program as a step: each line that it prints is a row of its table."""
import json
import sys

COUNTRIES = ["GB", "DE", "FR", "IT"]

for number in range(1, 8):
    print(json.dumps({"id": number, "country": COUNTRIES[number % len(COUNTRIES)]}))
print("fetched 7 rows", file=sys.stderr)
