"""How many small requests a second the reference server takes: `python tests/benchmarks/serving.py`.

The server runs in a process of its own; clients keep their connections.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import orjson

HELLO = {"model": "chatconform-reference", "messages": [{"role": "user", "content": "Say something short."}]}
KINDS: dict[str, dict[str, Any]] = {
    "whole, 8 tokens": {"max_tokens": 8},
    "whole, to its end": {},
    "stream, to its end": {"stream": True},
}


def talk(address: tuple[str, int], request: bytes, count: int) -> None:
    """Makes a request so many times on one connection."""
    with socket.create_connection(address) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            sock.sendall(request)
            data = b""
            while not _is_whole(data):
                data += sock.recv(65536)
            if not data.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(data.decode(errors="replace"))


def _is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or b"chunked" in head.lower():
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])


def rate(address: tuple[str, int], parameters: dict[str, Any], connections: int, count: int) -> float:
    """Requests a second over so many connections."""
    body = orjson.dumps({**HELLO, **parameters})
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: "
    request = head + b"%d\r\n\r\n" % len(body) + body
    threads = [threading.Thread(target=talk, args=(address, request, count // connections)) for _ in range(connections)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.perf_counter() - begun)


def main() -> None:
    command = [sys.executable, "-m", "chatconform", "serve", "--quiet", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = urlsplit((process.stdout or sys.stdin).readline().strip())
            address = (url.hostname or "", url.port or 0)
            talk(address, b"GET /v1/models HTTP/1.1\r\nHost: here\r\n\r\n", 50)
            for kind, parameters in KINDS.items():
                told = "  ".join(f"{n} connections: {rate(address, parameters, n, 2000):,.0f}/s" for n in (1, 4))
                print(f"{kind:<20}{told}")
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
