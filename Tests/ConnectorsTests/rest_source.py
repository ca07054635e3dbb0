"""A web service for tests, of the standard library only: each way of paging and of logging in, and each fault.

usage: rest_source.py [PORT]; prints the port it listens on. GET /log gives the requests so far.
"""
import base64
import json
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ROWS = [{"id": n, "name": f"row {n}", "updated_at": f"2024-01-{n:02d}T00:00:00Z", "at": {"x": n / 2}} for n in range(1, 8)]
SIZE = 3
lock = threading.Lock()
log, counts, tokens = [], {}, []


def pages():
    return [ROWS[start:start + SIZE] for start in range(0, len(ROWS), SIZE)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, value, status=200, headers=()):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.do_GET()

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.text = self.rfile.read(length).decode()
        url = urlsplit(self.path)
        self.query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        with lock:
            if url.path != "/log":
                log.append({"path": self.path, "authorization": self.headers.get("Authorization"), "body": self.text})
            counts[url.path] = counts.get(url.path, 0) + 1
            self.count = counts[url.path]
        name = url.path.strip("/").replace("/", "_") or "root"
        handler = getattr(self, "get_" + name, None)
        if handler:
            handler()
        else:
            self.answer({"error": "no such path"}, 404)

    def get_log(self):
        self.answer(log)

    # paging

    def page(self):
        return int(self.query.get("page", 0))

    def get_json_link(self):
        page = self.page()
        link = f"/json_link?page={page + 1}" if page + 1 < len(pages()) else None
        self.answer({"paging": {"next": link}, "items": pages()[page]})

    def get_header_link(self):
        page = self.page()
        more = page + 1 < len(pages())
        links = f'<http://{self.headers["Host"]}/header_link?page={page + 1}>; rel="next", </x>; rel="first"'
        self.answer(pages()[page], headers=[("Link", links)] if more else [])

    def get_offset(self):
        start, limit = int(self.query["offset"]), int(self.query["limit"])
        self.answer({"total": len(ROWS), "data": ROWS[start:start + limit]})

    def get_page_number(self):
        page = self.page() - 1
        self.answer({"data": pages()[page] if page < len(pages()) else []})

    def get_cursor(self):
        page = int(self.query.get("cursor", "c0")[1:])
        more = page + 1 < len(pages())
        self.answer({"data": pages()[page], "next_cursor": f"c{page + 1}" if more else None})

    def get_body(self):
        asked = json.loads(self.text)
        page = int(asked.get("at", {}).get("cursor", "c0")[1:])
        more = page + 1 < len(pages())
        self.answer({"rows": pages()[page], "cursors": {"next": f"c{page + 1}" if more else ""}})

    def get_single(self):
        self.answer(ROWS[0])

    def get_loop(self):
        page = self.page()
        self.answer({"next": f"/loop?page={(page + 1) % 2}", "data": pages()[page]})

    def get_same(self):
        self.answer({"data": pages()[0]})

    def get_since(self):
        since = self.query.get("since", "")
        self.answer({"data": [row for row in ROWS if row["updated_at"] >= since]})

    def get_given(self):
        values = json.loads(self.query["values"])
        self.answer({"data": [{"id": id + 1, "at": value} for id, value in enumerate(values)]})

    def get_zones(self):
        rows = [("1", "a", "2024-01-01T02:00:00+02:00"), ("1", "b", "2024-01-01T01:00:00Z")]
        if self.query.get("since"):
            rows += [("2", "c", "2024-01-01T02:30:00+02:00"), ("3", "d", "2024-01-01T03:30:00+02:00")]
        self.answer({"data": [{"id": id, "v": v, "updated_at": at} for id, v, at in rows]})

    def get_offsets(self):
        rows = [("1", "a", "2024-01-01T03:00:00+0200"), ("1", "b", "2024-01-01T02:30:00+0000")]
        if self.query.get("since"):
            rows += [("2", "c", "2024-01-01T04:00:00+02"), ("3", "d", "2024-01-01 03:00:00")]
        self.answer({"data": [{"id": id, "v": v, "updated_at": at} for id, v, at in rows]})

    def get_wide(self):
        more = self.page() < 1
        row = {"id": 1, "value": 1} if more else {"id": 2, "value": 2.5, "late": "a\nb"}
        self.answer({"data": [row], "next": "/wide?page=1" if more else None})

    def get_empty(self):
        self.answer({"data": []})

    # logins

    def guarded(self, good):
        if good:
            self.answer({"data": pages()[0]})
        else:
            self.answer({"error": "you are not known"}, 401)

    def get_bearer(self):
        self.guarded(self.headers.get("Authorization") == "Bearer s3cret-canary")

    def get_basic(self):
        wanted = "Basic " + base64.b64encode(b"ann:s3cret-canary").decode()
        self.guarded(self.headers.get("Authorization") == wanted)

    def get_key_header(self):
        self.guarded(self.headers.get("X-Key") == "s3cret-canary")

    def get_key_query(self):
        self.guarded(self.query.get("key") == "s3cret-canary")

    def get_token(self):
        asked = {name: values[-1] for name, values in parse_qs(self.text).items()}
        if asked.get("client_secret") != "s3cret-canary" or asked.get("grant_type") != "client_credentials":
            return self.answer({"error": "invalid_client"}, 401)
        with lock:
            tokens.append(f"token-canary-{len(tokens)}")
        self.answer({"access_token": tokens[-1], "expires_in": 3600})

    def get_oauth(self):
        # The first token is no longer good on the second page.
        page = self.page()
        sent = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if sent not in tokens[page:]:
            return self.answer({"error": "expired"}, 401)
        self.answer({"data": pages()[page], "next": "/oauth?page=1" if page == 0 else None})

    # faults

    def get_busy(self):
        if self.count == 1:
            return self.answer({}, 429, [("Retry-After", "1")])
        if self.count == 2:
            return self.answer({}, 429, [("Retry-After", formatdate(time.time() + 1, usegmt=True))])
        self.answer({"data": pages()[0]})

    def get_flaky(self):
        if self.count < 3:
            return self.answer({"error": "out of order"}, 503)
        self.answer({"data": pages()[0]})

    def get_down(self):
        self.answer({}, 500)

    def get_later(self):
        self.answer({}, 429, [("Retry-After", "86400")])

    def get_broken(self):
        if self.page() == 0:
            return self.answer({"next": "/broken?page=1", "data": pages()[0]})
        self.answer(b'{"data": [{"id": 4}, {"id": ')

    def get_deep(self):
        self.answer(b'{"data": [{"id": 1, "x": ' + b'[' * 100000 + b']' * 100000 + b'}]}')

    def get_huge(self):
        self.answer({"data": ["x" * 100] * 10000})

    def get_slow(self):
        time.sleep(5)
        self.answer([])

    def get_refused(self):
        self.answer({"error": "bad parameter s3cret-canary"}, 422)

    def get_away(self):
        self.answer({}, 302, [("Location", "http://169.254.169.254/latest/meta-data/")])

    def get_elsewhere(self):
        port = self.headers["Host"].split(":")[1]
        self.answer({}, 307, [("Location", f"http://localhost:{port}/bearer")])

    def get_moved(self):
        self.answer({}, 301, [("Location", "/bearer")])


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
