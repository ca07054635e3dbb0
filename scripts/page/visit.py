"""The browser on the page: what it complains about, what is seen in it, and what holds for every view."""

import time

# What the page may weigh when it is opened first, and take from then on.
LOAD_BYTES = 150_000
LOAD_MILLISECONDS = 200

# Runs in the page: what a screen reader would miss, and text that is hard to read.
AUDIT = r"""() => {
  const problems = [];
  const seen = node => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== "hidden";
  const name = node => (node.getAttribute("aria-label") || node.textContent || node.title || "").trim()
    || [...(node.labels || [])].map(l => l.textContent).join("").trim();
  for (const node of document.querySelectorAll("a, button, input, select, [role=button], summary, progress, [role=img]"))
    if (seen(node) && !name(node)) problems.push("no name: " + node.outerHTML.slice(0, 120));
  for (const node of document.querySelectorAll("img")) if (!node.hasAttribute("alt")) problems.push("no alt: " + node.src);
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption) problems.push("a table without caption");
    if ([...table.querySelectorAll("th")].some(th => !th.scope)) problems.push("a header without scope");
  }
  const ids = [...document.querySelectorAll("[id]")].map(n => n.id);
  if (new Set(ids).size !== ids.length) problems.push("an id twice: " + ids);
  if (document.documentElement.lang !== "en") problems.push("no language");
  if (document.querySelectorAll("h1").length !== 1) problems.push(document.querySelectorAll("h1").length + " h1");
  const rgb = text => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z;
  };
  const back = node => {
    for (let n = node; n; n = n.parentElement) {
      const color = rgb(getComputedStyle(n).backgroundColor);
      if (color.length < 4 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  for (const node of document.querySelectorAll("body *")) {
    if (!seen(node) || ![...node.childNodes].some(c => c.nodeType === 3 && c.data.trim())) continue;
    const isDrawn = node.closest("svg");
    if (isDrawn && node.tagName !== "text") continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(rgb(isDrawn ? style.fill : style.color)), light(back(node))].sort((p, q) => q - p);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) problems.push("contrast " + ratio.toFixed(1) + ": " + node.outerHTML.slice(0, 120));
  }
  return problems;
}"""


# Runs in the page: what does not fit into its place.
FIT = r"""() => {
  const problems = [];
  for (const box of document.querySelectorAll(".scrolls, .sql pre, .log"))
    if (box.scrollWidth > box.clientWidth + 1)
      problems.push(box.scrollWidth + " pixels in " + box.clientWidth + ": " + box.textContent.slice(0, 60));
  for (const name of document.querySelectorAll(".graph .stage")) {
    const right = name.querySelector(".box").getBoundingClientRect().right;
    for (const text of name.querySelectorAll("text"))
      if (text.getBoundingClientRect().right > right) problems.push("a stage's name is cut: " + text.textContent);
  }
  return problems;
}"""


class Visit:
    """A browser on the page, that notes whatever it complains about and whatever it asks of others."""

    def __init__(self, browser, cluster, screenshots):
        self.cluster, self.screenshots, self.complaints = cluster, screenshots, []
        self.page = browser.new_page(viewport={"width": 1440, "height": 1000}, color_scheme="light")
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.complaints.append(f"console: {m.text}"))
        self.page.on("pageerror", lambda e: self.complaints.append(f"script: {e}"))
        self.page.on("request", lambda r: r.url.startswith(cluster.url + "/") or self.complaints.append(f"asks {r.url}"))
        self.page.set_default_timeout(60_000)

    def see(self, name):
        """Audits what is shown, in both themes, and keeps pictures."""
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme)
            self.page.wait_for_timeout(350)
            for problem in self.page.evaluate(AUDIT):
                self.complaints.append(f"{name}, {theme}: {problem}")
            if self.screenshots:
                self.page.screenshot(path=self.screenshots / f"{name}-{theme}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")

    def see_on_phone(self, name):
        """Audits what is shown on a narrow screen, and that nothing is wider than it."""
        self.page.set_viewport_size({"width": 390, "height": 844})
        self.page.wait_for_timeout(350)
        wide = self.page.evaluate("() => document.documentElement.scrollWidth")
        self.expect(wide <= 390, f"{name}: {wide} pixels wide on a phone")
        self.see(name + "-phone")
        self.page.set_viewport_size({"width": 1440, "height": 1000})

    def see_at_1200(self, name):
        """Looks at what is shown in a window of 1200 pixels: tables fit, and no text runs out of its box or is cut in it."""
        self.page.set_viewport_size({"width": 1200, "height": 900})
        self.page.wait_for_timeout(350)
        for problem in self.page.evaluate(FIT):
            self.complaints.append(f"{name} at 1200: {problem}")
        if self.screenshots:
            self.page.screenshot(path=self.screenshots / f"{name}-1200.png", full_page=True)
        self.page.set_viewport_size({"width": 1440, "height": 1000})

    def expect(self, condition, what):
        if not condition:
            self.complaints.append(what)

    def text(self, selector):
        return self.page.locator(selector).first.inner_text()


def check_load(visit):
    page = visit.page
    times = []
    # What else the machine does delays loads: the best counts.
    deadline = time.monotonic() + 60
    while len(times) < 3 or min(times) > LOAD_MILLISECONDS and time.monotonic() < deadline:
        page.goto(visit.cluster.url + "/")
        page.locator("h1", has_text="Jobs").wait_for()
        page.locator("#cluster", has_text="2 workers").wait_for()
        entries = page.evaluate(
            "() => performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))"
            ".filter(e => !e.name.includes('/events')).map(e => [e.name, e.responseEnd, e.transferSize])")
        times.append(max(end for _, end, _ in entries))
        size = sum(size for _, _, size in entries)
        if len(times) == 1:
            visit.expect(size <= LOAD_BYTES, f"the page loads {size} bytes")
    print(f"page: {size} bytes again, loaded in {min(times):.0f} ms")
    visit.expect(min(times) <= LOAD_MILLISECONDS, f"the page takes {min(times):.0f} ms")
    visit.see("empty")


def check_keyboard(visit):
    """Everything is reached by Tab, and a stage is chosen by Enter."""
    page = visit.page
    page.locator(".skip").focus()
    visit.expect(page.locator(".skip").bounding_box()["x"] >= 0, "the skip link is not seen when it is reached")
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.getAttribute('role') || document.activeElement.tagName"))
    visit.expect({"A", "BUTTON", "button", "SUMMARY", "PRE"} <= reached, f"Tab reaches only {reached}")
    stage = page.locator(".graph [role=button]").first
    stage.press("Enter")
    visit.expect(stage.get_attribute("aria-pressed") == "true", "Enter chooses no stage")
    stage.press("Enter")
