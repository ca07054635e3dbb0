extension PageFiles {
    /// View of one job: stages, error, plan and log.
    static let jobScript = #"""
        const opened = {plan: false, log: true};
        async function change(path, options) {
          try {
            const job = await call(path, options);
            if (job) location.hash = "#/jobs/" + encodeURIComponent(job.id);
            await refresh();
          } catch (failure) { clearTimeout(timer); say(failure.message); timer = setTimeout(refresh, 5000); }
        }
        function errorBox(error) {
          const box = el("div", {class: "error"}, el("strong", {}, error.code), el("p", {}, error.message));
          if (error.lineText && error.column) {
            const mark = " ".repeat(error.column - 1) + "^".repeat(Math.max(1, error.length || 1));
            box.append(el("p", {class: "small soft"}, (error.file || "SQL") + ":" + error.line + ":" +
                error.column),
              el("pre", {}, error.lineText + "\n" + mark));
          }
          if (error.remedy) box.append(el("p", {}, error.remedy));
          return box;
        }
        function stageRow(s) {
          const t = s.tasks;
          const tasks = t.done + "/" + t.total + (t.failed ? " (" + t.failed + " failed)" : "");
          const rate = s.seconds > 0 ? count(Math.round(s.rowsIn / s.seconds)) + "/s" : "–";
          return el("tr", {},
            el("td", {class: "name wide"}, el("span", {class: "soft small"}, s.id + "  "), s.name),
            cell(null, state(s.state)),
            el("td", {class: "wide"}, bar(t.done, t.total, s.state)),
            cell("tasks", tasks, "number"),
            cell("rows", count(s.rowsIn) + " → " + count(s.rowsOut), "number"),
            cell("read", bytes(s.bytesIn), "number"),
            cell("shuffle", bytes(s.shuffleBytes), "number"),
            cell("rate", rate, "number"),
            cell("skew", s.skew > 0 ? s.skew.toFixed(1) + " ×" : "–", s.skew >= 4 ? "number warn" : "number"),
            cell("time", seconds(s.seconds), "number"));
        }
        function fold(key, title, body) {
          const box = el("details", opened[key] ? {open: ""} : {}, el("summary", {}, el("h2", {}, title)),
              body);
          box.addEventListener("toggle", () => { opened[key] = box.open; });
          return box;
        }
        function logText(lines) {
          const text = el("pre", {tabindex: "0"});
          for (const line of lines) {
            const kind = line.level === "error" ? "bad" : line.level === "warning" ? "warn" : null;
            text.append(el("span", {class: "soft"}, line.time.slice(11, 23) + "  "), el("span",
                {class: kind}, line.message), "\n");
          }
          if (!lines.length) text.append("Nothing yet.");
          return text;
        }
        async function showJob(id, mine) {
          const path = "/jobs/" + encodeURIComponent(id);
          const [job, stages, plan, logs] = await Promise.all(
            [call(path), call(path + "/stages"), call(path + "/plan"), call(path + "/logs")]);
          if (mine !== turn) return;
          const isOver = !["queued", "running"].includes(job.state);
          const mayChange = !session || session.role !== "viewer";
          const actions = el("div", {class: "actions"});
          if (mayChange && !isOver) actions.append(el("button", {type: "button",
            click: () => confirm("Cancel this job?") && change(path, {method: "DELETE"})}, "Cancel job"));
          if (mayChange && isOver) actions.append(el("button", {type: "button",
            click: () => change(path + "/retry", {method: "POST"})}, "Run again"));
          const facts = el("p", {class: "facts"}, el("span", {}, job.id), el("span", {}, "submitted " +
              clock(job.submittedAt)),
            el("span", {}, (job.finishedAt ? "took " : "running for ") + took(job)),
            el("span", {}, Math.floor(job.progress * 100) + " % of tasks done"));
          const scrolled = main.querySelector("pre[tabindex]") ?
              main.querySelector("pre[tabindex]").scrollTop : 0;
          const log = logText(logs.lines);
          const nodes = [el("div", {class: "title"}, el("h1", {}, job.name || job.id), state(job.state),
              actions), facts,
            bar(job.progress, 1, job.state)];
          if (job.error) nodes.push(errorBox(job.error));
          for (const warning of job.warnings || []) nodes.push(el("p", {class: "warn"}, warning));
          nodes.push(el("h2", {}, "Stages"), table([["Stage"], ["State"], ["Progress"], ["Tasks", "number"],
              ["Rows in → out", "number"], ["Read", "number"], ["Shuffle", "number"], ["Rate", "number"],
                  ["Skew", "number"],
              ["Time", "number"]], stages.stages.map(stageRow), el("div", {class: "empty"},
                  "No stages are planned yet.")),
            fold("plan", "Plan", el("div", {class: "card"}, el("pre", {}, plan.plan || "Not planned yet."))),
            fold("log", "Log", el("div", {class: "card"}, log)));
          main.replaceChildren(...nodes);
          log.scrollTop = scrolled;
          document.title = (job.name || "Job") + " – " + job.state + " – Millrace";
        }
        """#
}
