"""A web server with files, and with the faults and habits that web servers have. The first part of a path says which:

    /files/NAME    answers HEAD, ranges, ETag and Last-Modified
    /whole/NAME    sends no ranges
    /nohead/NAME   refuses HEAD
    /stream/NAME   says no size, sends no ranges
    /packed/NAME   compresses what it sends, though nobody asked
    /moved/NAME    redirects to /files/NAME
    /away/NAME     redirects to the same name on `elsewhere`
    /flaky/NAME    answers 503 two times out of three
    /broken/NAME   answers 503 always
    /secret/NAME   answers 403 unless the query holds token=right
    /NAME          a directory: redirects to /NAME/, a page
"""
import email.utils
import gzip
import re
import urllib.parse

from .listening import Listening


class Web(Listening):
    def __init__(self):
        self.files, self.seen, self.elsewhere, self.counts = {}, [], "", {}
        self.swaps = {}
        """By name: the first byte of the range that, when it is asked for, has the file replaced, and its new bytes."""
        self.listen()
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def put(self, name, body):
        """Puts a file there; its tag and time change with it."""
        version = self.files.get(name, (b"", 0))[1] + 1
        self.files[name] = (body, version)

    def answer(self, request):
        url = urllib.parse.urlsplit(request.path)
        kind, _, name = urllib.parse.unquote(url.path).lstrip("/").partition("/")
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        self.seen.append((request.command, request.path, span and (int(span[1]), int(span[2]))))
        count = self.counts[request.path] = self.counts.get(request.path, 0) + 1
        if kind == "broken" or (kind == "flaky" and count % 3):
            return self.send(request, 503, b"busy")
        if kind == "nohead" and request.command == "HEAD":
            return self.send(request, 405, b"")
        if kind == "moved":
            return self.send(request, 302, b"", Location="/files/" + name)
        if kind == "away":
            return self.send(request, 307, b"", Location=self.elsewhere + "/files/" + name)
        if kind == "secret" and "token=right" not in url.query:
            return self.send(request, 403, b"no")
        if not name:
            slash = url.path.endswith("/")
            return self.send(request, 200 if slash else 301, b"<html>", **({} if slash else {"Location": url.path + "/"}))
        if name in self.swaps and span and int(span[1]) >= self.swaps[name][0]:
            self.put(name, self.swaps.pop(name)[1])
        if name not in self.files:
            return self.send(request, 404, b"none")
        body, version = self.files[name]
        headers = {"ETag": f'"{version}"', "Last-Modified": email.utils.formatdate(1e9 + version, usegmt=True)}
        if kind == "stream":
            return self.stream(request, body)
        if kind == "packed":
            return self.send(request, 200, gzip.compress(body), **{"Content-Encoding": "gzip"})
        if span and kind != "whole":
            first, last = int(span[1]), min(int(span[2]), len(body) - 1)
            if first >= len(body):
                return self.send(request, 416, b"", **{"Content-Range": f"bytes */{len(body)}"})
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            return self.send(request, 206, body[first:last + 1], **headers)
        self.send(request, 200, body, **headers)

    def send(self, request, status, body, **headers):
        try:
            request.send_response(status)
            for name, value in headers.items():
                request.send_header(name, value)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            if request.command != "HEAD":
                request.wfile.write(body)
        except OSError:
            request.close_connection = True

    def stream(self, request, body):
        try:
            request.send_response(200)
            request.send_header("Transfer-Encoding", "chunked")
            request.end_headers()
            if request.command == "HEAD":
                return
            for start in range(0, len(body), 50_000):
                piece = body[start:start + 50_000]
                request.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            request.wfile.write(b"0\r\n\r\n")
        except OSError:
            request.close_connection = True
