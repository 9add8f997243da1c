-- +goose Up
CREATE TABLE sessions (
    token   TEXT      NOT NULL PRIMARY KEY, -- hash of the cookie, never the cookie
    data    {{bytes}} NOT NULL,
    expires BIGINT    NOT NULL,
    ended   BOOLEAN   NOT NULL DEFAULT FALSE -- signed out: kept until it expires, so that a late write cannot revive it
);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE tokens (
    id          TEXT    NOT NULL PRIMARY KEY,
    operator_id TEXT    NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    hash        TEXT    NOT NULL UNIQUE, -- SHA-256 of the secret
    created     BIGINT  NOT NULL,
    used        BIGINT  NOT NULL DEFAULT 0,
    expires     BIGINT  NOT NULL DEFAULT 0, -- 0: never
    revoked     BOOLEAN NOT NULL DEFAULT FALSE
);

-- +goose Down
DROP TABLE tokens;
DROP TABLE sessions;
