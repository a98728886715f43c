"""Servers on this machine, which count their requests: S3, and HTTP with and without ranges."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CREDENTIAL = "testing"  # moto takes any, but its clients insist on one
BUCKET = "bucket"

# Debian keeps it where only root looks.
NGINX = shutil.which("nginx", path=os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin")


@dataclass(frozen=True)
class Request:
    """One request as the server saw it."""

    method: str
    path: str
    status: int
    range: str | None
    n_bytes: int  # of the body


@dataclass
class Server:
    """Address of a running server, and what it was asked for."""

    url: str
    requests: list[Request] = field(default_factory=list)
    settle: Callable[[], None] = lambda: None

    @contextmanager
    def watch(self, pattern: str = "") -> Iterator[list[Request]]:
        """Collect the requests made meanwhile, without their bodies' order; those whose path has the pattern in it."""
        self.settle()
        start = len(self.requests)
        seen: list[Request] = []
        yield seen
        self.settle()
        seen.extend(request for request in self.requests[start:] if re.search(pattern, request.path))


@contextmanager
def _running(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Counted:
    """WSGI application that notes what another one answers."""

    def __init__(self, application: Any, requests: list[Request]) -> None:
        self.application, self.requests = application, requests

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        status = []

        def start(line: str, headers: Any, exc_info: Any = None) -> Any:
            status.append(int(line.split(maxsplit=1)[0]))
            return start_response(line, headers, exc_info)

        answer = self.application(environ, start)
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        # Noted before the client has the answer, so whoever read it finds the request here.
        self.requests.append(
            Request(
                environ["REQUEST_METHOD"],
                environ["PATH_INFO"],
                status[-1],
                environ.get("HTTP_RANGE"),
                len(body) if environ["REQUEST_METHOD"] == "GET" else 0,
            )
        )
        return [body]


@contextmanager
def s3_server() -> Iterator[Server]:
    """Run an S3 server with one empty bucket."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def log(self, *args: Any) -> None:
            pass

    requests: list[Request] = []
    application = _Counted(DomainDispatcherApplication(create_backend_app), requests)
    http = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    http.daemon_threads = True
    with _running(http):
        server = Server(f"http://127.0.0.1:{http.server_port}", requests)
        urllib.request.urlopen(urllib.request.Request(f"{server.url}/{BUCKET}", method="PUT")).close()
        yield server


class Ranges(BaseHTTPRequestHandler):
    """Files of a folder, whole or in ranges, as RFC 9110 has it for a single range."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, *args: Any, directory: str, requests: list[Request]) -> None:
        self.directory, self.noted = Path(directory), requests
        super().__init__(*args)

    def do_GET(self) -> None:
        self._answer(*self.find())

    def do_HEAD(self) -> None:
        self._answer(*self.find())

    def find(self) -> tuple[int, bytes, dict[str, str]]:
        file = self.directory / self.path.lstrip("/")
        if not file.is_file():
            return 404, b"", {}
        whole = file.read_bytes()
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            return 200, whole, {}
        first, last = asked.groups()
        if first:
            start, stop = int(first), min(int(last) + 1 if last else len(whole), len(whole))
        else:
            start, stop = max(len(whole) - int(last), 0), len(whole)
        if start >= stop:
            return 416, b"", {"Content-Range": f"bytes */{len(whole)}"}
        return 206, whole[start:stop], {"Content-Range": f"bytes {start}-{stop - 1}/{len(whole)}"}

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        sent = body if self.command == "GET" else b""
        self.noted.append(Request(self.command, self.path, status, self.headers.get("Range"), len(sent)))
        self.send_response(status)
        for name, value in {"Accept-Ranges": "bytes", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *args: Any) -> None:
        pass


class _NoRanges(SimpleHTTPRequestHandler):
    """What `python -m http.server` runs: it answers every request for a range with the whole file."""

    def __init__(self, *args: Any, requests: list[Request], **options: Any) -> None:
        self.noted = requests
        super().__init__(*args, **options)

    def send_header(self, keyword: str, value: str) -> None:
        if keyword == "Content-Length":
            self.length = int(value)
        super().send_header(keyword, value)

    def send_response(self, code: int, message: str | None = None) -> None:
        self.status, self.length = int(code), 0
        super().send_response(code, message)

    def end_headers(self) -> None:
        n_bytes = self.length if self.command == "GET" else 0
        self.noted.append(Request(self.command, self.path, self.status, self.headers.get("Range"), n_bytes))
        super().end_headers()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        # A client that sees no use in the rest may hang up.
        with suppress(ConnectionError):
            super().copyfile(source, outputfile)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def python_server(handler: Any, folder: Path) -> Iterator[Server]:
    """Serve a folder by HTTP, as a class of handlers such as `Ranges` does it."""
    requests: list[Request] = []
    with _running(
        http := ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder), requests=requests))
    ):
        yield Server(f"http://127.0.0.1:{http.server_port}", requests)


def range_server(folder: Path) -> Any:
    """Serve a folder by HTTP with ranges, by a few lines of Python."""
    return python_server(Ranges, folder)


def no_range_server(folder: Path) -> Any:
    """Serve a folder by HTTP, files only as a whole."""
    return python_server(_NoRanges, folder)


_NGINX_CONFIG = """
daemon off;
master_process off;
pid {own}/pid;
events {{ worker_connections 64; }}
http {{
  log_format seen "$request_method $uri $status $body_bytes_sent $http_range";
  access_log {own}/seen.log seen;
  client_body_temp_path {own}/body;
  proxy_temp_path {own}/proxy;
  fastcgi_temp_path {own}/fastcgi;
  uwsgi_temp_path {own}/uwsgi;
  scgi_temp_path {own}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {folder}; }}
    location = /settle {{ return 204; }}
  }}
}}
"""


@contextmanager
def nginx_server(folder: Path, own: Path) -> Iterator[Server]:
    """Serve a folder by nginx; `own` is an empty folder for its files. Only where `NGINX` is not None."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own.joinpath("nginx.conf").write_text(_NGINX_CONFIG.format(own=own, folder=folder, port=port))
    process = subprocess.Popen([NGINX, "-p", own, "-c", own / "nginx.conf", "-e", own / "error.log"])
    server = Server(f"http://127.0.0.1:{port}")
    log = own / "seen.log"
    n_settled = 0

    def settle() -> None:
        # nginx writes its log after it has answered, one request after the other. So once a request of our own is in
        # it, all earlier ones are.
        nonlocal n_settled
        urllib.request.urlopen(f"{server.url}/settle").close()
        n_settled += 1
        for _ in range(200):
            # Whole lines alone: it may be writing the next one.
            lines = log.read_text().rpartition("\n")[0].splitlines()
            if sum(line.split()[1] == "/settle" for line in lines) >= n_settled:
                break
            time.sleep(0.01)
        else:
            raise TimeoutError("nginx wrote nothing to its log")
        server.requests[:] = []
        for line in lines:
            method, path, status, n_bytes, asked = line.split(" ", 4)
            if path != "/settle":
                asked_range = None if asked == "-" else asked
                server.requests.append(Request(method, path, int(status), asked_range, int(n_bytes)))

    server.settle = settle
    try:
        for _ in range(200):
            try:
                settle()
                break
            except urllib.error.URLError:
                if process.poll() is not None:
                    raise RuntimeError(own.joinpath("error.log").read_text()) from None
                time.sleep(0.02)
        yield server
    finally:
        process.terminate()
        process.wait()
