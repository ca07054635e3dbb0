"""What doubles of services over HTTP have in common."""
import http.server
import threading


class Listening:
    """Listens on a free port of this machine; a subclass answers HEAD and GET in `answer(request)`."""

    def listen(self):
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                double.answer(self)

            do_GET = do_HEAD

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
