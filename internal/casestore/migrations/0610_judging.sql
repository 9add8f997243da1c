-- +goose Up
-- Runs that judge mail again: rejudge (ZAP) and whatif.
CREATE TABLE judging_runs (
    id         TEXT    NOT NULL PRIMARY KEY, -- UUIDv7: newest last
    kind       TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    automatic  BOOLEAN NOT NULL,
    reason     TEXT    NOT NULL,             -- what started it
    operator   TEXT    NOT NULL,
    via        TEXT    NOT NULL,
    spec       TEXT    NOT NULL,             -- JSON of rejudge.Spec
    created    BIGINT  NOT NULL,
    started    BIGINT  NOT NULL,
    ended      BIGINT  NOT NULL,
    cancel     BOOLEAN NOT NULL,
    counts     TEXT    NOT NULL,             -- JSON of rejudge.Counts
    cursor_at  BIGINT  NOT NULL,             -- last message that is done with
    cursor_sum TEXT    NOT NULL,
    error      TEXT    NOT NULL
);
CREATE INDEX judging_runs_kind ON judging_runs (kind, id);

CREATE TABLE judging_results (
    run_id      TEXT    NOT NULL REFERENCES judging_runs (id) ON DELETE CASCADE,
    seq         BIGINT  NOT NULL,
    change      TEXT    NOT NULL,
    contradicts BOOLEAN NOT NULL,
    result      TEXT    NOT NULL,            -- JSON of rejudge.Result
    PRIMARY KEY (run_id, seq)
);

-- +goose Down
DROP TABLE judging_results;
DROP TABLE judging_runs;
