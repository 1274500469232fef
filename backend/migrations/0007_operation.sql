-- For the sweeper: codes that nobody redeemed, by the end of their time.
CREATE INDEX code_unredeemed ON code (expires_at) WHERE redeemed_at IS NULL;

-- Written to find out whether the file can be written.
CREATE TABLE heartbeat (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    beats INTEGER NOT NULL
) STRICT;
