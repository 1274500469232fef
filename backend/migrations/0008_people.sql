-- A session ends when its browser stays away, and when its account gets another password. Those of an older version
-- know neither, so they end now.
DELETE FROM browser_session;
ALTER TABLE browser_session ADD COLUMN idle_until INTEGER NOT NULL DEFAULT 0;
-- SHA-256 of what proved who it was.
ALTER TABLE browser_session ADD COLUMN credential BLOB NOT NULL DEFAULT x'';

CREATE INDEX browser_session_subject ON browser_session (subject);

-- Whether somebody has to sign in anew before this request can be decided.
ALTER TABLE pending_request ADD COLUMN must_sign_in INTEGER NOT NULL DEFAULT 0;

-- What a person need not be asked again for a while. (`granted_scope` only marks scopes on the consent page.)
CREATE TABLE remembered_consent (
    subject TEXT NOT NULL,
    client_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    -- The client as it was known when the person decided, as JSON. If it says something else about itself, it is asked
    -- again.
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    granted_at INTEGER NOT NULL,
    PRIMARY KEY (subject, client_id, resource)
) STRICT, WITHOUT ROWID;

CREATE INDEX remembered_consent_age ON remembered_consent (granted_at);
