"""What the proxy adds: `python tests/benchmarks/proxy.py [--requests N]`.

The same requests go to the reference server directly and through `chatconform proxy`, which judges and records them,
turn by turn in one run, so that both meet the same machine. Told are the medians of whole answers, of the first event
of a stream, and of the way of one piece of a paced stream, and what the proxy adds to each. The promise is one
millisecond at most.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from chatconform.reference.server import MODEL, ReferenceServer

HEAD = "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
PIECES = 200
PACE = 0.005


def request(stream: bool) -> bytes:
    """A request of a common size."""
    messages = [{"role": "user", "content": "Tell what the weather is like. " * 40}]
    body = json.dumps({"model": MODEL, "messages": messages, "stream": stream, "max_completion_tokens": 20})
    return (HEAD % len(body) + body).encode()


def connected(url: str) -> socket.socket:
    """A connection to what listens at a URL."""
    base = urlsplit(url)
    sock = socket.create_connection((base.hostname or "", base.port or 80), 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def whole(sock: socket.socket) -> float:
    """Milliseconds until an answer is whole."""
    begun = time.perf_counter()
    sock.sendall(request(False))
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += sock.recv(65536)
    return (time.perf_counter() - begun) * 1000


def first_event(sock: socket.socket) -> float:
    """Milliseconds until the first event of a stream is there."""
    begun = time.perf_counter()
    sock.sendall(request(True))
    data = b""
    while b"data: " not in data:
        data += sock.recv(65536)
    first = (time.perf_counter() - begun) * 1000
    while not data.endswith(b"\r\n0\r\n\r\n"):
        data = data[-16:] + sock.recv(65536)
    return first


class Paced:
    """A server that streams pieces at a pace, each with the moment at which it was sent."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with sock:
            while sock.recv(65536):
                sock.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                for _ in range(PIECES):
                    time.sleep(PACE)
                    event = b"data: %020.9f\n\n" % time.perf_counter()
                    sock.sendall(b"%x\r\n%b\r\n" % (len(event), event))
                sock.sendall(b"0\r\n\r\n")


def ways_of_pieces(url: str) -> tuple[list[float], int]:
    """Milliseconds that each piece of a paced stream was on its way, and how many arrived together with another."""
    ways, together = [], 0
    with connected(url) as sock:
        sock.sendall(request(True))
        data = b""
        while not data.endswith(b"0\r\n\r\n"):
            data = sock.recv(65536)
            now = time.perf_counter()
            sent = [float(part[:20]) for part in data.split(b"data: ")[1:]]
            ways += [(now - moment) * 1000 for moment in sent]
            together += max(0, len(sent) - 1)
    return ways, together


def main() -> None:
    """Measures and tells."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=300)
    count = parser.parse_args().requests
    with ExitStack() as stack:
        server, paced = stack.enter_context(ReferenceServer()), Paced()
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        through = [_proxy(stack, url, folder) for url in (server.url, paced.url)]
        measures: dict[str, Callable[[socket.socket], float]] = {"whole answer": whole, "first event": first_event}
        for name, measure in measures.items():
            ends = [stack.enter_context(connected(url)) for url in (server.url, through[0])]
            taken: list[list[float]] = [[], []]
            for _ in range(count):
                for end, times in zip(ends, taken, strict=True):
                    times.append(measure(end))
            _tell(name, *taken)
        direct, direct_together = ways_of_pieces(paced.url)
        proxied, proxied_together = ways_of_pieces(through[1])
        _tell("way of a piece", direct, proxied)
        print(f"pieces that arrived together: {direct_together} direct, {proxied_together} through, of {PIECES}")


def _proxy(stack: ExitStack, url: str, folder: str) -> str:
    """The base URL of a proxy in front of a URL."""
    record = str(Path(folder, f"{urlsplit(url).port}.jsonl"))
    command = [sys.executable, "-m", "chatconform", "proxy", "--upstream", url, "--port", "0", "--record", record]
    process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    stack.callback(process.kill)
    assert process.stdout is not None
    return process.stdout.readline().split()[2].rstrip(",")


def _tell(name: str, direct: list[float], through: list[float]) -> None:
    before, after = statistics.median(direct), statistics.median(through)
    high = statistics.quantiles(through, n=100)[98] - statistics.quantiles(direct, n=100)[98]
    print(f"{name}: {before:.3f} ms direct, {after:.3f} ms through: {after - before:+.3f} ms (p99 {high:+.3f} ms)")


if __name__ == "__main__":
    main()
