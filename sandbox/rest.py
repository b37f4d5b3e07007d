"""Discord's REST API: simcord's routes over HTTP, with the limits, faults and log that simcord lacks."""

import asyncio
import fnmatch
import io
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from aiohttp import BodyPartReader, web
from simcord.backend import serializers
from simcord.backend.errors import BackendError
from simcord.http.router import RouteNotImplemented, UnsupportedField, dispatch

from . import request_checks
from .limits import RateLimits
from .world import World

API = "/api/v10"
APPLICATION = "/oauth2/applications/@me"
UPLOAD_LIMIT = 10 * 2**20  # bytes per file, without boosts
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
    #: of the request: application/json, multipart/form-data, or application/octet-stream if there is no body
    content_type: str
    status: int
    #: perf_counter when it had arrived and when it was answered
    at: float
    ended: float
    #: how long the local Discord itself worked on it, without the latency that a test asked for
    seconds: float


@dataclass(slots=True, kw_only=True)
class Fault:
    """What the next requests on a route get instead of an answer: a 429, 500, 502, 413 or any other status."""

    #: "*" for all
    method: str
    #: fnmatch pattern of the path, without /api/v10
    path: str
    status: int
    #: Discord's error code in the body
    code: int = 0
    #: how many requests get it
    times: int = 1
    #: seconds that a 429 asks for
    retry_after: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Requests on a route that are carried out at once, and answered only when ``released`` is set."""

    method: str
    #: fnmatch pattern of the path, without /api/v10
    path: str
    released: asyncio.Event = field(default_factory=asyncio.Event)


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
    #: of the application, which its profile shows
    description: str = ""
    #: how many the bot is told to have, and how many of them may begin within five seconds
    shards: int = 1
    max_concurrency: int = 1
    #: seconds before every answer
    latency: float = 0.0
    #: None for no limits but those of faults
    limits: RateLimits | None = None
    faults: list[Fault] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=LOG_ENTRIES))
    #: method and path of requests that were carried out, though with a latency or a hold they are not answered yet
    carried_out: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=LOG_ENTRIES))
    _nonces: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.Response:
        """Serve one request."""
        path = "/" + request.match_info["path"]
        body, files = await self._read(request)
        began = perf_counter()
        response = self._answer(request, path, body, files)
        worked = perf_counter() - began
        self.carried_out.append((request.method, path))
        if self.latency:
            await asyncio.sleep(self.latency)
        for hold in [hold for hold in self.holds if _matches(hold, request.method, path)]:
            await hold.released.wait()
        call = Call(
            method=request.method,
            path=path,
            body=body,
            content_type=request.content_type,
            status=response.status,
            at=began,
            ended=perf_counter(),
            seconds=worked,
        )
        self.calls.append(call)
        self.on_call(call)
        # Let what this request caused, such as events, run before the next request.
        await asyncio.sleep(0)
        return response

    async def _read(self, request: web.Request) -> tuple[Any, list[_File]]:
        if not request.content_type.startswith("multipart/"):
            text = await request.text()
            return (json.loads(text) if text else None), []
        body: Any = None
        files: list[tuple[str, _File]] = []
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise web.HTTPBadRequest(text="a multipart body within another")
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
            limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": self.max_concurrency}
            return _json({"url": self.gateway, "shards": self.shards, "session_start_limit": limit})
        headers, wait = self.limits.take(request.method, path, perf_counter()) if self.limits else ({}, 0.0)
        if wait:
            return _too_many(wait, {**headers, "X-RateLimit-Scope": "user"})
        if any(file.fp.getbuffer().nbytes > self.upload_limit for file in files):
            return _json({"message": "Request entity too large", "code": TOO_LARGE_CODE}, TOO_LARGE, headers)
        response = self._dispatch(request, path, body, files)
        response.headers.update(headers)
        return response

    def _dispatch(self, request: web.Request, path: str, body: Any, files: list[_File]) -> web.Response:
        backend = self.world.backend
        try:
            request_checks.check(request.method, path, body)
            if (known := self._sent_before(path, body)) is not None:
                return known
            method = request.method
            backend.check_request(method, path, body, bool(files))
            if (method, path) == ("PATCH", "/applications/@me"):
                self.description = body.get("description", self.description)
                method, path, body = "GET", APPLICATION, None
            result = dispatch(
                backend, method, path, json=body, params=dict(request.query), files=files,
                reason=request.headers.get("X-Audit-Log-Reason"),
            )  # fmt: skip
            if path == APPLICATION:
                result["description"] = self.description
        except (RouteNotImplemented, UnsupportedField) as error:
            return _json({"message": str(error), "code": 0}, 501)
        except BackendError as error:
            return _json(error.to_json(), error.status)
        if result is None:
            return web.Response(status=204)
        if isinstance(body, dict) and body.get("enforce_nonce"):
            self._nonces[path, str(body["nonce"])] = (self._seconds(), int(result["id"]))
            result["nonce"] = body["nonce"]
        return _json(backend.completed(result))

    def _sent_before(self, path: str, body: Any) -> web.Response | None:
        """The message that the bot sent to this channel with the same enforced nonce within the past few minutes."""
        if not isinstance(body, dict) or not body.get("enforce_nonce"):
            return None
        now, backend = self._seconds(), self.world.backend
        self._nonces = {key: sent for key, sent in self._nonces.items() if now - sent[0] < NONCE_SECONDS}
        _, message_id = self._nonces.get((path, str(body["nonce"])), (0.0, 0))
        message = backend.messages.get(int(path.split("/")[2]), {}).get(message_id)
        if message is None:
            return None
        return _json({**serializers.message_payload(backend, message), "nonce": body["nonce"]})

    def _seconds(self) -> float:
        """The world's time, which tests can move forward."""
        return float(self.world.backend.clock.now().timestamp())

    def _fault(self, method: str, path: str) -> web.Response | None:
        for fault in self.faults:
            if _matches(fault, method, path):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                if fault.status == RATE_LIMITED:
                    return _too_many(fault.retry_after, {}, fault.code)
                return _json({"message": "a fault that a test asked for", "code": fault.code}, fault.status)
        return None


def _matches(route: Fault | Hold, method: str, path: str) -> bool:
    return route.method in (method, "*") and fnmatch.fnmatch(path, route.path)


def _too_many(seconds: float, headers: dict[str, str], code: int = 0) -> web.Response:
    # Via: without it, discord.py takes a 429 for a ban by Cloudflare, which fronts Discord, and gives up.
    headers = {**headers, "Retry-After": str(seconds), "Via": "1.1 local"}
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": False, "code": code}
    return _json(body, RATE_LIMITED, headers)


def _nested_attachments(body: Any) -> list[dict[str, Any]]:
    """Attachments of an interaction's first answer, which are nested one level deeper."""
    data = body.get("data") if isinstance(body, dict) else None
    return (data.get("attachments") or []) if isinstance(data, dict) else []


def _json(payload: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # discord.py compares the content type with exactly this; aiohttp's helper would add a charset.
    body = json.dumps(payload, default=str).encode()
    return web.Response(body=body, status=status, headers={**(headers or {}), "Content-Type": "application/json"})
