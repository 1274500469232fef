-- For the sweeper: what was allowed so long ago that it is not worth remembering.
CREATE INDEX granted_scope_age ON granted_scope (granted_at);
CREATE INDEX remembered_consent_age ON remembered_consent (granted_at);
