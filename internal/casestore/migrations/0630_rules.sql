-- +goose Up
-- What was decided about rules, by their ids. Append-only: the newest version of an id counts.
CREATE TABLE rule_versions (
    seq      BIGINT  NOT NULL PRIMARY KEY, -- from 1; the highest says how often anything was changed
    id       TEXT    NOT NULL,
    number   BIGINT  NOT NULL,             -- of this id, from 1
    at       BIGINT  NOT NULL,
    operator TEXT    NOT NULL,
    via      TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    text     TEXT    NOT NULL,             -- empty: as the file has it
    enabled  BOOLEAN NOT NULL,
    weight   BIGINT  NOT NULL,             -- 0: as written
    removed  BOOLEAN NOT NULL,
    UNIQUE (id, number)
);

-- +goose Down
DROP TABLE rule_versions;
