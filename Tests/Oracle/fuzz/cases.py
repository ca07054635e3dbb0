"""Writes a failure as a case: query and tables made small, in the form of Tests/SQLLogicTests, for make_slt.py to fill in what
Spark gives."""
import re

from . import answers, reduce, tables


class Case:
    def __init__(self, seed, found, node, is_ordered, settings, made):
        self.seed, self.found, self.node, self.is_ordered = seed, found, node, is_ordered
        self.settings, self.made = settings, made


def verdict(case, node, session, duckdb):
    """Returns the verdict on a smaller query; its order is looked at no more."""
    if case.found not in ("crash", "hang", "internal") and duckdb.run(node).failure:
        return None
    return answers.judge(lambda query: session.run(query, case.settings), duckdb, node, False)[0]


def use_rows(session, duckdb, views):
    session.use(views)
    duckdb.define(views)


def views(made, text):
    """Returns the statements that define the tables which a query names, with the columns that it names."""
    names = [name for name in made if re.search(rf"\b{name}\b", text)]
    used = [at for at, (column, _, _) in enumerate(tables.COLUMNS) if re.search(rf"\.{column}\b", text)] or [0]
    return [tables.view(name, made[name], used) for name in names]


def write(case, session, duckdb, folder):
    """Makes the case small and writes FOLDER/SEED.slt. The query shrinks on the files; then the rows, as VALUES, if the failure
    shows there, too."""
    small = reduce.reduce(case.node, lambda node: verdict(case, node, session, duckdb) == case.found)
    text = small.text(0)
    kept = case.settings
    for setting in case.settings:
        case.settings = [s for s in kept if s != setting]
        if verdict(case, small, session, duckdb) == case.found:
            kept = case.settings
    case.settings = kept
    here, there = session.run(small, kept), duckdb.run(small)

    def fails(made):
        use_rows(session, duckdb, views(made, text))
        return verdict(case, small, session, duckdb) == case.found

    needs_files = not fails(case.made)
    made = case.made if needs_files else reduce.reduce_rows(case.made, fails)
    if not needs_files:
        use_rows(session, duckdb, views(made, text))
        here, there = session.run(small, kept), duckdb.run(small)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{case.seed}.slt").write_text(shown(case, small, made, needs_files, here, there), encoding="utf-8")


def shown(case, small, made, needs_files, here, there):
    lines = [f"# seed {case.seed}: {case.found}" + (", only from Parquet files" if needs_files else "")]
    lines += [f"# set {key}={value}" for key, value in case.settings]
    lines += [f"# duckdb query: {small.text(1)}"] if small.text(0) != small.text(1) else []
    lines += [f"# here: {sample(here)}", f"# DuckDB: {sample(there)}"]
    records = ["\n".join(lines)]
    records += [f"statement ok\n{view}" for view in views(made, small.text(0))]
    records.append(f"query ? rowsort\n{small.text(0)}")
    return "\n\n".join(records) + "\n"


def sample(answer):
    if answer.failure:
        return answer.text.split("\n")[0][:300]
    rows = [[answers.plain(v) for v in row] for row in answer.rows]
    return f"{len(rows)} rows {rows[:6]}".replace("\n", " ")
