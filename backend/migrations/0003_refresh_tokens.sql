-- Refresh tokens: a row each, so that one that was used before is recognized. All of a family allow the same, which
-- stands in the family.

CREATE TABLE refresh_token (
    token_hash BLOB NOT NULL PRIMARY KEY,
    family TEXT NOT NULL REFERENCES family (id) ON DELETE CASCADE,
    -- When it ends if nobody uses it; never after its family.
    expires_at INTEGER NOT NULL,
    -- When it was exchanged for its successor. The successor's name is not stored: only who holds this token and the
    -- server's key together can compute it.
    used_at INTEGER
) STRICT;

CREATE INDEX refresh_token_family ON refresh_token (family);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

-- The browser session in which the person decided, if the family ends with it.
ALTER TABLE family ADD COLUMN session BLOB;

CREATE INDEX family_session ON family (session) WHERE session IS NOT NULL;
CREATE INDEX IF NOT EXISTS code_expiry ON code (expires_at);
