-- Whether a challenge was used before is asked at each authorization request.
CREATE INDEX code_challenge ON code (code_challenge);
