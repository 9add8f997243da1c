-- +goose Up
CREATE TABLE hunt_queries (
    id          TEXT    NOT NULL PRIMARY KEY,
    owner_id    TEXT    NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    name_key    TEXT    NOT NULL,        -- the name in lower case: one a name and owner
    description TEXT    NOT NULL,
    folder      TEXT    NOT NULL,
    query       TEXT    NOT NULL,
    shared      BOOLEAN NOT NULL,
    created     BIGINT  NOT NULL,
    updated     BIGINT  NOT NULL,
    revision    BIGINT  NOT NULL,
    UNIQUE (owner_id, name_key)
);
CREATE INDEX hunt_queries_shared ON hunt_queries (shared);

CREATE TABLE hunt_runs (
    id          TEXT   NOT NULL,
    operator_id TEXT   NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    at          BIGINT NOT NULL,
    size        BIGINT NOT NULL,         -- octets of the query
    query       TEXT   NOT NULL,
    row_count   BIGINT NOT NULL,
    took        BIGINT NOT NULL,         -- microseconds
    outcome     TEXT   NOT NULL,
    error       TEXT   NOT NULL,
    PRIMARY KEY (operator_id, at, id)
);
CREATE INDEX hunt_runs_size ON hunt_runs (operator_id, at, id, size);
CREATE INDEX hunt_runs_at ON hunt_runs (at);

-- +goose Down
DROP TABLE hunt_runs;
DROP TABLE hunt_queries;
