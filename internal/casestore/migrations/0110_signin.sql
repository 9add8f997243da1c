-- +goose Up
-- What is shown of a session. Its id stands in the session's data; a session without a row here, or with one that ended, is over.
CREATE TABLE session_facts (
    id          TEXT    NOT NULL PRIMARY KEY, -- UUIDv7, never the cookie or its hash
    operator_id TEXT    NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    device      TEXT    NOT NULL,             -- the browser in its own words
    address     TEXT    NOT NULL,
    began       BIGINT  NOT NULL,
    seen        BIGINT  NOT NULL,             -- to the minute
    ended       BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX session_facts_operator ON session_facts (operator_id);

CREATE TABLE invitations (
    hash        TEXT   NOT NULL PRIMARY KEY,  -- SHA-256 of the secret
    operator_id TEXT   NOT NULL UNIQUE REFERENCES operators (id) ON DELETE CASCADE,
    expires     BIGINT NOT NULL
);

ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT ''; -- JSON array of permissions; '': all that the operator has

-- +goose Down
ALTER TABLE tokens DROP COLUMN scopes;
DROP TABLE invitations;
DROP TABLE session_facts;
