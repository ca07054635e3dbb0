import Transport

/// Serves the page's files, which are compiled in.
enum PageFiles {
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// Returns the file of a path, or nil.
    static func answer(_ path: String) -> WebResponse? {
        let (text, type): (String, String)
        switch path {
        case "/", "/index.html": (text, type) = (html, "text/html; charset=utf-8")
        case "/page.css": (text, type) = (style, "text/css; charset=utf-8")
        case "/page.js": (text, type) = (script + jobScript, "text/javascript; charset=utf-8")
        case "/icon.svg": (text, type) = (icon, "image/svg+xml")
        default: return nil
        }
        var answer = WebResponse.text(text, type: type)
        answer.headers += [
            HeaderField("content-security-policy", policy), HeaderField("referrer-policy", "no-referrer"),
            HeaderField("x-frame-options", "DENY"), HeaderField("cache-control", "no-cache"),
        ]
        return answer
    }

    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">\
        <rect width="32" height="32" rx="7" fill="#0f766e"/>\
        <path d="M6 11c4-4 6 4 10 0s6 4 10 0M6 17c4-4 6 4 10 0s6 4 10 0M6 23c4-4 6 4 10 0s6 4 10 0" \
        fill="none" \
        stroke="#fff" stroke-width="2.4" stroke-linecap="round"/></svg>
        """

    static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Millrace</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/page.css">
        </head>
        <body>
        <header>
          <a class="brand" href="#/"><img src="/icon.svg" alt="" width="24" height="24">Millrace</a>
          <nav><a href="#/" data-view="jobs">Jobs</a><a href="#/workers" data-view="workers">Workers</a></nav>
          <p id="cluster" aria-live="off"></p>
          <button id="logout" type="button" hidden>Sign out</button>
        </header>
        <p id="notice" role="alert" hidden></p>
        <main id="main"></main>
        <noscript>This page shows live jobs and needs JavaScript; REST at /api/v1 does not.</noscript>
        <script src="/page.js" defer></script>
        </body>
        </html>
        """
}
