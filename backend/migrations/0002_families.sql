-- Everything that grows from one consent is a family: its code, its refresh tokens, its access tokens (which carry its
-- name in `jti`). Codes and waiting requests live for minutes, so those of an older version are dropped.

DROP TABLE code;
DROP TABLE pending_request;

-- An authorization request between /authorize and its answer. `sequence` only tells the oldest.
CREATE TABLE pending_request (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id_hash BLOB NOT NULL UNIQUE,
    cookie_hash BLOB NOT NULL,
    -- The client as it was known at that moment, as JSON.
    client TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    state TEXT,
    login_hint TEXT,
    -- Either what is asked for ...
    code_challenge TEXT,
    resource TEXT,
    scope TEXT,
    -- ... or why it is refused, told to the client only after sign-in.
    refusal TEXT,
    -- Whether the question is put even where a remembered consent would answer it.
    must_ask INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decided_at INTEGER,
    CHECK ((refusal IS NULL) = (code_challenge IS NOT NULL AND resource IS NOT NULL AND scope IS NOT NULL))
) STRICT;

CREATE INDEX pending_request_cookie ON pending_request (cookie_hash);
CREATE INDEX pending_request_expiry ON pending_request (expires_at);

-- Here and below, rows whose key is random lie in the order in which they were made, beside an index: those that are
-- used at the same time share their pages, and a commit writes few.
CREATE TABLE family (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL,
    -- The client as it was known when the person decided, as JSON.
    client TEXT NOT NULL,
    subject TEXT NOT NULL,
    resource TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- After this moment nothing of the family is valid, however often it is refreshed.
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    -- Why, as a word of the program.
    revoked_because TEXT
) STRICT;

CREATE INDEX family_expiry ON family (expires_at);
CREATE INDEX family_subject ON family (subject, client_id, resource);

CREATE TABLE code (
    code_hash BLOB NOT NULL PRIMARY KEY,
    family TEXT NOT NULL UNIQUE REFERENCES family (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    wrong_verifiers INTEGER NOT NULL DEFAULT 0,
    redeemed_at INTEGER,
    replayed_at INTEGER
) STRICT;
