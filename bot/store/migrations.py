"""The tables, as steps from an empty file; a step that was released is never changed.

Times are seconds since 1970 in UTC; ids of Discord are whole numbers; days are YYYY-MM-DD.
"""

from sqlite_utils import Database as Tables
from sqlite_utils import Migrations

MIGRATIONS = Migrations("criar")

JOBS_AND_LIMITS = """
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    interaction_id INTEGER NOT NULL UNIQUE,
    user_id INTEGER NOT NULL,
    guild_id INTEGER,
    channel_id INTEGER NOT NULL,
    message_id INTEGER UNIQUE,
    locale TEXT NOT NULL,
    upload_limit INTEGER NOT NULL,
    request TEXT NOT NULL,
    created_at REAL NOT NULL,
    delivered_at REAL,
    deleted_at REAL
) STRICT;
CREATE TABLE pictures (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'finished', 'failed', 'cancelled')),
    attempt INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    day TEXT NOT NULL,
    created_at REAL NOT NULL,
    seconds REAL,
    reason TEXT
) STRICT;
CREATE INDEX pictures_job ON pictures (job_id);
CREATE INDEX pictures_usage ON pictures (user_id, day);
CREATE INDEX jobs_undelivered ON jobs (created_at) WHERE delivered_at IS NULL;
CREATE TABLE limits (
    user_id INTEGER NOT NULL,
    guild_id INTEGER NOT NULL,  -- 0: everywhere, set by the operator
    images_per_day INTEGER NOT NULL,
    PRIMARY KEY (user_id, guild_id)
) STRICT;
CREATE TABLE resets (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    by_operator INTEGER NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE INDEX resets_user ON resets (user_id, created_at);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    created_at REAL NOT NULL,
    actor_id INTEGER NOT NULL,  -- 0: the command line
    guild_id INTEGER,
    action TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""

PARENTS = """
ALTER TABLE jobs ADD COLUMN parent TEXT;  -- the picture that this job started from
CREATE TABLE posts (  -- messages that show one picture alone
    message_id INTEGER PRIMARY KEY,
    picture_id TEXT NOT NULL REFERENCES pictures (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX pictures_made ON pictures (user_id, created_at) WHERE state = 'finished';
"""

HABITS = """
ALTER TABLE jobs ADD COLUMN private INTEGER NOT NULL DEFAULT 0;  -- shown to the member alone
ALTER TABLE jobs ADD COLUMN spoiler INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN token TEXT;  -- of the interaction, by which a private answer is edited
CREATE TABLE preferences (user_id INTEGER PRIMARY KEY, chosen TEXT NOT NULL) STRICT;
CREATE TABLE styles (
    owner_id INTEGER NOT NULL,  -- a member, or a server
    name TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
) STRICT;
"""

OUTBOX = """
ALTER TABLE jobs ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;  -- how often the pictures could not be delivered
ALTER TABLE jobs ADD COLUMN trouble TEXT;  -- why not, the last time
ALTER TABLE jobs ADD COLUMN next_try REAL;
"""


@MIGRATIONS(name="1_jobs_and_limits")
def _jobs_and_limits(tables: Tables) -> None:
    tables.executescript(JOBS_AND_LIMITS)


@MIGRATIONS(name="2_parents")
def _parents(tables: Tables) -> None:
    tables.executescript(PARENTS)


@MIGRATIONS(name="3_habits")
def _habits(tables: Tables) -> None:
    tables.executescript(HABITS)


@MIGRATIONS(name="outbox")
def _outbox(tables: Tables) -> None:
    tables.executescript(OUTBOX)
