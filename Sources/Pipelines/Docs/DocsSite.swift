import Foundation
import Vocabulary

/// Writes what a pipeline is as one HTML page that needs nothing else: steps, columns, tests and lineage.
package struct DocsSite {
    private let pipeline: Pipeline
    /// Columns of published tables, by step.
    private let columns: [String: [ColumnFact]]
    private let children: [String: [String]]

    package init(_ pipeline: Pipeline, columns: [String: [ColumnFact]]) {
        self.pipeline = pipeline
        self.columns = columns
        var children: [String: [String]] = [:]
        for step in pipeline.steps {
            for parent in Set(step.dependencies) { children[parent, default: []].append(step.name) }
        }
        self.children = children
    }

    /// The page.
    package var html: String {
        let name = HTMLText.escaped(pipeline.name)
        let tests = pipeline.steps.reduce(0) { $0 + $1.tests.count }
        var text = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" \
            content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <title>\(name)</title>
            <style>\(DocsStyle.css)</style>
            </head>
            <body>
            <nav aria-label="Steps">
            <h1>\(name)</h1>
            <input type="search" id="filter" placeholder="Filter steps" aria-label="Filter steps">
            <ul>

            """
        for step in pipeline.steps {
            text +=
                "<li><a href=\"#\(step.name)\"><span class=\"kind \(step.kind.rawValue)\">"
                + "\(step.kind.rawValue)</span> \(step.name)</a></li>\n"
        }
        text += "</ul>\n</nav>\n<main>\n"
        if !pipeline.description.isEmpty { text += paragraph(pipeline.description) }
        text += "<p class=\"facts\">\(pipeline.steps.count) steps, \(tests) tests"
        if let schedule = pipeline.scheduleText {
            text +=
                "; runs at <code>\(HTMLText.escaped(schedule.cron))</code> "
                + HTMLText.escaped(schedule.timezone)
        }
        text += "</p>\n<h2>Lineage</h2>\n<div class=\"lineage\" tabindex=\"0\">\n"
        text += LineageDrawing(pipeline.steps).svg + "</div>\n"
        for step in pipeline.steps { text += section(step) }
        return text + "</main>\n<script>\(DocsStyle.script)</script>\n</body>\n</html>\n"
    }

    private func paragraph(_ text: String) -> String { "<p>\(HTMLText.escaped(text))</p>\n" }

    private func links(_ names: [String], _ before: String) -> String {
        if names.isEmpty { return "" }
        let list = names.sorted().map { "<a href=\"#\($0)\">\($0)</a>" }.joined(separator: ", ")
        return "<p><b>\(before)</b> \(list)</p>\n"
    }

    private func section(_ step: PipelineStep) -> String {
        var text =
            "<section id=\"\(step.name)\">\n<h2><span class=\"kind \(step.kind.rawValue)\">"
            + "\(step.kind.rawValue)</span> \(step.name)</h2>\n"
        text += step.description.isEmpty ? "" : paragraph(step.description)
        var facts = ["<code>\(HTMLText.escaped(step.file))</code>"]
        if step.folder != step.name {
            facts.append("table <code>\(HTMLText.escaped(step.folder))</code>")
        }
        if step.materialization.kind == .incremental {
            facts.append("incremental, \(step.materialization.strategy.rawValue)")
        }
        facts += step.tags.sorted().map { "<span class=\"tag\">\(HTMLText.escaped($0))</span>" }
        text += "<p class=\"facts\">\(facts.joined(separator: " · "))</p>\n"
        let files = step.relations.filter { $0.step == nil }.compactMap(\.path)
        if !files.isEmpty {
            let list = files.map { "<code>\(HTMLText.escaped($0))</code>" }.joined(separator: ", ")
            text += "<p><b>Files</b> \(list)</p>\n"
        }
        text += links(Set(step.dependencies).sorted(), "Reads")
        text += links(children[step.name] ?? [], "Read by")
        if let write = step.write {
            text +=
                "<p><b>Written to</b> <code>\(HTMLText.escaped(write.path))</code> as \(write.format)</p>\n"
        }
        text += table(step)
        if !step.tests.isEmpty {
            text += "<h3>Tests</h3>\n<ul>\n"
            for test in step.tests {
                text +=
                    "<li><code>\(HTMLText.escaped(test.name))</code>"
                    + (test.severity == .warn ? " (warns only)" : "") + "</li>\n"
            }
            text += "</ul>\n"
        }
        let sql = HTMLText.escaped(step.sql.trimmingCharacters(in: .whitespacesAndNewlines))
        return text + "<details><summary>Query</summary><pre>\(sql)</pre></details>\n</section>\n"
    }

    /// Columns that the table has, or that the user described.
    private func table(_ step: PipelineStep) -> String {
        let real = columns[step.name] ?? []
        var rows: [(name: String, type: String, note: String)] = real.map { column in
            let note = step.columns.first { $0.name.lowercased() == column.name.lowercased() }
            return (column.name, column.type, note?.description ?? "")
        }
        for note in step.columns
        where !real.contains(where: { $0.name.lowercased() == note.name.lowercased() }) {
            rows.append((note.name, note.type ?? "", note.description))
        }
        if rows.isEmpty { return "" }
        var text =
            "<h3>Columns</h3>\n<table>\n<thead><tr><th scope=\"col\">Column</th><th scope=\"col\">Type</th>"
            + "<th scope=\"col\">Description</th></tr></thead>\n<tbody>\n"
        for row in rows {
            text +=
                "<tr><td><code>\(HTMLText.escaped(row.name))</code></td>"
                + "<td>\(HTMLText.escaped(row.type))</td>"
                + "<td>\(HTMLText.escaped(row.note))</td></tr>\n"
        }
        return text + "</tbody>\n</table>\n"
    }

    /// Writes the page into a directory, which is made; returns its path. Throws `PIPELINE_FILE`.
    package func write(into directory: String) throws -> String {
        let path = directory + "/index.html"
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true)
            try Data(html.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw EngineError.user("PIPELINE_FILE", "Cannot write the page: \(path): \(error)")
        }
        return path
    }
}
