"""Pipelines on the page: deployed ones, their runs, and what a run shows."""

import re

from cluster import await_that

# Two tests pass, one fails: its step fails, and the step behind it is skipped.
PIPELINE = """name: shop
schedule: "0 2 * * *"
start_date: 2024-01-01
transform:
  - name: orders
    sql: SELECT id, id % 7 AS country, id * 1.5 AS amount FROM range(0, 50000)
    tests: [{row_count: {min: 1}}]
  - name: by_country
    sql: SELECT country, sum(amount) AS amount FROM {{ ref('orders') }} GROUP BY country
    columns: [{name: country, tests: [not_null, unique]}]
  - name: large
    sql: SELECT country, amount FROM {{ ref('by_country') }} WHERE amount > 1
    columns: [{name: country, tests: [{accepted_values: {values: ["1", "2"]}}]}]
  - name: small
    sql: SELECT country FROM {{ ref('by_country') }} WHERE amount < 1
  - name: report
    sql: SELECT count(*) AS n FROM {{ ref('large') }}
"""
# Its second step is at work until it is cancelled.
SLOW_PIPELINE = """name: slow
transform:
  - name: numbers
    sql: SELECT id FROM range(0, 1000)
  - name: pairs
    sql: SELECT sum(sin(a.id * b.id * c.id)) AS s FROM {{ ref('numbers') }} a CROSS JOIN {{ ref('numbers') }} b CROSS JOIN range(0, 100000) c
  - name: after
    sql: SELECT s FROM {{ ref('pairs') }}
"""


def check_pipelines(visit):
    """Deployed pipelines, their runs, a run with lineage and tests, and the job of a step."""
    page, cluster = visit.page, visit.cluster
    page.goto(f"{cluster.url}/#/pipelines")
    page.locator(".empty", has_text="etl-submit deploy").wait_for()
    cluster.etl_submit("deploy", cluster.pipeline("shop", PIPELINE))
    row = page.locator("tbody tr", has_text="shop")
    row.wait_for()
    visit.expect("0 2 * * *" in row.inner_text() and re.search(r"in \d+", row.inner_text()), f"no schedule: {row.inner_text()}")
    cluster.etl_submit("backfill", "shop", "--from", "2024-01-01", "--to", "2024-01-04")
    row.locator(".runs a").nth(3).wait_for()
    await_that(lambda: all(r["state"] == "failed" for r in cluster.get("/pipelines/shop/runs")["runs"]), "the runs do not end")
    row.locator(".runs i.failed").nth(3).wait_for()
    visit.see("pipelines")
    visit.see_on_phone("pipelines")
    row.get_by_role("link", name="shop").click()
    page.locator(".graph .stage.failed", has_text="large").wait_for()
    visit.expect(page.locator("tbody tr").count() == 4, "the pipeline's runs are not listed")
    page.locator("tbody tr", has_text="large: TEST_FAILED").nth(3).wait_for()
    page.get_by_role("button", name="Pause").click()
    page.locator(".title .state.paused").wait_for()
    page.locator(".facts", has_text="no next run while paused").wait_for()
    visit.see("pipeline")
    page.get_by_role("button", name="Resume").click()
    page.locator(".title .state.active").wait_for()
    page.locator("tbody tr a").first.click()
    page.locator(".error strong", has_text="PIPELINE_FAILED").wait_for()
    lineage = page.locator(".graph")
    visit.expect("2 passed" in lineage.locator(".stage", has_text="by_country").get_attribute("aria-label"),
                 "the lineage graph lacks tests that passed")
    visit.expect("✓ 2" in lineage.locator(".stage", has_text="by_country").text_content(), "the lineage graph does not show them")
    visit.expect("1 failed" in lineage.locator(".stage", has_text="large").get_attribute("aria-label"), "the lineage graph lacks a failed test")
    visit.expect(lineage.locator(".stage.skipped", has_text="report").count() == 1, "the skipped step is not shown")
    visit.expect(lineage.locator(".edge").count() == 4, "the lineage graph lacks edges")
    page.locator("h3 + .error strong", has_text="TEST_FAILED").wait_for()
    visit.see("run-failed")
    visit.see_on_phone("run-failed")
    stage = lineage.locator(".stage", has_text="by_country")
    stage.press("Enter")
    visit.expect(page.locator("table", has=page.locator("caption", has_text="Tests")).locator("tbody tr").count() == 2,
                 "picking a step does not choose its tests")
    stage.press("Enter")
    page.get_by_role("link", name="Job 1 of step orders").click()
    page.locator(".facts", has_text="step orders").wait_for()
    page.locator(".graph .stage").first.wait_for()
    check_run(visit)


def check_run(visit):
    """A run at work moves, says where its time goes, and is cancelled."""
    page, cluster = visit.page, visit.cluster
    cluster.etl_submit(cluster.pipeline("slow", SLOW_PIPELINE), "--detach")
    run = next(j["id"] for j in cluster.get("/jobs?state=running,queued")["jobs"] if j.get("pipeline") == "slow")
    page.goto(f"{cluster.url}/#/jobs/{run}")
    page.locator(".graph .stage.running", has_text="pairs").wait_for()
    page.locator(".why", has_text="Step pairs (transform) is at work").wait_for()
    visit.expect(page.locator(".graph .stage.succeeded", has_text="numbers").count() == 1, "the step before is not done")
    visit.see("run-busy")
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    page.locator(".title .state.cancelled").wait_for()
    page.get_by_role("button", name="Go on from here").wait_for()
