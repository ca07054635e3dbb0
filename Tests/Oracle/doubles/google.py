"""Google Cloud Storage, played by gcp-storage-emulator, which knows a bucket `lake`; what it lacks for these tests is
added here: several requests at once, and generations, which readers ask for."""
import http.server
import re
import threading
import time
import urllib.parse
import urllib.request

import gcp_storage_emulator.server as emulator


class Google:
    def __init__(self):
        self.seen, self.swaps, self.generations = [], {}, {}
        double = self

        class Handler(emulator.RequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                if double.lets_through(self):
                    super().do_GET()

        emulator.RequestHandler = Handler
        emulator.server.HTTPServer = http.server.ThreadingHTTPServer
        self.server = emulator.create_server("127.0.0.1", 0, in_memory=True, default_bucket="lake")
        self.server._api.daemon = True
        self.server.start()
        while not self.server._api._httpd:
            time.sleep(0.01)
        self.origin = f"http://127.0.0.1:{self.server._api._httpd.server_port}"

    def put(self, name, body):
        self.generations.pop(name, None)
        url = f"{self.origin}/upload/storage/v1/b/lake/o?uploadType=media&name={urllib.parse.quote(name, safe='')}"
        urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/octet-stream"})).read()

    def lets_through(self, request):
        """Notes the request; answers 404 itself to one for a generation that is no longer there."""
        url = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = urllib.parse.unquote(url.path.partition("/o/")[2])
        span = re.match(r"bytes=(\d+)-", request.headers.get("Range", ""))
        self.seen.append((name, url.query))
        if query.get("alt") != "media":
            return True
        # The first generation that is asked for is the one that was there.
        first = self.generations.setdefault(name, query.get("generation"))
        if name in self.swaps and span and int(span[1]) >= self.swaps[name][0]:
            self.put(name, self.swaps.pop(name)[1])
            self.generations[name] = "replaced"
            first = "replaced"
        if first != "replaced":
            return True
        request.send_response(404)
        request.send_header("Content-Length", "0")
        request.end_headers()
        return False
