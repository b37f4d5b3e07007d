"""Discord's REST interface: simcord's routes over HTTP, with the limits, faults and log that simcord lacks."""

import asyncio
import fnmatch
import io
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from aiohttp import web
from simcord.backend import serializers
from simcord.backend.errors import BackendError
from simcord.http.router import RouteNotImplemented, UnsupportedField, dispatch

from .world import World

API = "/api/v10"
UPLOAD_LIMIT = 10 * 2**20  # bytes a file, without boosts
NONCE_SECONDS = 300.0  # "the past few minutes", in which a nonce is enforced
LOG_ENTRIES = 20_000
TOO_LARGE, TOO_LARGE_CODE = 413, 40005
RATE_LIMITED = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that a bot sent."""

    method: str
    #: without /api/v10
    path: str
    body: Any
    status: int
    #: seconds of perf_counter when it had arrived, and how long the local Discord itself worked on it
    at: float
    seconds: float


@dataclass(slots=True, kw_only=True)
class Fault:
    """What the next requests on a route meet instead of an answer."""

    method: str
    #: fnmatch pattern of the path
    path: str
    status: int
    code: int = 0
    times: int = 1
    retry_after: float | None = None


@dataclass(slots=True)
class _File:
    """An uploaded file as simcord's routes expect it."""

    filename: str
    fp: io.BytesIO
    description: str | None = None


@dataclass(slots=True)
class Rest:
    """The handler of everything under /api/v10."""

    world: World
    token: str
    gateway: str
    on_call: Callable[[Call], None]
    upload_limit: int = UPLOAD_LIMIT
    faults: list[Fault] = field(default_factory=list)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=LOG_ENTRIES))
    _nonces: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.Response:
        """One request."""
        path = "/" + request.match_info["path"]
        body, files = await self._read(request)
        began = perf_counter()
        response = self._answer(request, path, body, files)
        call = Call(
            method=request.method,
            path=path,
            body=body,
            status=response.status,
            at=began,
            seconds=perf_counter() - began,
        )
        self.calls.append(call)
        self.on_call(call)
        # Give what this request caused, such as events, its turn before the next request.
        await asyncio.sleep(0)
        return response

    async def _read(self, request: web.Request) -> tuple[Any, list[_File]]:
        if not request.content_type.startswith("multipart/"):
            text = await request.text()
            return (json.loads(text) if text else None), []
        body: Any = None
        files: list[tuple[str, _File]] = []
        async for part in await request.multipart():
            if part.name == "payload_json":
                body = json.loads(await part.text())
            else:
                data = bytes(await part.read(decode=False))
                files.append((part.name or "", _File(part.filename or "file", io.BytesIO(data))))
        described = {str(item.get("id")): item.get("description") for item in (body or {}).get("attachments") or ()}
        described |= {str(item.get("id")): item.get("description") for item in _nested_attachments(body)}
        for name, file in files:
            file.description = described.get(name.removeprefix("files[").removesuffix("]"))
        return body, [file for _, file in files]

    def _answer(self, request: web.Request, path: str, body: Any, files: list[_File]) -> web.Response:
        if (fault := self._fault(request.method, path)) is not None:
            return fault
        open_routes = path.startswith(("/interactions/", "/webhooks/"))
        if not open_routes and request.headers.get("Authorization") != f"Bot {self.token}":
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        if path in ("/gateway", "/gateway/bot"):
            limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
            return _json({"url": self.gateway, "shards": 1, "session_start_limit": limit})
        if any(file.fp.getbuffer().nbytes > self.upload_limit for file in files):
            return _json({"message": "Request entity too large", "code": TOO_LARGE_CODE}, TOO_LARGE)
        return self._dispatch(request, path, body, files)

    def _dispatch(self, request: web.Request, path: str, body: Any, files: list[_File]) -> web.Response:
        backend = self.world.backend
        key = (path, str(body["nonce"])) if isinstance(body, dict) and body.get("enforce_nonce") else None
        if key and (known := self._nonces.get(key)) and perf_counter() - known[0] < NONCE_SECONDS:
            channel_id = int(path.split("/")[2])
            if message := backend.messages.get(channel_id, {}).get(known[1]):
                return _json(serializers.message_payload(backend, message))
        try:
            result = dispatch(
                backend, request.method, path, json=body, params=dict(request.query), files=files,
                reason=request.headers.get("X-Audit-Log-Reason"),
            )  # fmt: skip
        except (RouteNotImplemented, UnsupportedField) as error:
            return _json({"message": str(error), "code": 0}, 501)
        except BackendError as error:
            return _json(error.to_json(), error.status)
        if key and isinstance(result, dict):
            self._nonces[key] = (perf_counter(), int(result["id"]))
        return web.Response(status=204) if result is None else _json(result)

    def _fault(self, method: str, path: str) -> web.Response | None:
        for fault in self.faults:
            if fault.method in (method, "*") and fnmatch.fnmatch(path, fault.path):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                if fault.status == RATE_LIMITED:
                    after = fault.retry_after or 1.0
                    headers = {"Retry-After": str(after), "Via": "1.1 local"}
                    return _json(
                        {"message": "You are being rate limited.", "retry_after": after, "global": False, "code": 0},
                        RATE_LIMITED,
                        headers,
                    )
                return _json({"message": "a fault that was asked for", "code": fault.code}, fault.status)
        return None


def _nested_attachments(body: Any) -> list[dict[str, Any]]:
    """Attachments of an interaction's first answer, which stand one level deeper."""
    data = body.get("data") if isinstance(body, dict) else None
    return (data.get("attachments") or []) if isinstance(data, dict) else []


def _json(payload: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # discord.py compares the content type to exactly this; aiohttp's helper would add a charset.
    body = json.dumps(payload, default=str).encode()
    return web.Response(body=body, status=status, headers={**(headers or {}), "Content-Type": "application/json"})
