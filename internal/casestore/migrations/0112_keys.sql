-- +goose Up
CREATE TABLE keys (
    id          TEXT    NOT NULL PRIMARY KEY,          -- UUIDv7
    operator_id TEXT    NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    credential  TEXT    NOT NULL UNIQUE,               -- base64url; what the key calls itself
    name        TEXT    NOT NULL,                      -- what its owner calls it
    body        TEXT    NOT NULL,                      -- JSON: public key, counter, flags
    made        BIGINT  NOT NULL,
    used        BIGINT  NOT NULL DEFAULT 0,
    suspect     BOOLEAN NOT NULL DEFAULT FALSE         -- its counter went back
);
CREATE INDEX keys_operator ON keys (operator_id);

-- +goose Down
DROP TABLE keys;
