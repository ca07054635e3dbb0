"""The MUSTs of RFC 9113 (and of RFC 7541 for header blocks) that a server can be held to by sending it frames.

Each rule is a section, a sentence, the frames that break it (or must be borne), and what has to follow. An error of a stream may
always be answered as one of the connection (§5.4.2), with the same code.
"""

import dataclasses

from peer import *  # noqa: F403  frames and their names, of which nearly all are used

HOLD = request("/", "POST")


@dataclasses.dataclass
class Rule:
    section: str
    what: str
    sent: bytes
    # "connection": GOAWAY with one of the codes, then the end. "stream": RST_STREAM or GOAWAY with one of the codes.
    # "served": stream 1 is answered. "lives": no error at all. "closed": the end, with or without GOAWAY.
    expected: str
    codes: tuple = ()
    hello: bool = True
    own: tuple = ()
    statuses: tuple = ()

    def check(self, address):
        """Plays the rule on a new connection; returns what is wrong, or None."""
        with Peer(address, hello=self.hello, own=self.own) as peer:
            peer.send(self.sent)
            heard = peer.heard
            if self.expected == "closed":
                peer.until(lambda heard: heard.closed)
                return None if heard.closed and not heard.statuses else f"{heard}"
            if self.expected == "served":
                peer.until(lambda heard: 1 in heard.statuses or heard.resets)
            peer.barrier()
            if self.expected == "connection":
                peer.until(lambda heard: heard.closed)
                return None if heard.goaway in self.codes and heard.closed else f"{heard}"
            if self.expected == "stream":
                if heard.goaway in self.codes:
                    return None
                bad = not set(heard.resets.values()) & set(self.codes) or heard.goaway is not None
                return f"{heard}" if bad else None
            if heard.goaway is not None or heard.closed or heard.resets or not heard.pongs:
                return f"{heard}"
            if self.expected == "served" and (not heard.statuses.get(1) or
                                              self.statuses and heard.statuses[1] not in self.statuses):
                return f"{heard}"
            return None


def connection(section, what, sent, *codes, **more):
    return Rule(section, what, sent, "connection", codes, **more)


def stream(section, what, sent, *codes, **more):
    return Rule(section, what, sent, "stream", codes, **more)


def served(section, what, sent, *statuses, **more):
    return Rule(section, what, sent, "served", statuses=statuses, **more)


def lives(section, what, sent, **more):
    return Rule(section, what, sent, "lives", **more)


def malformed(section, what, fields):
    """A request that is not well-formed: an error of its stream, PROTOCOL_ERROR (§8.1.1). 400 may be said before it."""
    return stream(section, what, headers(1, fields), PROTOCOL_ERROR)


def literal(name, value):
    """A field as it stands, neither indexed nor Huffman-coded: for what an encoder would not write."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def raw(*fields):
    """HEADERS of a good request with further fields as literals."""
    return frame(HEADERS, END_HEADERS | END_STREAM, 1, block(request()) + b"".join(literal(*field) for field in fields))


def damaged(end):
    """HEADERS of a good request with bytes behind it that no decoder may take."""
    return frame(HEADERS, END_HEADERS | END_STREAM, 1, block(request()) + end)


CLOSED = headers(1) + frame(RST_STREAM, stream=1, payload=number(CANCEL))
HALF = block(request())[:4]
OPEN = headers(1, HOLD, end=False)

STARTING = [
    Rule("3.4", "a preface that is HTTP/1.1", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "closed", hello=False),
    Rule("3.4", "a preface of noise", b"\x16\x03\x01\x02\x00" * 10, "closed", hello=False),
    connection("3.4", "a first frame that is no SETTINGS", PREFACE + frame(PING, payload=bytes(8)), PROTOCOL_ERROR, hello=False),
]

FRAMES = [
    lives("4.1", "a frame of unknown type", frame(0xBB, 0xFF, 0, b"x" * 20)),
    lives("4.1", "flags that mean nothing", frame(PING, 0xFE, payload=bytes(8))),
    lives("4.1", "the reserved bit of a stream identifier", frame(PING, 0, 0x80000000, bytes(8))),
    lives("5.5", "a frame of unknown type on a stream that is open", OPEN + frame(0xBB, 0, 1, b"x")),
    connection("4.2", "DATA over SETTINGS_MAX_FRAME_SIZE", OPEN + b"\xff\xff\xff\x00\x00" + number(1), FRAME_SIZE_ERROR),
    connection("4.2", "HEADERS over SETTINGS_MAX_FRAME_SIZE", b"\xff\xff\xff\x01\x05" + number(1), FRAME_SIZE_ERROR),
    connection("4.2", "an unknown frame over SETTINGS_MAX_FRAME_SIZE", b"\xff\xff\xff\xbb\x00" + number(0), FRAME_SIZE_ERROR),
    connection("4.3", "PRIORITY within a header block",
               frame(HEADERS, END_STREAM, 1, HALF) + frame(PRIORITY, 0, 1, bytes(5)), PROTOCOL_ERROR),
    connection("4.3", "another stream's HEADERS within a header block",
               frame(HEADERS, END_STREAM, 1, HALF) + headers(3), PROTOCOL_ERROR),
    connection("4.3", "an unknown frame within a header block",
               frame(HEADERS, END_STREAM, 1, HALF) + frame(0xBB, 0, 1), PROTOCOL_ERROR),
    connection("4.3", "PING within a header block", frame(HEADERS, END_STREAM, 1, HALF) + frame(PING, payload=bytes(8)),
               PROTOCOL_ERROR),
]

COMPRESSION = [
    connection("4.3", what, damaged(end), COMPRESSION_ERROR)
    for what, end in [
        ("index 0 (RFC 7541 §6.1)", b"\x80"),
        ("an index beyond the tables (RFC 7541 §2.3.3)", b"\xff\x20"),
        ("an index that fits no integer (RFC 7541 §5.1)", b"\xff" + b"\x80" * 12),
        ("a string longer than the block (RFC 7541 §5.2)", b"\x00\x7e"),
        ("Huffman padding that is not of ones (RFC 7541 §5.2)", b"\x00\x81\x00\x01a"),
        ("Huffman padding over seven bits (RFC 7541 §5.2)", b"\x00\x82\x1f\xff\x01a"),
        ("a Huffman string with EOS (RFC 7541 §5.2)", b"\x00\x84\xff\xff\xff\xff\x01a"),
        ("a table size over the limit (RFC 7541 §6.3)", b"\x3f\xe1\xff\x03"),
        ("a table size within a block (RFC 7541 §4.2)", b"\x20"),
    ]
]

STREAMS = [
    connection("5.1", "DATA on an idle stream", frame(DATA, END_STREAM, 1, b"x"), PROTOCOL_ERROR),
    connection("5.1", "RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, number(CANCEL)), PROTOCOL_ERROR),
    connection("5.1", "WINDOW_UPDATE on an idle stream", frame(WINDOW_UPDATE, 0, 1, number(100)), PROTOCOL_ERROR),
    connection("5.1", "CONTINUATION on an idle stream", frame(CONTINUATION, END_HEADERS, 1, HALF), PROTOCOL_ERROR),
    stream("5.1", "DATA after the end of the request", headers(1) + frame(DATA, END_STREAM, 1, b"x"), STREAM_CLOSED),
    stream("5.1", "HEADERS after the end of the request", headers(1) + headers(1), STREAM_CLOSED),
    connection("5.1", "CONTINUATION after the end of the request", headers(1) + frame(CONTINUATION, END_HEADERS, 1, HALF),
               PROTOCOL_ERROR, STREAM_CLOSED),
    connection("5.1.1", "a stream of even number", headers(2), PROTOCOL_ERROR),
    connection("5.1.1", "a stream number below the last one", headers(5) + headers(3), PROTOCOL_ERROR, STREAM_CLOSED),
    lives("5.1", "PRIORITY on an idle stream", frame(PRIORITY, 0, 1, number(0) + b"\x10")),
    lives("5.1", "WINDOW_UPDATE and RST_STREAM on a stream that was cancelled",
          CLOSED + frame(WINDOW_UPDATE, 0, 1, number(9)) + frame(RST_STREAM, 0, 1, number(CANCEL))),
]

KINDS = [
    connection("6.1", "DATA on stream 0", frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR),
    connection("6.1", "DATA with more padding than payload", OPEN + frame(DATA, PADDED, 1, b"\x05abc"), PROTOCOL_ERROR),
    connection("6.2", "HEADERS on stream 0", frame(HEADERS, 5, 0, block(request())), PROTOCOL_ERROR),
    connection("6.2", "HEADERS with more padding than payload",
               frame(HEADERS, 5 | PADDED, 1, b"\xfa" + block(request())), PROTOCOL_ERROR),
    connection("6.2", "HEADERS too short for its priority", frame(HEADERS, 5 | PRIORITIZED, 1, b"\x00\x00"), FRAME_SIZE_ERROR,
               PROTOCOL_ERROR),
    served("6.2", "HEADERS with padding and a priority",
           frame(HEADERS, 5 | PADDED | PRIORITIZED, 1, b"\x03" + number(0) + b"\x0f" + block(request()) + bytes(3))),
    connection("6.3", "PRIORITY on stream 0", frame(PRIORITY, 0, 0, bytes(5)), PROTOCOL_ERROR),
    stream("6.3", "PRIORITY of 4 bytes", OPEN + frame(PRIORITY, 0, 1, bytes(4)), FRAME_SIZE_ERROR),
    connection("6.4", "RST_STREAM on stream 0", frame(RST_STREAM, 0, 0, number(CANCEL)), PROTOCOL_ERROR),
    connection("6.4", "RST_STREAM of 3 bytes", OPEN + frame(RST_STREAM, 0, 1, bytes(3)), FRAME_SIZE_ERROR),
    connection("6.5", "SETTINGS on a stream", frame(SETTINGS, 0, 1), PROTOCOL_ERROR),
    connection("6.5", "SETTINGS of 5 bytes", frame(SETTINGS, payload=bytes(5)), FRAME_SIZE_ERROR),
    connection("6.5", "an acknowledgement of SETTINGS with a payload", frame(SETTINGS, ACK, payload=bytes(6)), FRAME_SIZE_ERROR),
    connection("6.5.2", "SETTINGS_ENABLE_PUSH of 2", settings((2, 2)), PROTOCOL_ERROR),
    connection("6.5.2", "SETTINGS_INITIAL_WINDOW_SIZE of 2^31", settings((4, 1 << 31)), FLOW_CONTROL_ERROR),
    connection("6.5.2", "SETTINGS_MAX_FRAME_SIZE of 16,383", settings((5, 16_383)), PROTOCOL_ERROR),
    connection("6.5.2", "SETTINGS_MAX_FRAME_SIZE of 2^24", settings((5, 1 << 24)), PROTOCOL_ERROR),
    lives("6.5.2", "a setting that no one knows", settings((0xFF, 7))),
    connection("6.6", "PUSH_PROMISE from a client", OPEN + frame(PUSH_PROMISE, END_HEADERS, 1, number(2) + HALF),
               PROTOCOL_ERROR),
    connection("6.7", "PING of 7 bytes", frame(PING, payload=bytes(7)), FRAME_SIZE_ERROR),
    connection("6.7", "PING on a stream", frame(PING, 0, 1, bytes(8)), PROTOCOL_ERROR),
    connection("6.8", "GOAWAY on a stream", frame(GOAWAY, 0, 1, bytes(8)), PROTOCOL_ERROR),
    connection("6.8", "GOAWAY of 7 bytes", frame(GOAWAY, payload=bytes(7)), FRAME_SIZE_ERROR),
    connection("6.9", "WINDOW_UPDATE of 0 on the connection", frame(WINDOW_UPDATE, payload=number(0)), PROTOCOL_ERROR),
    stream("6.9", "WINDOW_UPDATE of 0 on a stream", OPEN + frame(WINDOW_UPDATE, 0, 1, number(0)), PROTOCOL_ERROR),
    connection("6.9", "WINDOW_UPDATE of 3 bytes", frame(WINDOW_UPDATE, payload=bytes(3)), FRAME_SIZE_ERROR),
    connection("6.9.1", "a window of the connection over 2^31 - 1",
               frame(WINDOW_UPDATE, payload=number(0x7FFFFFFF)) * 2, FLOW_CONTROL_ERROR),
    stream("6.9.1", "a window of a stream over 2^31 - 1", OPEN + frame(WINDOW_UPDATE, 0, 1, number(0x7FFFFFFF)) * 2,
           FLOW_CONTROL_ERROR),
    connection("6.9.2", "an initial window that takes a stream's over 2^31 - 1",
               OPEN + frame(WINDOW_UPDATE, 0, 1, number(0x7FFF0000)) + settings((4, 0x7FFFFFFF)), FLOW_CONTROL_ERROR),
    connection("6.10", "CONTINUATION without HEADERS before it", headers(1) + frame(CONTINUATION, END_HEADERS, 3, HALF),
               PROTOCOL_ERROR),
    connection("6.10", "CONTINUATION on stream 0", frame(HEADERS, END_STREAM, 1, HALF) + frame(CONTINUATION, 4, 0, HALF),
               PROTOCOL_ERROR),
    connection("6.10", "CONTINUATION on another stream", frame(HEADERS, END_STREAM, 1, HALF) + frame(CONTINUATION, 4, 3, HALF),
               PROTOCOL_ERROR),
    served("6.10", "a header block in three pieces",
           frame(HEADERS, END_STREAM, 1, block(request())[:2]) + frame(CONTINUATION, 0, 1, block(request())[2:5])
           + frame(CONTINUATION, END_HEADERS, 1, block(request())[5:])),
]

MESSAGES = [
    served("8.1", "a request with trailers", OPEN + frame(DATA, 0, 1, b"x") + headers(1, [("x-end", "1")])),
    stream("8.1", "trailers that do not end the request", OPEN + headers(1, [("x-end", "1")], end=False), PROTOCOL_ERROR),
    stream("8.1", "a pseudo-field in trailers", OPEN + headers(1, [(":method", "GET")]), PROTOCOL_ERROR),
    stream("8.1.1", "a content-length below the body",
           headers(1, HOLD + [("content-length", "1")], end=False) + frame(DATA, END_STREAM, 1, b"abc"), PROTOCOL_ERROR),
    stream("8.1.1", "a content-length above the body",
           headers(1, HOLD + [("content-length", "9")], end=False) + frame(DATA, END_STREAM, 1, b"abc"), PROTOCOL_ERROR),
    stream("8.2.1", "a field name in capitals", raw((b"X-Field", b"a")), PROTOCOL_ERROR),
    stream("8.2.1", "a field name with a space", raw((b"x field", b"a")), PROTOCOL_ERROR),
    stream("8.2.1", "a field name with a colon", raw((b"x:field", b"a")), PROTOCOL_ERROR),
    stream("8.2.1", "a field without a name", raw((b"", b"a")), PROTOCOL_ERROR),
    stream("8.2.1", "a field value with NUL", raw((b"x-field", b"a\x00b")), PROTOCOL_ERROR),
    stream("8.2.1", "a field value with a line feed", raw((b"x-field", b"a\nb: c")), PROTOCOL_ERROR),
    stream("8.2.1", "a field value with a carriage return", raw((b"x-field", b"a\rb")), PROTOCOL_ERROR),
    stream("8.2.1", "a field value that begins with a space", raw((b"x-field", b" a")), PROTOCOL_ERROR),
    stream("8.2.1", "a field value that ends with a tab", raw((b"x-field", b"a\t")), PROTOCOL_ERROR),
    *[malformed("8.2.2", f"the field {name}", request(extra=[(name, value)])) for name, value in [
        ("connection", "keep-alive"), ("keep-alive", "5"), ("proxy-connection", "close"), ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"), ("te", "gzip")]],
    served("8.2.2", "the field te: trailers", headers(1, request(extra=[("te", "trailers")]))),
    malformed("8.3", "a pseudo-field that no one knows", [(":x", "a")] + request()),
    malformed("8.3", "the pseudo-field :status in a request", [(":status", "200")] + request()),
    malformed("8.3", "a pseudo-field behind others", [("x-field", "a")] + request()),
    *[malformed("8.3.1", f"a request without {name}", request(drop=[name])) for name in [":method", ":scheme", ":path"]],
    *[malformed("8.3.1", f"a request with {name} twice", [pair for pair in request() if pair[0] == name] + request())
      for name in [":method", ":scheme", ":path", ":authority"]],
    malformed("8.3.1", "an empty :path", request("")),
    malformed("8.3.1", "a :path without a slash", request("api")),
    malformed("8.5", "CONNECT with a :path", request(method="CONNECT")),
    served("8.3.1", "OPTIONS *", headers(1, request("*", "OPTIONS"))),
]

RULES = STARTING + FRAMES + COMPRESSION + STREAMS + KINDS + MESSAGES


def acknowledgements(address):
    """§6.5.3, §6.7: settings and pings are acknowledged, pings with their own bytes, and acknowledgements are not."""
    with Peer(address) as peer:
        peer.send(settings((3, 50)) + frame(PING, payload=b"likewise") + frame(PING, ACK, payload=b"ignored!"))
        peer.barrier()
        heard = peer.heard
        good = heard.acknowledged == 2 and b"likewise" in heard.pongs and b"ignored!" not in heard.pongs
        return None if good else f"{heard}, {heard.acknowledged} acknowledged, {heard.pongs}"


def small_windows(address):
    """§6.9: the server sends no byte beyond the window, takes a smaller and a larger initial window into account."""
    with Peer(address, own=[(4, 1)]) as peer:
        peer.send(headers(1, request("/no-such-path")))
        peer.until(lambda heard: 1 in heard.body_bytes or heard.closed)
        peer.barrier()
        if peer.heard.body_bytes.get(1) != 1:
            return f"a window of 1 byte brought {peer.heard.body_bytes}"
        # Now the stream's window is -1: two bytes more must bring one.
        peer.send(settings((4, 0)) + frame(WINDOW_UPDATE, 0, 1, number(2)))
        peer.barrier()
        peer.barrier()
        if peer.heard.body_bytes[1] != 2:
            return f"a window that went below 0 and up to 1 brought {peer.heard.body_bytes[1] - 1} bytes"
        peer.send(settings((4, 65_535)))
        peer.until(lambda heard: 1 in heard.ended)
        return None if 1 in peer.heard.ended else f"a window opened by settings: {peer.heard}"


def beyond_the_window(address):
    """§6.9.1: more DATA than the window is an error of flow control."""
    # A server that takes the first bytes before the last have arrived opens the window in time; one that never minds is wrong.
    for _ in range(20):
        with Peer(address) as peer:
            peer.acknowledges = False
            # The window that every stream has before settings are acknowledged is 65,535 bytes.
            peer.send(OPEN + frame(DATA, 0, 1, bytes(1 << 14)) * 5)
            peer.until(lambda heard: heard.goaway or heard.resets or heard.windows.get(1))
            if FLOW_CONTROL_ERROR in (peer.heard.goaway, *peer.heard.resets.values()):
                return None
            if not peer.heard.windows.get(1):
                return f"{peer.heard}"
    return f"20 times {peer.heard}"


def cancelled_streams(address):
    """§5.1: frames on a stream that was cancelled are no request; they end the connection or are ignored."""
    with Peer(address) as peer:
        peer.send(CLOSED + headers(1) + frame(DATA, 0, 1, b"x"))
        peer.barrier()
        heard = peer.heard
        return None if not heard.statuses and (heard.pongs or heard.goaway in (STREAM_CLOSED, PROTOCOL_ERROR)) else f"{heard}"


def too_many_streams(address):
    """§5.1.2: streams over SETTINGS_MAX_CONCURRENT_STREAMS are refused, the others go on."""
    with Peer(address) as peer:
        peer.send(b"".join(headers(2 * i + 1, request("/", "POST"), end=False) for i in range(1_100)))
        peer.barrier()
        refused = [code for code in peer.heard.resets.values() if code in (REFUSED_STREAM, PROTOCOL_ERROR)]
        return None if refused and peer.heard.goaway is None and not peer.heard.closed else f"{peer.heard}"[:300]


def after_an_error(address):
    """§5.4.2: an error of one stream leaves the others alone."""
    with Peer(address) as peer:
        peer.send(headers(1, request(drop=[":path"])) + headers(3))
        peer.until(lambda heard: 3 in heard.statuses)
        good = 3 in peer.heard.statuses and peer.heard.resets.get(1) == PROTOCOL_ERROR
        return None if good else f"{peer.heard}"


DIALOGUES = [acknowledgements, small_windows, beyond_the_window, cancelled_streams, too_many_streams, after_an_error]
