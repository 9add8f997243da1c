-- +goose Up
-- Tracked queries: saved queries on a schedule, and what each run counted.
CREATE TABLE tracked (
    id          TEXT    NOT NULL PRIMARY KEY, -- UUIDv7
    query_id    TEXT    NOT NULL,             -- hunt_queries; it may be gone
    owner_id    TEXT    NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,             -- of the query, as it was last read
    every       BIGINT  NOT NULL,             -- microseconds, as all lengths of time
    back        BIGINT  NOT NULL,             -- each run looks so far back
    condition   TEXT    NOT NULL,
    threshold   BIGINT  NOT NULL,
    severity    BIGINT  NOT NULL,             -- 1 Informational to 4 High
    category    TEXT    NOT NULL,
    is_on       BOOLEAN NOT NULL,
    stopped     TEXT    NOT NULL,             -- why it stopped by itself; ''
    next        BIGINT  NOT NULL,             -- slot of the next run
    held        BOOLEAN NOT NULL,             -- its condition held at the last run with an answer
    alert       TEXT    NOT NULL,             -- id; ''
    waiting     TEXT    NOT NULL,             -- why the run that is due has no answer yet; ''
    last_slot   BIGINT  NOT NULL,             -- 0: it never ran
    last_at     BIGINT  NOT NULL,
    last_from   BIGINT  NOT NULL,
    last_count  BIGINT  NOT NULL,
    last_took   BIGINT  NOT NULL,
    last_error  TEXT    NOT NULL,
    last_missed BIGINT  NOT NULL,
    last_held   BOOLEAN NOT NULL,
    last_hand   BOOLEAN NOT NULL,
    created     BIGINT  NOT NULL,
    updated     BIGINT  NOT NULL,
    revision    BIGINT  NOT NULL,
    UNIQUE (owner_id, query_id)
);
CREATE INDEX tracked_next ON tracked (next) WHERE is_on;

CREATE TABLE tracked_runs (
    tracker TEXT    NOT NULL,
    slot    BIGINT  NOT NULL,                 -- end of the range that it counted
    hand    BOOLEAN NOT NULL,                 -- a person ran it, apart from the slots
    at      BIGINT  NOT NULL,
    from_at BIGINT  NOT NULL,
    count   BIGINT  NOT NULL,
    took    BIGINT  NOT NULL,
    error   TEXT    NOT NULL,                 -- '' when it has an answer
    missed  BIGINT  NOT NULL,                 -- slots before it for which nobody ran
    held    BOOLEAN NOT NULL,
    PRIMARY KEY (tracker, slot, hand)
){{clustered}};
CREATE INDEX tracked_runs_slot ON tracked_runs (slot);

-- +goose Down
DROP TABLE tracked_runs;
DROP TABLE tracked;
