"""Servers that alerts and events go to: SMTP by aiosmtpd (STARTTLS, AUTH) and HTTP, on free loopback ports.

Prints `SMTP_PORT HTTP_PORT` and then, for everything that it takes, one line of JSON. Ends when its standard
input or its parent does. usage: outside_double.py CERTIFICATE KEY
"""
import email, email.policy, http.server, json, os, socket, ssl, sys, threading
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

lock = threading.Lock()
over, parent = threading.Event(), os.getppid()


def tell(value):
    with lock:
        print(json.dumps(value), flush=True)


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        if any(address.startswith("nobody@") for address in envelope.rcpt_tos):
            return "550 no such mailbox"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        tell({
            "kind": "mail", "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.authenticated else None,
            "subject": message["subject"], "id": message["message-id"], "date": str(message["date"]),
            "text": message.get_content(),
        })
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ops", b"s3cr:t/canary")
    return AuthResult(success=good, auth_data=data)


class Web(http.server.BaseHTTPRequestHandler):
    refused = {}

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        count = Web.refused.get(self.path, 0)
        Web.refused[self.path] = count + 1
        status = 503 if self.path.startswith("/flaky") and count < 1 else 403 if self.path == "/no" else 200
        tell({
            "kind": "post", "path": self.path, "status": status, "body": json.loads(body),
            "headers": {name.lower(): value for name, value in self.headers.items()},
        })
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(sys.argv[1], sys.argv[2])
with socket.socket() as probe:  # aiosmtpd asks itself at the port that it was given, so 0 is none
    probe.bind(("127.0.0.1", 0))
    smtp_port = probe.getsockname()[1]
controller = Controller(
    Mailbox(), hostname="127.0.0.1", port=smtp_port, tls_context=context, require_starttls=False,
    authenticator=authenticate, auth_require_tls=True)
controller.start()
web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
threading.Thread(target=web.serve_forever, daemon=True).start()
print(smtp_port, web.server_port, flush=True)
# Standard input may be held open by a sibling that was started later: the parent's end is an end, too.
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
while not over.wait(0.5) and os.getppid() == parent:
    pass
os._exit(0)
