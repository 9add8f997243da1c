-- Times are seconds since 1970 UTC, 0 for none. Only what the set in memory and the lists need has an index.
BEGIN;
CREATE TABLE sources (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE indicators (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    fp          INTEGER NOT NULL, -- first 64 bits of the fingerprint of kind and value
    fpc         INTEGER NOT NULL, -- and the next 32
    source      INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    state       INTEGER NOT NULL, -- 1 suspicious, 2 confirmed, 3 retired
    batch       INTEGER NOT NULL, -- that changed it last
    valid_from  INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    confidence  INTEGER NOT NULL,
    flags       INTEGER NOT NULL, -- 1 good, 2 released, 4 pinned
    value       TEXT NOT NULL,
    threat      TEXT NOT NULL,
    held        TEXT NOT NULL,
    digest      INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    tlp         TEXT NOT NULL,
    tags        TEXT NOT NULL,    -- separated by commas, one at both ends
    ref         TEXT NOT NULL,
    description TEXT NOT NULL,
    operator    TEXT NOT NULL
);
CREATE INDEX indicators_fp ON indicators (fp);
CREATE INDEX indicators_source ON indicators (source, state);
CREATE INDEX indicators_batch ON indicators (batch);
CREATE INDEX indicators_held ON indicators (id) WHERE held != '';
CREATE TABLE history (
    indicator INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    who       TEXT NOT NULL,
    what      TEXT NOT NULL,
    note      TEXT NOT NULL,
    PRIMARY KEY (indicator, seq)
) WITHOUT ROWID;
CREATE TABLE batches (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
);
PRAGMA user_version = 1;
COMMIT;
