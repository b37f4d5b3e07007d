"""How log lines look, in the bot and in its children: as text, or as one JSON object a line."""

import json
import logging
import os
import sys
from datetime import UTC, datetime

TEXT, JSON = "text", "json"
LEVEL_VARIABLE, FORMAT_VARIABLE = "CRIAR_LOG_LEVEL", "CRIAR_LOG_FORMAT"  # how children learn it
#: what connections fail with: the reason is all that matters of these, not where in a library they were raised
_OUTAGES = (OSError, TimeoutError)
#: Discord's codes where an answer came later than it waits, or a second one: nobody can do anything about it
_TOO_LATE = (10062, 40060)
#: attributes that a line may carry through ``extra``
_EXTRA = ("job", "seconds", "device")


def set_up_logging(level: str | None = None, form: str | None = None, device: str = "") -> None:
    """Write the log to stderr in this form; what is left out is as in the process that started this one.

    Warnings of libraries become log lines too. ``device`` is said in each line, if there is one.
    """
    level = level or os.environ.get(LEVEL_VARIABLE, "INFO")
    form = form or os.environ.get(FORMAT_VARIABLE, TEXT)
    os.environ |= {LEVEL_VARIABLE: level, FORMAT_VARIABLE: form}
    handler = logging.StreamHandler(sys.stderr)
    of_device = f"{device} " if device else ""
    handler.setFormatter(
        _Json(device)
        if form == JSON
        else logging.Formatter(f"%(asctime)s %(levelname)s {of_device}%(name)s: %(message)s")
    )
    handler.addFilter(_without_traceback)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Say in one line that a connection failed, or that an answer to Discord came too late."""
    error = record.exc_info[1] if record.exc_info else None
    if not error or not record.name.startswith(("discord", "aiohttp")):
        return True
    late = getattr(error, "code", None) in _TOO_LATE
    if late:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    if late or isinstance(error, _OUTAGES):
        record.msg, record.args = f"{record.getMessage()} ({error})", ()
        record.exc_info = record.exc_text = None
    return True


class _Json(logging.Formatter):
    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = {"device": device} if device else {}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line's object: time, level, logger, message, and what it says of a job."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._device,
        }
        line |= {name: getattr(record, name) for name in _EXTRA if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)
