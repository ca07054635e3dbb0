"""What the page of a job of 10,000 tasks costs the browser, frame by frame, while its timeline is looked at."""

import json

TASKS = 10_000
# Tasks of a millisecond or two: all are there within seconds.
QUERY = f"SELECT count(*) AS n FROM range(0, 1000000, 1, {TASKS})"
# Bounds of what is seen, and of the processor time of the page's longest task, which says what the page takes whatever
# else the machine does.
MEDIAN_FRAME_MILLISECONDS = 50
LONGEST_TASK_MILLISECONDS = 100

# Runs in the page: notes the time between frames.
WATCH = """() => {
  const frames = window.frames = [];
  let last = null;
  const tick = at => {
    if (window.frames !== frames) return;
    if (last !== null) frames.push(at - last);
    last = at;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""
STOP = "() => { const frames = window.frames; window.frames = null; return frames; }"


def look_around(page):
    """Points at the timeline all along, and scrolls to the end of the page and back."""
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for step in range(40):
        page.mouse.move(box["x"] + 160 + (box["width"] - 180) * step / 40, box["y"] + 8 + box["height"] * 0.6 * (step % 5) / 5)
    for pixels in [400] * 5 + [-400] * 5:
        page.mouse.wheel(0, pixels)
        page.wait_for_timeout(50)


def tasks_of_page(trace):
    """Returns (processor, wall) milliseconds of every task of the page's main thread in a trace of Chromium."""
    events = json.loads(trace)["traceEvents"]
    main = {(e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"}
    tasks = [e for e in events if e["name"] == "RunTask" and (e["pid"], e["tid"]) in main]
    return [(e.get("tdur", 0) / 1000, e["dur"] / 1000) for e in tasks if "dur" in e]


def measured(page):
    """Returns the median frame, and of the longest task processor time and wall time, in one look around, milliseconds."""
    browser = page.context.browser
    page.evaluate(WATCH)
    browser.start_tracing(page=page, categories=["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel"])
    look_around(page)
    page.wait_for_timeout(500)
    tasks = tasks_of_page(browser.stop_tracing())
    frames = sorted(page.evaluate(STOP))
    return frames[len(frames) // 2], max(own for own, _ in tasks), max(wall for _, wall in tasks)


def check_frames(visit):
    """The page stays quick while a job of 10,000 tasks runs, and when all of them are on its timeline."""
    page, cluster = visit.page, visit.cluster
    running = []
    # On a busy machine all tasks may be done before the browser has drawn the page of the job: then another one runs.
    for _ in range(5):
        job = cluster.submit(QUERY, "many.sql", {})
        page.goto(f"{cluster.url}/#/jobs/{job}")
        page.locator("canvas[aria-label]").wait_for()
        while cluster.get(f"/jobs/{job}")["state"] in ("queued", "running"):
            running.append(measured(page))
            # The looks take the processor from the tasks.
            page.wait_for_timeout(1500)
        if running:
            break
    visit.expect(cluster.get(f"/jobs/{job}")["state"] == "succeeded", "the job of many tasks failed")
    page.locator(".state.succeeded").first.wait_for()
    page.wait_for_timeout(600)
    # The number has a narrow space before its unit.
    label = page.locator("canvas").get_attribute("aria-label")
    visit.expect("10.0\u202fk tasks" in label, f"the timeline lacks tasks: {label}")
    finished = [measured(page) for _ in range(2)]
    for when, looks in ("running", running), ("finished", finished):
        median, own, wall = (sorted(column)[len(looks) // 2] for column in zip(*looks))
        print(f"page of {TASKS} tasks, {when}: a frame takes {median:.0f} ms, the longest task {own:.0f} ms of the processor in "
              f"{wall:.0f} ms (medians of {len(looks)} looks; the most {max(l[1] for l in looks):.0f} in {max(l[2] for l in looks):.0f})")
        visit.expect(median <= MEDIAN_FRAME_MILLISECONDS, f"{when}: the median frame takes {median:.0f} ms")
        visit.expect(0 < own <= LONGEST_TASK_MILLISECONDS, f"{when}: a task of the browser takes {own:.0f} ms of the processor")
    visit.see("many")
