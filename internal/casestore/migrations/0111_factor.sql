-- +goose Up
CREATE TABLE totp (
    operator_id TEXT   NOT NULL PRIMARY KEY REFERENCES operators (id) ON DELETE CASCADE,
    secret      TEXT   NOT NULL,           -- sealed with the key of the data folder
    confirmed   BIGINT NOT NULL DEFAULT 0, -- 0: shown, not yet proven to be in an app
    step        BIGINT NOT NULL DEFAULT 0  -- time step of the last code that was taken; that one and older are used up
);

CREATE TABLE recovery_codes (
    operator_id TEXT NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    hash        TEXT NOT NULL,             -- HMAC-SHA256 with the key of the data folder
    PRIMARY KEY (operator_id, hash)
);

-- +goose Down
DROP TABLE recovery_codes;
DROP TABLE totp;
