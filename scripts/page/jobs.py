"""Jobs on the page: at work, cancelled, failed, finished, and when a worker is lost."""

import re

from cluster import DATA, await_that

QUICK = f"""SELECT o_orderpriority, count(*) AS lines, sum(l_extendedprice) AS revenue
FROM parquet.`{DATA}/lineitem.parquet` JOIN parquet.`{DATA}/orders.parquet` ON l_orderkey = o_orderkey
GROUP BY o_orderpriority ORDER BY o_orderpriority"""
FAILING = """SELECT id,
\tCASE WHEN id >= 0 THEN id / (id - 7) END AS quotient
FROM range(0, 100)"""
# One long line, a stage that reads nothing, and a stage with a long name.
RANGE = ("SELECT a.id % 7 AS remainder_of_seven, count(*) AS number_of_rows, sum(b.id) AS sum_of_the_other_side, max(a.id) AS greatest "
         "FROM range(0, 3000000) a JOIN range(0, 3000) b ON a.id % 3000 = b.id GROUP BY a.id % 7 ORDER BY sum_of_the_other_side DESC LIMIT 5")
# Many tasks of some milliseconds: progress moves on the slowest machine.
SETTINGS = {"spark.sql.files.maxPartitionBytes": "1MB", "spark.sql.shuffle.partitions": "120",
            "spark.sql.autoBroadcastJoinThreshold": "-1"}
# 10,000 tasks of some 15 keys and 1.5 million pairs each: short ones, but a minute of them on the quickest machine, and an
# hour on a slow one. A job of these is ended by its cancel.
ENDLESS = SETTINGS | {"spark.sql.shuffle.partitions": "10000"}
ENDLESS_ROWS = 100_000


def many_tasks(rows):
    """Two statements, the second with a stage that joins 150,000 keys, dealt to its tasks, with `rows` rows."""
    return f"""-- a view, for the query below
CREATE TEMPORARY VIEW keys AS SELECT DISTINCT l_orderkey AS k FROM parquet.`{DATA}/lineitem.parquet`;

SELECT k % 7 AS g, count(*) AS n, sum(sin(k * id)) AS s
FROM keys CROSS JOIN range(0, {rows})
GROUP BY k % 7 ORDER BY g
"""


def submit_endless(cluster, name):
    return cluster.submit(many_tasks(ENDLESS_ROWS), name, ENDLESS)


def check_live(visit):
    """A job appears in the list by itself, and its progress moves without reload."""
    page, cluster = visit.page, visit.cluster
    page.evaluate("() => { window.untouched = true; }")
    job = submit_endless(cluster, "slow.sql")
    page.get_by_role("link", name="slow.sql").click()
    page.locator(".graph .stage").first.wait_for()
    seen = []

    def moves():
        value = float(page.locator("main progress").first.get_attribute("value"))
        if not seen or value != seen[-1]:
            seen.append(value)
        return len(seen) >= 4

    await_that(moves, lambda: f"progress does not move: {seen}")
    visit.expect(seen == sorted(seen), f"progress goes back: {seen}")
    page.locator(".why", has_text=re.compile("slots|Reading|at work|Partition|Task")).wait_for()
    visit.expect(page.locator(".sql li").count() == 2, "the SQL is not shown in two statements")
    visit.expect("running" in visit.text(".sql li.running .mark"), "the running statement is not marked")
    page.locator(".sql li.running mark.now", has_text="sum(sin(k * id))").wait_for()
    visit.expect("scan" in visit.text(".sql li.running p") or "join" in visit.text(".sql li.running p"),
                 f"the running operators are not named: {visit.text('.sql li.running p')}")
    visit.expect("-- a view" in visit.text(".sql li.succeeded pre"), "comments are lost")
    row = page.locator("tbody tr").first
    visit.expect(row.locator("progress").count() == 1, "a stage has no progress")
    heads = page.locator("table", has=page.locator("caption", has_text="Stages")).locator("th:visible").all_inner_texts()
    columns = {"Stage", "State", "Tasks done", "Rows in → out", "Bytes in → out", "Shuffle", "Time"}
    visit.expect(columns <= set(heads), f"the stage table lacks columns: {heads}")
    visit.expect("tasks on 2 workers" in page.locator("canvas").get_attribute("aria-label"), "the timeline lacks workers")
    visit.see("busy")
    visit.see_at_1200("busy")
    visit.see_on_phone("busy")
    return job


def check_cancel(visit):
    page, cluster = visit.page, visit.cluster
    job = submit_endless(cluster, "cancelled.sql")
    page.goto(f"{cluster.url}/#/jobs/{job}")
    page.locator(".graph .stage").first.wait_for()
    page.get_by_role("button", name="Cancel job").click()
    page.get_by_role("dialog").wait_for()
    visit.see("dialog")
    page.get_by_role("button", name="Let it run").click()
    visit.expect(cluster.get(f"/jobs/{job}")["state"] == "running", "the job did not go on")
    page.get_by_role("button", name="Cancel job").click()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    visit.expect(cluster.get(f"/jobs/{job}")["state"] == "running", "Escape cancels the job")
    page.get_by_role("button", name="Cancel job").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel job").click()
    page.locator(".state.cancelled").first.wait_for()
    cluster.await_state(job, "cancelled")
    page.get_by_role("button", name="Run again").wait_for()
    visit.see("cancelled")


def check_failed(visit):
    page, cluster = visit.page, visit.cluster
    job = cluster.submit(FAILING, "failing.sql", SETTINGS)
    cluster.await_state(job, "failed")
    error = cluster.get(f"/jobs/{job}")["error"]
    visit.expect(error.get("line") and error.get("column"), f"the error has no place: {error}")
    page.goto(f"{cluster.url}/#/jobs/{job}")
    page.locator(".error strong", has_text="DIVIDE_BY_ZERO").wait_for()
    visit.expect("^" in visit.text(".error pre"), "the error has no caret")
    page.locator(".sql li.failed").wait_for()
    attempt = page.locator("table", has=page.locator("caption", has_text="Attempts that failed")).locator("tbody tr").first
    attempt.wait_for()
    page.locator(".log .bad", has_text="failed: DIVIDE_BY_ZERO, as above").wait_for()
    told = page.locator("main").inner_text()
    visit.expect(told.count("Division by zero") == 1, f"the error stands {told.count('Division by zero')} times: {told}")
    visit.expect("DIVIDE_BY_ZERO" in attempt.inner_text(), f"the attempt does not say why: {attempt.inner_text()}")
    check_times(visit, job)
    visit.see_at_1200("failed")
    visit.see("failed")


def check_times(visit, job):
    """The page tells times as REST does, and says in which zone."""
    page, cluster = visit.page, visit.cluster
    submitted = cluster.get(f"/jobs/{job}")["submittedAt"].replace("T", " ")
    visit.expect(f"submitted {submitted[:19]} UTC" in visit.text(".facts:visible"), f"not the time of REST: {visit.text('.facts:visible')}")
    line = cluster.get(f"/jobs/{job}/logs")["lines"][0]["time"].replace("T", " ").rstrip("Z")
    visit.expect(line in visit.text(".log"), f"not {line}: {visit.text('.log')}")
    visit.expect("UTC" in page.locator("summary", has_text="Log").inner_text(), "the log's zone is not named")


def check_range(visit):
    """A stage that reads nothing shows the rows that it makes; columns without anything are left out; names break in two lines."""
    page, cluster = visit.page, visit.cluster
    job = cluster.submit(RANGE, "range.sql", SETTINGS)
    cluster.await_state(job, "succeeded")
    page.goto(f"{cluster.url}/#/jobs/{job}")
    row = page.locator("table", has=page.locator("caption", has_text="Stages")).locator("tbody tr").first
    row.wait_for()
    visit.expect("3.0\u202fM → 7" in row.inner_text() or "3.0\u202fM →" in row.inner_text(), f"no rows are made: {row.inner_text()}")
    heads = page.locator("table", has=page.locator("caption", has_text="Stages")).locator("th:visible").all_inner_texts()
    visit.expect("Time" in heads and "Spill" not in heads and "Left" not in heads, f"columns of nothing: {heads}")
    visit.expect(page.locator(".graph text tspan[dy]").count() > 0, "no name of a stage breaks")
    visit.see_at_1200("range")
    visit.see_on_phone("range")


def check_finished(visit):
    page, cluster = visit.page, visit.cluster
    job = cluster.submit(QUICK, "quick.sql", SETTINGS)
    cluster.await_state(job, "succeeded")
    page.goto(f"{cluster.url}/#/jobs/{job}")
    page.locator(".state.succeeded").first.wait_for()
    page.locator("canvas").wait_for()
    page.locator("summary", has_text="Plan").click()
    page.locator("details pre", has_text="Scan").first.wait_for()
    page.wait_for_timeout(600)
    visit.see("finished")
    page.locator("summary", has_text="Plan").click()
    page.get_by_role("button", name="Run again").click()
    page.wait_for_url(lambda url: "/#/jobs/" in url and job not in url)
    page.locator(".state.succeeded").first.wait_for()
    page.get_by_role("link", name="Workers").click()
    page.locator("td", has_text="127.0.0.1:").first.wait_for()
    heads = page.locator("th:visible").all_inner_texts()
    visit.expect({"Worker", "State", "Slots", "Memory", "Shuffle held"} <= set(heads), f"workers lack columns: {heads}")
    visit.expect(page.locator("tbody .state.active").count() == 2, "not both workers are active")
    visit.see("workers")
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.locator("tbody tr").nth(3).wait_for()
    visit.see("jobs")
    page.get_by_label("Show").select_option("failed")
    await_that(lambda: page.locator("tbody tr").count() == 1, "the filter does not work")
    page.goto(f"{cluster.url}/#/jobs/0190a5b6-0000-7000-8000-000000000001")
    page.get_by_role("heading", name="No such job").wait_for()
    # The browser itself tells of the 404 that was meant.
    visit.complaints = [c for c in visit.complaints if "404" not in c]


def check_lost_worker(visit):
    """What a lost worker cost is on the timeline: the attempts that failed, with why."""
    page, cluster = visit.page, visit.cluster
    worker = cluster.start_worker()
    await_that(lambda: cluster.get("/cluster")["workers"] == 3, "no third worker")
    address = next(w["address"] for w in reversed(cluster.get("/workers")["workers"]))
    job = submit_endless(cluster, "lossy.sql")
    page.goto(f"{cluster.url}/#/jobs/{job}")
    await_that(lambda: any(t.get("worker") == address and t["state"] == "running" for t in cluster.get(f"/jobs/{job}/tasks?state=running")["tasks"]),
               "the third worker gets no task")
    worker.kill()
    worker.wait()
    failed = page.locator("table", has=page.locator("caption", has_text="Attempts that failed")).locator("tbody tr").first
    failed.wait_for()
    visit.expect("WORKER_LOST" in failed.inner_text(), f"the failed attempt does not say why: {failed.inner_text()}")
    visit.expect("failed" in page.locator("canvas").get_attribute("aria-label"), "the timeline does not tell of failed attempts")
    visit.see("lossy")
    page.get_by_role("link", name="Workers").click()
    page.locator(".state.lost").first.wait_for()
    visit.see("workers-lost")
    cluster.cancel(job)
