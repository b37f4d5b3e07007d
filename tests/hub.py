"""A model hub on this machine: the few endpoints that are used of the real one, over HTTP."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import unquote, urlparse

LARGE = 64  # bytes; larger files have a SHA-256, as those in Git LFS have


class Hub:
    """Repositories by name, each a commit with files."""

    def __init__(self) -> None:
        self.repositories: dict[str, tuple[str, dict[str, bytes]]] = {}
        self.gated: set[str] = set()
        #: paths that were asked for
        self.calls: list[str] = []
        self.address = ""
        #: files are given while it is set
        self.open = Event()
        self.open.set()

    def put(self, name: str, files: dict[str, bytes]) -> str:
        """Put a new commit into a repository; its hash."""
        commit = hashlib.sha1(json.dumps([name, *sorted(files), len(self.calls)]).encode()).hexdigest()  # noqa: S324
        self.repositories[name] = (commit, files)
        return commit


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, hub: Hub, *args: object) -> None:
        self.hub = hub
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlparse(self.path).path)
        self.hub.calls.append(path)
        parts = path.strip("/").split("/")
        name = "/".join(parts[2:4] if parts[:2] == ["api", "models"] else parts[:2])
        if name not in self.hub.repositories:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif name in self.hub.gated:
            self._send(403, b"{}", {"X-Error-Code": "GatedRepo"})
        elif parts[4:5] == ["tree"]:
            files = self.hub.repositories[name][1]
            tree = [{"type": "file", "path": key, "size": len(data), "oid": _sha1(data)} for key, data in files.items()]
            self._send(200, json.dumps(tree).encode(), {})
        elif parts[:2] == ["api", "models"]:
            self._model(name, parts[5] if parts[4:5] == ["revision"] else "main")
        else:
            self._file(name, parts[3], "/".join(parts[4:]))

    def _model(self, name: str, revision: str) -> None:
        commit, files = self.hub.repositories[name]
        if revision not in ("main", commit):
            self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return
        siblings = [
            {"rfilename": key, "size": len(data), "blobId": _sha1(data)}
            | ({"lfs": {"sha256": _sha256(data), "size": len(data), "pointerSize": 1}} if len(data) > LARGE else {})
            for key, data in files.items()
        ]
        self._send(200, json.dumps({"id": name, "sha": commit, "siblings": siblings}).encode(), {})

    def _file(self, name: str, revision: str, file: str) -> None:
        commit, files = self.hub.repositories[name]
        if revision not in ("main", commit) or file not in files:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        self.hub.open.wait()
        data = files[file]
        etag = _sha256(data) if len(data) > LARGE else _sha1(data)
        self._send(200, data, {"ETag": f'"{etag}"', "X-Repo-Commit": commit})

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()  # noqa: S324 - as Git names blobs, near enough


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def local_hub() -> Iterator[Hub]:
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, hub))
    Thread(target=server.serve_forever, daemon=True).start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
