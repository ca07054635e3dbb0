"""Attacks on an HTTP/2 server: each costs the attacker little and is meant to cost the server much.

A flood is a frame again and again: the server has to end the connection, and say why. A siege holds what it can get for as
long as the server lets it: the server has to bound what that takes, and to go on serving others.
"""

import contextlib
import itertools
import time

from peer import *  # noqa: F403  frames and their names, of which nearly all are used

OPEN = headers(1, request("/", "POST"), end=False)
# So many units of a flood are sent at most; the burst between nodes is 10,000, what the public may do far less.
UNITS = 60_000
CALM = (ENHANCE_YOUR_CALM,)


def flood(address, unit, opening=b"", codes=CALM, reads=True):
    """Sends unit(i) again and again; returns what is wrong, or None once the server has ended the connection with a code."""
    with Peer(address) as peer:
        peer.send(opening)
        for start in range(0, UNITS, 100):
            if not peer.send(b"".join(map(unit, range(start, start + 100)))):
                break
            while reads and peer.hear():
                pass
            if peer.heard.closed or peer.heard.goaway:
                break
        peer.until(lambda heard: heard.closed)
        heard = peer.heard
        # A reset by the server's system may overtake the GOAWAY that says why.
        good = heard.closed and (heard.goaway in codes or heard.goaway is None and not reads)
        return None if good else f"after {start + 100} units: {str(heard)[:300]}"


def on(i):
    return 2 * i + 1


def opened(i, frames):
    """A POST on a stream of its own, without end, and frames on it."""
    return headers(on(i), request("/", "POST"), end=False) + frames


GET = block(request())
CANCELLED = number(CANCEL)

OVER = (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)

FLOODS = {
    "rapid reset": (lambda i: frame(HEADERS, 5, on(i), GET) + frame(RST_STREAM, 0, on(i), CANCELLED),),
    # Streams that are to be reset are open until the server has said so: many at once are over their number, which
    # is a PROTOCOL_ERROR of the connection (RFC 9113 §5.1.2).
    "reset me, by windows of 0": (
        lambda i: opened(i, frame(WINDOW_UPDATE, 0, on(i), number(0))), b"", OVER),
    "reset me, by windows too large": (
        lambda i: opened(i, frame(WINDOW_UPDATE, 0, on(i), number(0x7FFFFFFF))), b"", (*OVER, FLOW_CONTROL_ERROR)),
    "reset me, by PRIORITY of 4 bytes": (
        lambda i: opened(i, frame(PRIORITY, 0, on(i), bytes(4))), b"", (*OVER, FRAME_SIZE_ERROR)),
    "reset me, by DATA after the end": (
        lambda i: frame(HEADERS, 5, on(i), GET) + frame(DATA, 1, on(i), b"x"), b"", (*OVER, STREAM_CLOSED)),
    "reset me, by a wrong content-length": (
        lambda i: headers(on(i), request("/", "POST", [("content-length", "5")]), end=False) + frame(DATA, 1, on(i), b"x"),
        b"", OVER),
    "reset me, by requests without a path": (
        lambda i: headers(on(i), request(drop=[":path"])), b"", OVER),
    "PING": (lambda _: frame(PING, payload=bytes(8)),),
    "PING, and nothing is read": (lambda _: frame(PING, payload=bytes(8)), b"", CALM, False),
    "acknowledged PING": (lambda _: frame(PING, ACK, payload=bytes(8)),),
    "SETTINGS": (lambda i: settings((4, 65_535 + i % 2)),),
    "acknowledged SETTINGS": (lambda _: frame(SETTINGS, ACK), b"", (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)),
    "empty DATA": (lambda _: frame(DATA, 0, 1), OPEN),
    "DATA of padding": (lambda _: frame(DATA, PADDED, 1, b"\x07" + bytes(7)), OPEN, (ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR)),
    "PRIORITY": (lambda i: frame(PRIORITY, 0, on(i), number(0) + b"\x10"),),
    "unknown frames": (lambda _: frame(0xBB, payload=b"x"),),
    # The peer said that it goes; the server may go without a word. Where one read brings more of them than the burst of
    # frames, their rate is what ends it.
    "GOAWAY": (lambda _: frame(GOAWAY, payload=bytes(8)), b"", (NO_ERROR, None, ENHANCE_YOUR_CALM)),
    "WINDOW_UPDATE of 1": (lambda _: frame(WINDOW_UPDATE, payload=number(1)),),
    "CONTINUATION of nothing": (lambda _: frame(CONTINUATION, 0, 1), frame(HEADERS, END_STREAM, 1, GET[:4])),
    "CONTINUATION of fields": (lambda _: frame(CONTINUATION, 0, 1, block([("x-a", "b" * 4000)])),
                               frame(HEADERS, END_STREAM, 1, GET)),
}


# ---- Sieges: each yields what is wrong, if anything, as soon as it has taken hold; it lets go when it is closed.

def bomb():
    """A block of 16 KiB that unfolds to 48 MiB: a field of 4,000 bytes enters the table, then is named by a byte each time."""
    return block(request()) + b"\x40\x01x\x7f\x81\x1e" + b"a" * 3_968 + b"\xbe" * 12_000


@contextlib.contextmanager
def header_bombs(address, connections=8, count=60):
    """HPACK bombs: each has to be refused (431, or a reset) without being kept."""
    wrong, peers = None, [Peer(address) for _ in range(connections)]
    for peer in peers:
        for i in range(count):
            peer.send(frame(HEADERS, 5, on(i), bomb()))
            peer.hear()
        peer.until(lambda heard: heard.closed or heard.goaway or len(heard.statuses) + len(heard.resets) == count)
        heard = peer.heard
        if set(heard.statuses.values()) - {431} or not (heard.statuses or heard.resets or heard.goaway):
            wrong = f"a bomb was answered otherwise than by 431: {str(heard)[:200]}"
    yield wrong
    for peer in peers:
        peer.close()


@contextlib.contextmanager
def endless_headers(address, connections=8):
    """A header block of a megabyte of fields in one frame, whose last byte never comes."""
    fields = b"".join(b"\x00\x04x-%02d\x7f\x81\x1e" % (i % 100) + b"a" * 3_968 for i in range(250))
    whole = frame(HEADERS, 5, 1, GET + fields)
    peers = [Peer(address) for _ in range(connections)]
    for peer in peers:
        peer.barrier()
        peer.send(whole[:-1])
    yield None
    for peer in peers:
        peer.close()


@contextlib.contextmanager
def unfinished_bodies(address, connections=24, streams=100, size=900_000):
    """Requests whose bodies come nearly whole and never end, as many as are let in: gigabytes, when all are kept."""
    peers = []
    for _ in range(connections):
        with contextlib.suppress(OSError):
            peers.append(peer := Peer(address))
            peer.barrier()
            peer.send(frame(WINDOW_UPDATE, payload=number(1 << 30)))
            for i in range(streams):
                head = headers(on(i), request("/api/v1/jobs", "POST", [("content-type", "application/json")]), end=False)
                pieces = [frame(DATA, 0, on(i), bytes(16_000))] * (size // 16_000)
                if not peer.send(head + b"".join(pieces), seconds=2):
                    break
                peer.hear()
    yield None
    for peer in peers:
        peer.close()


@contextlib.contextmanager
def unread_answers(address, connections=24, streams=900, path="/api/v1/openapi.json"):
    """Requests for what is large, by clients that open no window for it."""
    peers = []
    for _ in range(connections):
        with contextlib.suppress(OSError):
            peers.append(peer := Peer(address, own=[(4, 0)]))
            peer.barrier()
            for start in range(0, streams, 50):
                if not peer.send(b"".join(headers(on(i), request(path)) for i in range(start, start + 50)), seconds=2):
                    break
                peer.hear()
    yield None
    for peer in peers:
        peer.close()


@contextlib.contextmanager
def many_connections(address, connections=1_300):
    """More connections than the server holds, which are idle, from a host of their own."""
    peers = []
    for _ in range(connections):
        with contextlib.suppress(OSError):
            peers.append(Peer(address, source="127.0.0.2"))
    yield None
    for peer in peers:
        peer.close()


SIEGES = [header_bombs, endless_headers, unfinished_bodies, unread_answers, many_connections]


# ---- What is slow: each returns what is wrong, or None once the server gave up on it; `limit` is in seconds.

def trickle(address, limit, opening, drops, every=0.5, hello=True):
    """Sends a little now and then; the server has to answer 408, to cancel the stream or to close the connection."""
    with Peer(address, hello=hello) as peer:
        peer.send(opening)
        start = time.monotonic()
        for drop in itertools.cycle(drops):
            heard = peer.heard
            if heard.closed or heard.goaway or heard.resets or 408 in heard.statuses.values():
                return None
            if time.monotonic() - start > limit:
                return f"the server still waits after {limit} s: {heard}"
            if drop:
                peer.send(drop)
            peer.until(lambda heard: heard.closed or heard.goaway or heard.resets, every)


SLOW = {
    "a client that says nothing": lambda address: trickle(address, 15, b"", [b""], hello=False),
    "a preface byte by byte": lambda address: trickle(address, 15, b"", [bytes([c]) for c in PREFACE + bytes(99)], hello=False),
    "a header block whose end never comes": lambda address: trickle(
        address, 15, frame(HEADERS, END_STREAM, 1, GET[:4]), [b""]),
    "a header frame byte by byte": lambda address: trickle(
        address, 15, frame(HEADERS, 5, 1, GET + bytes(1 << 14))[:30], [b"\x00"]),
    "a body byte by byte": lambda address: trickle(
        address, 20, headers(1, request("/api/v1/jobs", "POST", [("content-type", "application/json")]), end=False),
        [frame(DATA, 0, 1, b"x")]),
}
