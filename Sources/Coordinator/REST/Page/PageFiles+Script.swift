extension PageFiles {
    /// Frame of the page: calls, elements, sign-in, routes, lists. Text reaches the document by `textContent`
    /// alone.
    static let script = #"""
        "use strict";
        const byId = id => document.getElementById(id);
        const main = byId("main");
        let turn = 0, timer = 0, session = null;

        // Makes an element: el("td", {class: "number"}, "12", child).
        function el(tag, attributes, ...children) {
          const node = document.createElement(tag);
          for (const [name, value] of Object.entries(attributes || {})) {
            if (name === "click") node.addEventListener("click", value);
            else if (value !== null && value !== undefined) node.setAttribute(name, value);
          }
          for (const child of children) {
            if (child instanceof Node) node.append(child);
            else if (child !== null &&
                child !== undefined) node.append(document.createTextNode(String(child)));
          }
          return node;
        }
        async function call(path, options) {
          const answer = await fetch("/api/v1" + path, Object.assign({credentials: "same-origin"}, options));
          if (answer.status === 204) return null;
          const body = await answer.json().catch(() => ({}));
          if (answer.ok) return body;
          const failure = new Error(body.detail || ("HTTP status " + answer.status));
          failure.status = answer.status;
          throw failure;
        }
        function say(text) { byId("notice").textContent = text; byId("notice").hidden = !text; }
        function cell(label, value, kind) { return el("td", {class: kind || null, "data-label": label},
            value); }
        function state(name) { return el("span", {class: "state " + name}, name); }
        function bar(done, total, name) {
          return el("progress", {value: done, max: Math.max(total, 1), class: name,
            "aria-label": done + " of " + total});
        }
        function count(n) {
          if (n < 10000) return String(n);
          for (const [size, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]])
            if (n >= size) return (n / size).toFixed(n / size < 100 ? 1 : 0) + " " + unit;
        }
        function bytes(n) {
          if (n < 1024) return n + " B";
          let unit = -1;
          while (n >= 1024 && unit < 4) { n /= 1024; unit++; }
          return n.toFixed(1) + " " + ["KiB", "MiB", "GiB", "TiB", "PiB"][unit];
        }
        function seconds(s) {
          if (s < 60) return s.toFixed(1) + " s";
          const m = Math.floor(s / 60);
          return m < 60 ? m + " min " + Math.floor(s % 60) + " s" : Math.floor(m / 60) + " h " + m % 60 +
              " min";
        }
        function took(job) {
          if (!job.startedAt) return "–";
          const end = job.finishedAt ? Date.parse(job.finishedAt) : Date.now();
          return seconds(Math.max(0, end - Date.parse(job.startedAt)) / 1000);
        }
        function clock(time) { return time ? new Date(time).toLocaleString([], {dateStyle: "short",
            timeStyle: "medium"}) : "–"; }
        function table(heads, rows, empty) {
          if (!rows.length) return el("div", {class: "card"}, empty);
          const head = el("tr", {}, ...heads.map(([text, kind]) => el("th", {class: kind || null,
              scope: "col"}, text)));
          return el("div", {class: "card"}, el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows)));
        }

        async function showCluster() {
          const c = await call("/cluster");
          byId("cluster").textContent = c.workers + (c.workers === 1 ? " worker · " : " workers · ") +
              c.slots.used + " of "
            + c.slots.total + " slots in use · " + count(c.queuedTasks) + " tasks queued";
        }
        async function showJobs(mine) {
          const list = await call("/jobs?all=true");
          if (mine !== turn) return;
          const rows = list.jobs.slice(0, 200).map(job => el("tr", {},
            el("td", {class: "name wide"}, el("a", {href: "#/jobs/" + encodeURIComponent(job.id)},
                job.name || job.id)),
            cell(null, state(job.state)),
            el("td", {class: "wide"}, bar(job.progress, 1, job.state)),
            cell("stages", job.stages.done + "/" + job.stages.total, "number"),
            cell("took", took(job), "number"),
            cell("at", clock(job.submittedAt), "soft small")));
          const empty = el("div", {class: "empty"}, "No jobs yet. Submit one:", el("br"),
            el("code", {}, "etl-submit job.sql --coordinator " + location.protocol + "//" +
                location.hostname + ":7077"));
          main.replaceChildren(el("h1", {}, "Jobs"), el("p", {class: "facts"}, list.jobs.length > 200
              ? "The latest 200 of " + list.jobs.length : ""),
            table([["Job"], ["State"], ["Progress"], ["Stages", "number"], ["Took", "number"],
                ["Submitted"]], rows, empty));
        }
        async function showWorkers(mine) {
          const list = await call("/workers");
          if (mine !== turn) return;
          const rows = list.workers.map(w => el("tr", {},
            el("td", {class: "name wide"}, w.address, el("span", {class: "soft small"}, "  " + w.id)),
            cell(null, state(w.state)),
            el("td", {class: "wide"}, bar(w.slots.used, w.slots.total, "")),
            cell("slots", w.slots.used + "/" + w.slots.total, "number"),
            cell("memory", bytes(w.memory.used) + " of " + bytes(w.memory.total), "number"),
            cell("shuffle", bytes(w.shuffleBytes), "number")));
          main.replaceChildren(el("h1", {}, "Workers"), el("p", {class: "facts"}),
            table([["Worker"], ["State"], ["In use"], ["Slots", "number"], ["Memory", "number"],
                ["Shuffle data", "number"]],
              rows, el("div", {class: "empty"}, "No worker has registered. Start one:", el("br"),
                el("code", {}, "etl-worker --coordinator " + location.protocol + "//" + location.hostname +
                    ":7077"))));
        }
        function showLogin() {
          turn++; clearTimeout(timer); say(""); byId("cluster").textContent = "";
          const input = el("input", {type: "password", id: "token", autocomplete: "current-password",
              required: ""});
          const form = el("form", {class: "card"}, el("h1", {}, "Sign in"),
            el("p", {},
                "This cluster asks for a token. Its owner keeps them in the coordinator's token file."),
            el("label", {for: "token"}, "Token"), input, el("button", {class: "main", type: "submit"},
                "Sign in"));
          form.addEventListener("submit", async event => {
            event.preventDefault();
            try {
              await call("/login", {method: "POST", headers: {"content-type": "application/json"},
                body: JSON.stringify({token: input.value})});
              say(""); await start();
            } catch (failure) { say(failure.message); }
          });
          main.replaceChildren(form); input.focus();
        }
        async function refresh() {
          clearTimeout(timer);
          const mine = ++turn;
          const parts = location.hash.replace(/^#\/?/, "").split("/");
          for (const link of document.querySelectorAll("nav a"))
            link.classList.toggle("here", link.dataset.view === (parts[0] || "jobs"));
          try {
            await showCluster();
            if (parts[0] === "jobs" && parts[1]) await showJob(decodeURIComponent(parts[1]), mine);
            else if (parts[0] === "workers") await showWorkers(mine);
            else await showJobs(mine);
            if (mine === turn) say("");
          } catch (failure) {
            if (failure.status === 401) return showLogin();
            if (mine === turn) say(failure.status ?
                failure.message : "The coordinator does not answer; trying again.");
          }
          if (mine === turn) timer = setTimeout(refresh, document.hidden ? 10000 : 1500);
        }
        async function start() {
          session = await call("/session").catch(() => null);
          byId("logout").hidden = !(session && session.tokensNeeded && session.role);
          if (session && session.tokensNeeded && !session.role) showLogin(); else await refresh();
        }
        byId("logout").addEventListener("click", async () => {
          await call("/logout", {method: "POST"}).catch(() => null); await start();
        });
        addEventListener("hashchange", () => { scrollTo(0, 0); refresh(); });
        document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
        addEventListener("DOMContentLoaded", start);

        """#
}
