"""The tables, as steps from an empty file; a step that was released is never changed.

Times are seconds since 1970 in UTC; ids of Discord are whole numbers; days are YYYY-MM-DD.
"""

from sqlite3 import complete_statement

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

RIGHTS = """
ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;  -- of the plan that it was accepted under
ALTER TABLE jobs ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';  -- the member's in the server, when it was accepted
ALTER TABLE pictures ADD COLUMN guild_id INTEGER;
ALTER TABLE pictures ADD COLUMN grant_id INTEGER REFERENCES grants (id);  -- that paid it; NULL: the day
UPDATE pictures SET guild_id = (SELECT guild_id FROM jobs WHERE jobs.id = job_id);
CREATE INDEX pictures_server ON pictures (guild_id, day);
CREATE INDEX pictures_granted ON pictures (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX pictures_unfinished ON pictures (user_id) WHERE state IN ('waiting', 'running');
CREATE INDEX pictures_unfinished_server ON pictures (guild_id) WHERE state IN ('waiting', 'running');
CREATE TABLE grants (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    guild_id INTEGER,  -- NULL: everywhere
    by_operator INTEGER NOT NULL,
    images INTEGER NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL
) STRICT;
CREATE INDEX grants_user ON grants (user_id, expires_at);
CREATE TABLE spent (  -- what members who deleted their data had used, until it counts no more
    user_id INTEGER NOT NULL,
    guild_id INTEGER,
    day TEXT NOT NULL,
    cost INTEGER NOT NULL,
    grant_id INTEGER,
    created_at REAL NOT NULL
) STRICT;
CREATE INDEX spent_usage ON spent (user_id, day);
CREATE INDEX spent_server ON spent (guild_id, day);
CREATE INDEX spent_granted ON spent (grant_id) WHERE grant_id IS NOT NULL;
CREATE VIEW counted AS
    SELECT user_id, guild_id, day, cost, grant_id, created_at FROM pictures WHERE state NOT IN ('failed', 'cancelled')
    UNION ALL SELECT user_id, guild_id, day, cost, grant_id, created_at FROM spent;
ALTER TABLE resets ADD COLUMN guild_id INTEGER;  -- in which an admin's counts; NULL: everywhere
CREATE TABLE member_plans (
    user_id INTEGER NOT NULL,
    guild_id INTEGER NOT NULL,  -- 0: everywhere, given by the operator
    plan TEXT NOT NULL,
    PRIMARY KEY (user_id, guild_id)
) STRICT;
CREATE TABLE role_plans (
    guild_id INTEGER NOT NULL,
    role_id INTEGER NOT NULL,
    plan TEXT NOT NULL,
    by_operator INTEGER NOT NULL,
    PRIMARY KEY (guild_id, role_id)
) STRICT;
CREATE TABLE budgets (
    guild_id INTEGER NOT NULL,
    by_operator INTEGER NOT NULL,
    images_per_day INTEGER NOT NULL,
    PRIMARY KEY (guild_id, by_operator)
) STRICT;
CREATE TABLE bans (
    user_id INTEGER NOT NULL,
    guild_id INTEGER NOT NULL,  -- 0: everywhere
    created_at REAL NOT NULL,
    PRIMARY KEY (user_id, guild_id)
) STRICT;
CREATE TABLE log_channels (guild_id INTEGER PRIMARY KEY, channel_id INTEGER NOT NULL) STRICT;
ALTER TABLE audit RENAME TO audit_before;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    created_at REAL NOT NULL,
    actor_id INTEGER NOT NULL,  -- 0: the command line
    guild_id INTEGER,  -- NULL: everywhere
    action TEXT NOT NULL,
    user_id INTEGER,
    role_id INTEGER,
    detail TEXT NOT NULL,
    reason TEXT NOT NULL,
    told_at REAL  -- when the log channels were told
) STRICT;
INSERT INTO audit
    SELECT id, created_at, actor_id, guild_id, action, user_id, NULL, detail, '', created_at FROM audit_before;
DROP TABLE audit_before;
CREATE INDEX audit_server ON audit (guild_id, id);
CREATE INDEX audit_untold ON audit (id) WHERE told_at IS NULL;
"""

RULES = """
CREATE TABLE forbidden (  -- words that a server's admins forbid there
    guild_id INTEGER NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (guild_id, word)
) STRICT;
CREATE TABLE strikes (
    id INTEGER PRIMARY KEY,
    interaction_id INTEGER NOT NULL UNIQUE,
    user_id INTEGER NOT NULL,
    guild_id INTEGER,  -- where it was written
    rule TEXT NOT NULL CHECK (rule IN ('minors', 'operator', 'server')),
    word TEXT NOT NULL,
    prompt TEXT NOT NULL,
    created_at REAL NOT NULL,
    lifted_at REAL
) STRICT;
CREATE INDEX strikes_user ON strikes (user_id, created_at);
ALTER TABLE pictures ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;  -- whether a worker ever took it
"""

PRIVACY = """
CREATE TABLE erasures (  -- messages that show what was deleted, until they are taken away
    message_id INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL
) STRICT;
"""


NOTES = """
ALTER TABLE jobs ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';  -- on what was received, understood and rounded
ALTER TABLE posts ADD COLUMN channel_id INTEGER;  -- absent of messages from before
CREATE INDEX jobs_user ON jobs (user_id, created_at);
"""

AGES = """
CREATE INDEX posts_picture ON posts (picture_id);  -- without it, deleting a picture reads all posts
CREATE INDEX jobs_age ON jobs (created_at);
"""


BAN_REASONS = """
ALTER TABLE bans ADD COLUMN actor_id INTEGER NOT NULL DEFAULT 0;  -- 0: the command line, or not known
ALTER TABLE bans ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE bans ADD COLUMN ends_at REAL;  -- NULL: until it is lifted
"""

VANISHING = """
ALTER TABLE erasures ADD COLUMN due REAL NOT NULL DEFAULT 0;  -- from when on the message is taken away
"""

CHARGED = """
DROP VIEW counted;  -- which end of a picture is not charged is said in quota.py
"""


def _run(tables: Tables, script: str) -> None:
    """All of a step or none of it: sqlite3's executescript would end the transaction that the step runs in."""
    statement = ""
    for part in script.strip().removesuffix(";").split(";"):
        statement += f"{part};"
        if complete_statement(statement):
            tables.execute(statement)
            statement = ""


@MIGRATIONS(name="1_jobs_and_limits")
def _jobs_and_limits(tables: Tables) -> None:
    _run(tables, JOBS_AND_LIMITS)


@MIGRATIONS(name="2_parents")
def _parents(tables: Tables) -> None:
    _run(tables, PARENTS)


@MIGRATIONS(name="3_habits")
def _habits(tables: Tables) -> None:
    _run(tables, HABITS)


@MIGRATIONS(name="outbox")
def _outbox(tables: Tables) -> None:
    _run(tables, OUTBOX)


@MIGRATIONS(name="rights")
def _rights(tables: Tables) -> None:
    _run(tables, RIGHTS)


@MIGRATIONS(name="rules")
def _rules(tables: Tables) -> None:
    _run(tables, RULES)


@MIGRATIONS(name="notes")
def _notes(tables: Tables) -> None:
    _run(tables, NOTES)


@MIGRATIONS(name="privacy")
def _privacy(tables: Tables) -> None:
    _run(tables, PRIVACY)


@MIGRATIONS(name="ages")
def _ages(tables: Tables) -> None:
    _run(tables, AGES)


@MIGRATIONS(name="ban_reasons")
def _ban_reasons(tables: Tables) -> None:
    _run(tables, BAN_REASONS)


@MIGRATIONS(name="vanishing")
def _vanishing(tables: Tables) -> None:
    _run(tables, VANISHING)


@MIGRATIONS(name="charged")
def _charged(tables: Tables) -> None:
    _run(tables, CHARGED)
