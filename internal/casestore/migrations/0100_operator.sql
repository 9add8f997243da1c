-- +goose Up
CREATE TABLE operators (
    id        TEXT    NOT NULL PRIMARY KEY,
    email     TEXT    NOT NULL UNIQUE,   -- lower case
    name      TEXT    NOT NULL,
    roles     TEXT    NOT NULL,          -- JSON array of role names
    password  TEXT    NOT NULL,          -- PHC string; '' when tokens only
    disabled  BOOLEAN NOT NULL DEFAULT FALSE,
    created   BIGINT  NOT NULL,
    changed   BIGINT  NOT NULL,          -- password or roles; older sessions end
    signed_in BIGINT  NOT NULL DEFAULT 0
);

CREATE TABLE setup_links (
    hash    TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the secret
    expires BIGINT NOT NULL
);

CREATE TABLE preferences (
    operator_id TEXT NOT NULL PRIMARY KEY REFERENCES operators (id) ON DELETE CASCADE,
    body        TEXT NOT NULL            -- JSON
);

-- +goose Down
DROP TABLE preferences;
DROP TABLE setup_links;
DROP TABLE operators;
