-- For the sweeper: marks on the consent page that are so old that they say nothing any more.
CREATE INDEX granted_scope_age ON granted_scope (granted_at);
