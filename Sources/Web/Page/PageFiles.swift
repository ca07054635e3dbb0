import Transport

/// Serves the page's files, which lie beside this one and are compiled in, so that the programs stay single
/// files.
enum PageFiles {
    private struct File: Sendable {
        let type: String
        let bytes: [UInt8]
        /// Changes with the bytes, so that browsers need not fetch them again.
        let tag: String

        init(_ type: String, _ bytes: [UInt8]) {
            self.type = type
            self.bytes = bytes
            // FNV-1a of 64 bits (Fowler, Noll, Vo)
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            tag = "\"\(String(hash, radix: 16))\""
        }
    }

    private static let script = "text/javascript; charset=utf-8"
    private static let page = File("text/html; charset=utf-8", PackageResources.index_html)
    private static let files: [String: File] = [
        "/": page, "/index.html": page,
        "/page.css": File("text/css; charset=utf-8", PackageResources.page_css),
        "/icon.svg": File("image/svg+xml", PackageResources.icon_svg),
        "/page.js": File(script, PackageResources.page_js),
        "/elements.js": File(script, PackageResources.elements_js),
        "/lists.js": File(script, PackageResources.lists_js),
        "/job.js": File(script, PackageResources.job_js),
        "/pipelines.js": File(script, PackageResources.pipelines_js),
        "/run.js": File(script, PackageResources.run_js),
        "/stages.js": File(script, PackageResources.stages_js),
        "/sql.js": File(script, PackageResources.sql_js),
        "/graph.js": File(script, PackageResources.graph_js),
        "/timeline.js": File(script, PackageResources.timeline_js),
    ]

    /// All paths that are served, for tests.
    static var paths: [String] { files.keys.sorted() }

    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// Returns the file that a request asks for, or nil.
    static func answer(_ request: WebRequest) -> WebResponse? {
        guard let file = files[request.path] else { return nil }
        let isKnown = request.headers["if-none-match"] == file.tag
        return WebResponse(
            status: isKnown ? 304 : 200,
            headers: [
                HeaderField("content-type", file.type), HeaderField("etag", file.tag),
                HeaderField("content-security-policy", policy), HeaderField("referrer-policy", "no-referrer"),
                HeaderField("x-frame-options", "DENY"), HeaderField("cache-control", "no-cache"),
            ], body: .bytes(isKnown ? [] : file.bytes))
    }
}
