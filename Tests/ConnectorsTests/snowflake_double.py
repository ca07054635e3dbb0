"""Runs fakesnow's server, a stand-in for Snowflake on DuckDB, on a free port and prints the port.

Two things that COPY INTO has and fakesnow 0.12 has not are added here, after Snowflake's documentation
(https://docs.snowflake.com/en/sql-reference/sql/copy-into-table), so that what Millrace sends is parsed and has its
effect: PATTERN, a regular expression for a file's whole path, and ON_ERROR = SKIP_FILE, which leaves out a file that
does not fit. What this shows of the real service is only that the statements are well formed.
"""

import contextlib
import re
import sys
import threading

import duckdb
import fakesnow
from fakesnow import copy_into as copying
from fakesnow import cursor as cursors
from fakesnow import info_schema

original = copying.copy_into
original_glob = copying._source_glob
chosen = threading.local()


def take(expression, name):
    """Removes a parameter from COPY INTO and returns its value."""
    for parameter in list(expression.args.get("params") or []):
        if parameter.this.name.upper() == name:
            expression.args["params"].remove(parameter)
            return parameter.expression.name
    return None


def glob(source, connection):
    urls = original_glob(source, connection)
    if chosen.pattern is not None:
        urls = [url for url in urls if re.fullmatch(chosen.pattern, url)]
    chosen.urls = urls
    return [url for url in urls if url not in chosen.bad]


def why_not(connection, database, schema, insert):
    """Tries an insert in a transaction of its own, and takes it back."""
    probe = connection.cursor()
    probe.execute(f"USE {database}.{schema}")
    probe.begin()
    try:
        probe.execute(insert.sql(dialect="duckdb"))
        return None
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    finally:
        probe.rollback()


def copy_into(connection, database, schema, expression, *rest, **more):
    chosen.pattern = take(expression, "PATTERN")
    chosen.bad = {}
    on_error = take(expression, "ON_ERROR") or "ABORT_STATEMENT"
    if on_error.upper() == "SKIP_FILE":
        inserts = copying._inserts

        def checked(expression, parameters, urls, info=None):
            made = inserts(expression, parameters, urls, info)
            for url, insert in zip(urls, made):
                if reason := why_not(connection, database, schema, insert):
                    chosen.bad[url] = reason
            kept = [(u, i) for u, i in zip(urls, made) if u not in chosen.bad]
            urls[:] = [u for u, _ in kept]
            return [i for _, i in kept]

        copying._inserts = checked
        try:
            sql = original(connection, database, schema, expression, *rest, **more)
        finally:
            copying._inserts = inserts
        for url, reason in chosen.bad.items():
            path = url.replace("'", "''")
            text = reason.replace("'", "''")
            sql += f" UNION ALL SELECT '{path}', 'LOAD_FAILED', 1, 0, 1, 1, '{text}', 1, NULL, NULL"
        if chosen.bad:
            connection.execute(sql)
        return sql
    return original(connection, database, schema, expression, *rest, **more)


def comment(catalog, schema, table, text):
    """MERGE works through a temporary table, whose comment, an empty one, goes to another database than the rows: that
    cannot be in one transaction with them."""
    return "SELECT 1" if table.lower() == "merge_candidates" else original_comment(catalog, schema, table, text)


copying._source_glob = glob
cursors.copy_into = copy_into
original_comment = info_schema.insert_table_comment_sql
info_schema.insert_table_comment_sql = comment

with contextlib.redirect_stdout(sys.stderr), fakesnow.server() as server:
    print(server["port"], file=sys.__stdout__, flush=True)
    threading.Event().wait()
