"""The differential fuzzer: random queries on Millrace and on DuckDB must give the same rows. See README.md."""
