"""One end of an HTTP/2 connection that says whatever it is told to, right or wrong, and hears what the server makes of it.

Frames are written by hand here, so that they can break the rules; HPACK comes from the package `hpack`.
"""

import dataclasses
import itertools
import socket
import ssl
import struct
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITIZED = 0x4, 0x8, 0x20

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, \
    REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(12)
NAMES = ["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
         "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"]


def frame(kind, flags=0, stream=0, payload=b""):
    """The bytes of a frame (RFC 9113 §4.1)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value):
    """Four bytes, as WINDOW_UPDATE and RST_STREAM carry."""
    return struct.pack(">I", value)


def settings(*pairs):
    """A SETTINGS frame of (identifier, value) pairs."""
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", *pair) for pair in pairs))


def request(path="/", method="GET", extra=(), drop=(), scheme="http"):
    """The fields of a request, without those named in `drop`."""
    fields = [(":method", method), (":scheme", scheme), (":authority", "127.0.0.1"), (":path", path), *extra]
    return [field for field in fields if field[0] not in drop]


def block(fields):
    """A header block that uses no dynamic table, so that it means the same at any place."""
    encoder = hpack.Encoder()
    encoder.header_table_size = 0
    # The size update that this made leads the block; a server takes it as it is.
    return encoder.encode(fields)


def headers(stream, fields=None, end=True, flags=END_HEADERS):
    """A HEADERS frame of a request."""
    return frame(HEADERS, flags | (END_STREAM if end else 0), stream, block(request() if fields is None else fields))


@dataclasses.dataclass
class Heard:
    """What the server said until now."""

    goaway: int | None = None
    closed: bool = False
    resets: dict = dataclasses.field(default_factory=dict)
    statuses: dict = dataclasses.field(default_factory=dict)
    ended: set = dataclasses.field(default_factory=set)
    body_bytes: dict = dataclasses.field(default_factory=dict)
    pongs: list = dataclasses.field(default_factory=list)
    acknowledged: int = 0
    windows: dict = dataclasses.field(default_factory=dict)

    def __str__(self):
        def name(code):
            return NAMES[code] if code < len(NAMES) else hex(code)

        parts = [] if self.goaway is None else [f"GOAWAY {name(self.goaway)}"]
        parts += [f"RST_STREAM {name(code)} on {stream}" for stream, code in self.resets.items()]
        parts += [f"status {status} on {stream}" for stream, status in self.statuses.items()]
        parts += [f"WINDOW_UPDATE {size} on {stream}" for stream, size in self.windows.items() if stream]
        return ", ".join(parts + (["closed"] if self.closed else [])) or "nothing"


def trusting():
    """TLS with whoever answers, for HTTP/2."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


class Peer:
    """A connection. `hello` False sends neither preface nor settings."""

    _pings = itertools.count(1)
    # Set to speak by TLS: an `ssl.SSLContext`.
    context = None

    def __init__(self, address, hello=True, own=(), source=""):
        self.socket = socket.create_connection(address, timeout=10, source_address=(source, 0) if source else None)
        if self.context:
            self.socket = self.context.wrap_socket(self.socket)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard = Heard()
        # Whether the server's settings are acknowledged: until then it may hold to none of them.
        self.acknowledges = hello
        self._buffer = bytearray()
        self._decoder = hpack.Decoder(max_header_list_size=1 << 20)
        self._block = b""
        if hello:
            self.send(PREFACE + settings(*own))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data, seconds=10):
        """Sends all of it; returns False when the server has closed, or takes nothing for so long."""
        self.socket.settimeout(seconds)
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def hear(self, seconds=0.0):
        """Reads what is there, or what comes first within `seconds`; returns False when nothing came."""
        if self.heard.closed:
            return False
        # Zero would make the socket non-blocking, which is what is meant.
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(1 << 18)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            data = b""
        if not data:
            self.heard.closed = True
            return False
        self._buffer += data
        self._parse()
        return True

    def until(self, condition, seconds=5.0):
        """Reads until `condition` holds of what was heard, the server closes, or the time is over; returns whether it holds."""
        deadline = time.monotonic() + seconds
        while not condition(self.heard) and not self.heard.closed:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            self.hear(left)
        return condition(self.heard)

    def barrier(self, seconds=5.0):
        """Waits until the server has dealt with everything sent before: it answers a PING, or ends the connection."""
        mark = struct.pack(">Q", next(self._pings))
        if not self.send(frame(PING, payload=mark)):
            self.until(lambda heard: heard.closed, seconds)
        return self.until(lambda heard: mark in heard.pongs or heard.goaway not in (None, NO_ERROR), seconds)

    def _parse(self):
        while len(self._buffer) >= 9:
            size = int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < 9 + size:
                return
            kind, flags = self._buffer[3], self._buffer[4]
            stream = int.from_bytes(self._buffer[5:9], "big") & 0x7FFFFFFF
            payload = bytes(self._buffer[9:9 + size])
            del self._buffer[:9 + size]
            self._take(kind, flags, stream, payload)

    def _take(self, kind, flags, stream, payload):
        heard = self.heard
        if kind == GOAWAY:
            code = int.from_bytes(payload[4:8], "big")
            heard.goaway = code if heard.goaway in (None, NO_ERROR) else heard.goaway
        elif kind == RST_STREAM:
            heard.resets[stream] = int.from_bytes(payload, "big")
        elif kind == WINDOW_UPDATE:
            heard.windows[stream] = heard.windows.get(stream, 0) + int.from_bytes(payload, "big")
        elif kind == PING and flags & ACK:
            heard.pongs.append(payload)
        elif kind == SETTINGS:
            heard.acknowledged += flags & ACK
            if not flags & ACK and self.acknowledges:
                self.send(frame(SETTINGS, ACK))
        elif kind in (HEADERS, CONTINUATION):
            self._block += payload
            if flags & END_HEADERS:
                fields = dict(self._decoder.decode(self._block))
                self._block = b""
                if ":status" in fields:
                    heard.statuses[stream] = int(fields[":status"])
        elif kind == DATA:
            heard.body_bytes[stream] = heard.body_bytes.get(stream, 0) + len(payload)
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            heard.ended.add(stream)
