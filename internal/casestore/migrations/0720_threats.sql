-- +goose Up
-- Threats that feeds tell of. Those that ship are files in the program.
CREATE TABLE threats (
    source  TEXT   NOT NULL,
    ref     TEXT   NOT NULL, -- id at the source
    kind    TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    aliases TEXT   NOT NULL, -- JSON
    attack  TEXT   NOT NULL, -- JSON
    tags    TEXT   NOT NULL, -- JSON
    about   TEXT   NOT NULL, -- plain text
    slug    TEXT   NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (source, ref)
);

-- +goose Down
DROP TABLE threats;
