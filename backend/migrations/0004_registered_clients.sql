-- Clients that registered themselves. Until a person allows one something it is unused: then it goes soon, and it is
-- the first to go when there are too many.
CREATE TABLE registered_client (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id TEXT NOT NULL UNIQUE,
    -- As it is used, as JSON; a secret is in it only as its hash.
    client TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    used_at INTEGER,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX registered_client_expiry ON registered_client (expires_at);
CREATE INDEX registered_client_unused ON registered_client (expires_at) WHERE used_at IS NULL;

-- Assertions of clients that were accepted once: the hash of client and `jti`. They are kept a little longer than they
-- would be valid, so that a clock that goes back revives none.
CREATE TABLE client_assertion (
    assertion_hash BLOB PRIMARY KEY,
    kept_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX client_assertion_kept_until ON client_assertion (kept_until);
