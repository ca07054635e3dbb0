"""Runs statements on the double of Snowflake with Snowflake's own Python connector, and prints their rows.

usage: snowflake_sql.py PORT STATEMENT...
"""

import sys

import snowflake.connector

connection = snowflake.connector.connect(
    user="check", password="check", account="double", host="127.0.0.1", port=int(sys.argv[1]), protocol="http",
    database="SHOP", schema="PUBLIC", network_timeout=1,
    session_parameters={"CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False},
)
for statement in sys.argv[2:]:
    for row in connection.cursor().execute(statement).fetchall():
        print("|".join("" if value is None else str(value) for value in row))
