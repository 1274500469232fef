-- Everything that was secret when it was made (codes, cookies, request ids) is here only as its SHA-256.
-- Times are seconds since 1970. What has passed its `expires_at` is void even before it is swept away.

CREATE TABLE signing_key (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    pkcs8 BLOB NOT NULL
) STRICT;

CREATE TABLE browser_session (
    cookie_hash BLOB PRIMARY KEY,
    subject TEXT NOT NULL,
    signed_in_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX browser_session_expiry ON browser_session (expires_at);

-- An authorization request between /authorize and its answer. `sequence` only tells the oldest.
CREATE TABLE pending_request (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id_hash BLOB NOT NULL UNIQUE,
    cookie_hash BLOB NOT NULL,
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    state TEXT,
    -- Either what is asked for ...
    code_challenge TEXT,
    resource TEXT,
    scope TEXT,
    -- ... or why it is refused, told to the client only after sign-in.
    refusal TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decided_at INTEGER,
    CHECK ((refusal IS NULL) = (code_challenge IS NOT NULL AND resource IS NOT NULL AND scope IS NOT NULL))
) STRICT;

CREATE INDEX pending_request_cookie ON pending_request (cookie_hash);
CREATE INDEX pending_request_expiry ON pending_request (expires_at);

-- What a person allowed before. It marks scopes on the consent page; it never replaces the question.
CREATE TABLE granted_scope (
    subject TEXT NOT NULL,
    client_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    scope TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (subject, client_id, resource, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE code (
    code_hash BLOB PRIMARY KEY,
    -- Names everything that grows from this one consent.
    family TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    subject TEXT NOT NULL,
    resource TEXT NOT NULL,
    scope TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    wrong_verifiers INTEGER NOT NULL DEFAULT 0,
    redeemed_at INTEGER,
    replayed_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX code_expiry ON code (expires_at);
