-- Several signing keys instead of one, and other secrets of the server itself. Here, unlike elsewhere, secrets are kept
-- and not only their hashes; with a configured secret they are encrypted.

-- What the next statements give up is overwritten, not only unlinked.
PRAGMA secure_delete = ON;

ALTER TABLE signing_key RENAME TO only_signing_key;

CREATE TABLE signing_key (
    -- Of two keys the later one has the larger number, whatever the clock said.
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The thumbprint of its public half. Empty until the next start for the key of an older version.
    kid TEXT NOT NULL UNIQUE,
    algorithm TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    signs_from INTEGER NOT NULL,
    -- The longest life of a token that it may have signed, in seconds.
    token_seconds INTEGER NOT NULL,
    -- PKCS#8, or when it is encrypted: nonce, ciphertext and tag.
    private_key BLOB NOT NULL,
    -- Names the secret that it is encrypted under; NULL if it is not encrypted.
    sealed_under BLOB
) STRICT;

-- Its age is unknown, so it is due for a successor. An older version could give tokens a life of a day.
INSERT INTO signing_key (kid, algorithm, published_at, signs_from, token_seconds, private_key)
SELECT '', 'RS256', 0, 0, 86400, pkcs8 FROM only_signing_key;

DROP TABLE only_signing_key;

CREATE TABLE server_secret (
    name TEXT PRIMARY KEY,
    -- 32 random bytes, or when they are encrypted: nonce, ciphertext and tag.
    secret BLOB NOT NULL,
    sealed_under BLOB
) STRICT, WITHOUT ROWID;

PRAGMA secure_delete = OFF;
