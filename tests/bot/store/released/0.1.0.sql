BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'criar','1_jobs_and_limits','2026-11-25 03:38:43.571913+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'criar','2_parents','2026-11-25 03:38:43.692320+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'criar','3_habits','2026-11-25 03:38:43.693415+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'criar','outbox','2026-11-25 03:38:43.758943+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'criar','rights','2026-11-25 03:38:44.003219+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'criar','rules','2026-11-25 03:38:44.014778+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'criar','notes','2026-11-25 03:38:44.059459+00:00');
INSERT INTO "_sqlite_migrations" VALUES(8,'criar','privacy','2026-11-25 03:38:44.067856+00:00');
INSERT INTO "_sqlite_migrations" VALUES(9,'criar','ages','2026-11-25 03:38:44.136534+00:00');
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
INSERT INTO "audit" VALUES(1,1795521600.0,3,9,'set',1,NULL,'30','',NULL);
INSERT INTO "audit" VALUES(2,1795521600.0,3,NULL,'reset',1,NULL,'','',NULL);
CREATE TABLE bans (
    user_id INTEGER NOT NULL,
    guild_id INTEGER NOT NULL,  -- 0: everywhere
    created_at REAL NOT NULL,
    PRIMARY KEY (user_id, guild_id)
) STRICT;
CREATE TABLE budgets (
    guild_id INTEGER NOT NULL,
    by_operator INTEGER NOT NULL,
    images_per_day INTEGER NOT NULL,
    PRIMARY KEY (guild_id, by_operator)
) STRICT;
CREATE TABLE erasures (  -- messages that show what was deleted, until they are taken away
    message_id INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL
) STRICT;
CREATE TABLE forbidden (  -- words that a server's admins forbid there
    guild_id INTEGER NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (guild_id, word)
) STRICT;
CREATE TABLE grants (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    guild_id INTEGER,  -- NULL: everywhere
    by_operator INTEGER NOT NULL,
    images INTEGER NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL
) STRICT;
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
, parent TEXT, private INTEGER NOT NULL DEFAULT 0, spoiler INTEGER NOT NULL DEFAULT 0, token TEXT, tries INTEGER NOT NULL DEFAULT 0, trouble TEXT, next_try REAL, priority INTEGER NOT NULL DEFAULT 1, roles TEXT NOT NULL DEFAULT '[]', notes TEXT NOT NULL DEFAULT '[]') STRICT;
INSERT INTO "jobs" VALUES('000000000000',10,1,9,5,100,'pt-BR',10485760,'{"task": "txt2img", "model": "criar-embedded", "prompt": "a red apple", "negative_prompt": "", "seed": 7, "width": 0, "height": 0, "num_inference_steps": 0, "guidance_scale": 0.0, "strength": null, "strengths": [], "enlarge_first": false, "scheduler": "", "count": 3, "images": [], "loras": []}',1795521600.0,1795521660.0,NULL,NULL,0,0,'a token',0,NULL,NULL,1,'[]','[]');
INSERT INTO "jobs" VALUES('000000000001',11,1,9,5,101,'pt-BR',10485760,'{"task": "txt2img", "model": "criar-embedded", "prompt": "a cat by the sea", "negative_prompt": "", "seed": 7, "width": 0, "height": 0, "num_inference_steps": 0, "guidance_scale": 0.0, "strength": null, "strengths": [], "enlarge_first": false, "scheduler": "", "count": 3, "images": [], "loras": []}',1795521600.0,NULL,NULL,NULL,0,0,'a token',1,'503 Service Unavailable',1795521720.0,1,'[]','[]');
CREATE TABLE limits (
    user_id INTEGER NOT NULL,
    guild_id INTEGER NOT NULL,  -- 0: everywhere, set by the operator
    images_per_day INTEGER NOT NULL,
    PRIMARY KEY (user_id, guild_id)
) STRICT;
INSERT INTO "limits" VALUES(1,9,30);
CREATE TABLE log_channels (guild_id INTEGER PRIMARY KEY, channel_id INTEGER NOT NULL) STRICT;
CREATE TABLE member_plans (
    user_id INTEGER NOT NULL,
    guild_id INTEGER NOT NULL,  -- 0: everywhere, given by the operator
    plan TEXT NOT NULL,
    PRIMARY KEY (user_id, guild_id)
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
, guild_id INTEGER, grant_id INTEGER REFERENCES grants (id), begun INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "pictures" VALUES('000000000000:0','000000000000',0,1,'finished',1,1,'2026-11-24',1795521600.0,2.5,NULL,9,NULL,0);
INSERT INTO "pictures" VALUES('000000000000:1','000000000000',1,1,'finished',1,1,'2026-11-24',1795521600.0,2.5,NULL,9,NULL,1);
INSERT INTO "pictures" VALUES('000000000000:2','000000000000',2,1,'failed',1,1,'2026-11-24',1795521600.0,NULL,'["It broke: {why}.", {"why": "rust"}]',9,NULL,0);
INSERT INTO "pictures" VALUES('000000000001:0','000000000001',0,1,'finished',1,1,'2026-11-24',1795521600.0,2.5,NULL,9,NULL,0);
INSERT INTO "pictures" VALUES('000000000001:1','000000000001',1,1,'running',1,1,'2026-11-24',1795521600.0,NULL,NULL,9,NULL,1);
INSERT INTO "pictures" VALUES('000000000001:2','000000000001',2,1,'failed',1,1,'2026-11-24',1795521600.0,NULL,'["It broke: {why}.", {"why": "rust"}]',9,NULL,0);
CREATE TABLE posts (  -- messages that show one picture alone
    message_id INTEGER PRIMARY KEY,
    picture_id TEXT NOT NULL REFERENCES pictures (id) ON DELETE CASCADE
, channel_id INTEGER) STRICT;
INSERT INTO "posts" VALUES(200,'000000000000:0',5);
CREATE TABLE preferences (user_id INTEGER PRIMARY KEY, chosen TEXT NOT NULL) STRICT;
INSERT INTO "preferences" VALUES(1,'{"model": null, "size": null, "count": null, "negative_prompt": null, "style": null, "language": "pt-BR", "private": null}');
CREATE TABLE resets (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    by_operator INTEGER NOT NULL,
    created_at REAL NOT NULL
, guild_id INTEGER) STRICT;
INSERT INTO "resets" VALUES(1,1,1,1795521600.0,NULL);
CREATE TABLE role_plans (
    guild_id INTEGER NOT NULL,
    role_id INTEGER NOT NULL,
    plan TEXT NOT NULL,
    by_operator INTEGER NOT NULL,
    PRIMARY KEY (guild_id, role_id)
) STRICT;
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "settings" VALUES('commands','a digest');
CREATE TABLE spent (  -- what members who deleted their data had used, until it counts no more
    user_id INTEGER NOT NULL,
    guild_id INTEGER,
    day TEXT NOT NULL,
    cost INTEGER NOT NULL,
    grant_id INTEGER,
    created_at REAL NOT NULL
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
CREATE TABLE styles (
    owner_id INTEGER NOT NULL,  -- a member, or a server
    name TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (owner_id, name)
) STRICT;
INSERT INTO "styles" VALUES(1,'ink','drawn with ink');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX pictures_job ON pictures (job_id);
CREATE INDEX pictures_usage ON pictures (user_id, day);
CREATE INDEX jobs_undelivered ON jobs (created_at) WHERE delivered_at IS NULL;
CREATE INDEX resets_user ON resets (user_id, created_at);
CREATE INDEX pictures_made ON pictures (user_id, created_at) WHERE state = 'finished';
CREATE INDEX pictures_server ON pictures (guild_id, day);
CREATE INDEX pictures_granted ON pictures (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX pictures_unfinished ON pictures (user_id) WHERE state IN ('waiting', 'running');
CREATE INDEX pictures_unfinished_server ON pictures (guild_id) WHERE state IN ('waiting', 'running');
CREATE INDEX grants_user ON grants (user_id, expires_at);
CREATE INDEX spent_usage ON spent (user_id, day);
CREATE INDEX spent_server ON spent (guild_id, day);
CREATE INDEX spent_granted ON spent (grant_id) WHERE grant_id IS NOT NULL;
CREATE VIEW counted AS
    SELECT user_id, guild_id, day, cost, grant_id, created_at FROM pictures WHERE state NOT IN ('failed', 'cancelled')
    UNION ALL SELECT user_id, guild_id, day, cost, grant_id, created_at FROM spent;
CREATE INDEX audit_server ON audit (guild_id, id);
CREATE INDEX audit_untold ON audit (id) WHERE told_at IS NULL;
CREATE INDEX strikes_user ON strikes (user_id, created_at);
CREATE INDEX jobs_user ON jobs (user_id, created_at);
CREATE INDEX posts_picture ON posts (picture_id);
CREATE INDEX jobs_age ON jobs (created_at);
COMMIT;
