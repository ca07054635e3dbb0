"""The operators and functions that queries use: result type, argument types, and the text in Spark's dialect and in DuckDB's
where they differ. README.md of this folder says which differences of meaning this table avoids, and how."""

TYPES = ["int", "bigint", "double", "decimal", "string", "date", "timestamp", "boolean"]
SQL_TYPES = {"int": "INT", "bigint": "BIGINT", "double": "DOUBLE", "approx": "DOUBLE", "decimal": "DECIMAL(12,2)",
             "string": "STRING", "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN"}

OPERATORS = [
    # numbers; products stay small so that nothing overflows
    ("int", "int int", "({0} + {1})"), ("int", "int int", "({0} - {1})"), ("int", "int", "(-{0})"),
    ("int", "int int", "(({0} % 100) * ({1} % 100))"), ("int", "int", "abs({0})"), ("int", "int int", "({0} % nullif({1}, 0))"),
    ("bigint", "int int", ("({0} div nullif({1}, 0))", "({0} // nullif({1}, 0))")),
    ("bigint", "bigint int", "({0} + {1})"), ("bigint", "int bigint", "({0} - {1})"),
    ("bigint", "bigint bigint", "(({0} % 1000) * ({1} % 1000))"), ("bigint", "bigint", "abs({0})"),
    ("bigint", "int", "CAST({0} AS BIGINT)"), ("int", "bigint", "CAST({0} % 1000 AS INT)"),
    ("int", "int int", "({0} & {1})"), ("int", "int int", "({0} | {1})"), ("int", "int int", ("({0} ^ {1})", "xor({0}, {1})")),
    ("double", "double double", "({0} + {1})"), ("double", "double double", "({0} - {1})"), ("double", "double", "(-{0})"),
    ("double", "int", "CAST({0} AS DOUBLE)"), ("double", "double", "abs({0})"), ("double", "double", "(0.5e0 * {0})"),
    ("bigint", "double", "CAST(floor({0}) AS BIGINT)"), ("bigint", "double", "CAST(ceil({0}) AS BIGINT)"),
    ("int", "double", ("CAST({0} AS INT)", "CAST(trunc({0}) AS INT)")),
    ("int", "double", "CAST(sign({0}) AS INT)"),
    ("decimal", "decimal decimal", "({0} + {1})"), ("decimal", "decimal decimal", "({0} - {1})"),
    ("decimal", "decimal int", "({0} + {1})"), ("decimal", "decimal", "(-{0})"), ("decimal", "decimal", "abs({0})"),
    ("decimal", "decimal decimal", "CAST(CAST({0} AS DECIMAL(12,2)) * CAST({1} AS DECIMAL(12,2)) AS DECIMAL(24,4)) % 1000"),
    ("decimal", "decimal", "CAST({0} AS DECIMAL(14,1))"), ("decimal", "decimal", "round({0}, 1)"),
    ("decimal", "int", "CAST({0} AS DECIMAL(12,2))"), ("int", "decimal", ("CAST({0} AS INT)", "CAST(trunc({0}) AS INT)")),
    ("bigint", "decimal", "CAST(floor({0}) AS BIGINT)"),
    ("approx", "int int", "({0} / nullif({1}, 0))"), ("approx", "double double", "({0} / nullif({1}, 0))"),
    ("approx", "decimal", "CAST({0} AS DOUBLE)"), ("approx", "double", "sqrt(abs({0}))"),
    ("approx", "approx approx", "({0} + {1})"), ("approx", "approx double", "({0} * {1})"),
    ("approx", "double", "exp({0} / 1000)"), ("approx", "double", "ln(1 + abs({0}))"), ("approx", "double int", "power({0}, abs({1}) % 3)"),
    # strings
    ("string", "string string", "({0} || {1})"), ("string", "string", "upper({0})"), ("string", "string", "lower({0})"),
    ("string", "string", "substring({0}, 2, 2)"), ("string", "string", "substring({0}, 2)"), ("string", "string", "left({0}, 2)"),
    ("string", "string", "right({0}, 2)"), ("string", "string", "trim({0})"), ("string", "string", "reverse({0})"),
    ("string", "string", "replace({0}, 'a', 'bb')"), ("string", "string", "lpad({0}, 4, 'xy')"),
    ("string", "string", "rpad({0}, 3, '*')"), ("string", "string int", "repeat({0}, CAST(abs({1}) % 3 AS INT))"),
    ("string", "string string", "concat_ws('-', {0}, {1})"), ("string", "string", "split_part({0}, ',', 2)"),
    ("string", "string", "translate({0}, 'abc', 'xy')"), ("string", "string", "md5({0})"),
    ("string", "string", ("regexp_replace({0}, '[ab]+', '<>')", "regexp_replace({0}, '[ab]+', '<>', 'g')")),
    ("string", "string", "regexp_extract({0}, '([a-z])([a-z])', 2)"), ("string", "int", "CAST({0} AS STRING)"),
    ("string", "bigint", "CAST({0} AS STRING)"), ("string", "date", "CAST({0} AS STRING)"),
    ("string", "boolean", "CAST({0} AS STRING)"), ("string", "timestamp", "CAST({0} AS STRING)"),
    ("int", "string", "length({0})"), ("int", "string string", "instr({0}, {1})"), ("int", "string", "try_cast({0} AS INT)"),
    ("int", "string string", "levenshtein(left(md5({0}), 4), left(md5({1}), 3))"), ("int", "string", "ascii(left({0}, 1))"),
    ("boolean", "string", "({0} LIKE 'a%')"), ("boolean", "string", "({0} LIKE '%b_')"), ("boolean", "string", "({0} NOT LIKE '%a%')"),
    ("boolean", "string", "({0} ILIKE 'AB%')"), ("boolean", "string string", "contains({0}, {1})"),
    ("boolean", "string string", ("startswith({0}, {1})", "starts_with({0}, {1})")),
    ("boolean", "string string", ("endswith({0}, {1})", "ends_with({0}, {1})")),
    ("boolean", "string", ("({0} RLIKE '^[a-c]+$')", "regexp_matches({0}, '^[a-c]+$')")),
    # dates and times
    ("date", "date int", ("date_add({0}, {1} % 1000)", "({0} + CAST({1} % 1000 AS INT))")), ("int", "date date", ("datediff({0}, {1})", "({0} - {1})")),
    ("date", "timestamp", "CAST({0} AS DATE)"), ("timestamp", "date", "CAST({0} AS TIMESTAMP)"), ("date", "date", "last_day({0})"),
    ("date", "date int", ("add_months({0}, {1} % 25)", "CAST({0} + to_months(CAST({1} % 25 AS INT)) AS DATE)")),
    ("int", "date", "year({0})"), ("int", "date", "month({0})"), ("int", "date", "day({0})"), ("int", "date", "quarter({0})"),
    ("int", "date", "weekofyear({0})"), ("int", "date", "dayofyear({0})"), ("int", "date", ("dayofweek({0})", "(dayofweek({0}) + 1)")),
    ("int", "timestamp", "CAST(extract(HOUR FROM {0}) AS INT)"), ("int", "timestamp", "minute({0})"), ("int", "timestamp", "second({0})"),
    ("date", "date", ("trunc({0}, 'MONTH')", "CAST(date_trunc('month', {0}) AS DATE)")),
    ("date", "date", ("trunc({0}, 'WEEK')", "CAST(date_trunc('week', {0}) AS DATE)")),
    ("timestamp", "timestamp", "date_trunc('HOUR', {0})"), ("timestamp", "timestamp", "date_trunc('MONTH', {0})"),
    ("timestamp", "timestamp", "({0} + INTERVAL '3' HOUR)"), ("timestamp", "timestamp", "({0} - INTERVAL '2' DAY)"),
    ("bigint", "timestamp", ("unix_seconds({0})", "CAST(floor(epoch({0})) AS BIGINT)")),
    # truth
    ("boolean", "boolean boolean", "({0} AND {1})"), ("boolean", "boolean boolean", "({0} OR {1})"), ("boolean", "boolean", "(NOT {0})"),
    ("boolean", "boolean", "({0} IS TRUE)"), ("boolean", "boolean", "({0} IS NOT FALSE)"),
    ("boolean", "int int", "({0} BETWEEN {1} AND 20)"), ("boolean", "bigint int", "({0} > {1})"), ("boolean", "int double", "({0} <= {1})"),
    ("boolean", "decimal int", "({0} < {1})"), ("boolean", "date timestamp", "({0} <= {1})"), ("boolean", "approx", "({0} IS NULL)"),
    ("int", "boolean", "CAST({0} AS INT)"),
]

# For every exact type T: comparisons and choices.
GENERIC = [
    ("boolean", "T T", "({0} = {1})"), ("boolean", "T T", "({0} <> {1})"), ("boolean", "T T", "({0} < {1})"),
    ("boolean", "T T", "({0} >= {1})"), ("boolean", "T", "({0} IS NULL)"), ("boolean", "T", "({0} IS NOT NULL)"),
    ("boolean", "T T", ("({0} <=> {1})", "({0} IS NOT DISTINCT FROM {1})")), ("boolean", "T T", "({0} IS DISTINCT FROM {1})"),
    ("boolean", "T T T", "({0} IN ({1}, {2}))"), ("boolean", "T T T", "({0} NOT IN ({1}, {2}))"),
    ("boolean", "T T T", "({0} NOT BETWEEN {1} AND {2})"),
    ("T", "T T", "coalesce({0}, {1})"), ("T", "T T", "nullif({0}, {1})"), ("T", "T T", "greatest({0}, {1})"),
    ("T", "T T T", "least({0}, {1}, {2})"), ("T", "boolean T T", "CASE WHEN {0} THEN {1} ELSE {2} END"),
    ("T", "boolean T", "CASE WHEN {0} THEN {1} END"), ("T", "boolean T T", "if({0}, {1}, {2})"),
    ("T", "T T T", "CASE {0} WHEN {1} THEN {2} ELSE {0} END"),
]

# result type, argument type, text; `T` is any exact type. DISTINCT and FILTER are added by aggregates.py.
AGGREGATES = [
    ("bigint", "T", "count({1}{0})"), ("T", "T", "min({0})"), ("T", "T", "max({0})"), ("bigint", "int", "sum({1}{0})"),
    ("bigint", "bigint", "sum({1}{0} % 1000003)"), ("double", "double", "sum({1}{0})"), ("decimal", "decimal", "sum({1}{0})"),
    ("approx", "int", "avg({1}{0})"), ("approx", "double", "avg({1}{0})"), ("approx", "decimal", "avg({1}CAST({0} AS DOUBLE))"),
    ("approx", "approx", "sum({0})"), ("approx", "int", "stddev_samp({0})"), ("approx", "double", "var_pop({0})"),
    ("approx", "int", "covar_samp({0}, {0})"), ("boolean", "boolean", "bool_and({0})"), ("boolean", "boolean", "bool_or({0})"),
    ("bigint", "boolean", ("count_if({0})", "count(CASE WHEN {0} THEN 1 END)")), ("approx", "int", "median({0})"),
    ("approx", "double", ("percentile({0}, 0.25)", "quantile_cont({0}, 0.25)")),
    ("int", "int", "bit_and({0})"), ("int", "int", "bit_or({0})"), ("int", "int", "bit_xor({0})"),
    ("string", "string", ("listagg({0}, ',') WITHIN GROUP (ORDER BY {0})", "string_agg({0}, ',' ORDER BY {0})")),
    ("string", "string", ("array_join(array_sort(collect_set({0})), ';')",
                          "coalesce(array_to_string(list_sort(list(DISTINCT {0}) FILTER ({0} IS NOT NULL)), ';'), '')")),
]
