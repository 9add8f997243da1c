-- +goose Up
-- Searches backwards for indicators, what of the mail fitted one, and the counts.
CREATE TABLE retro_hunts (
    id        TEXT    NOT NULL PRIMARY KEY, -- UUIDv7: newest last
    state     TEXT    NOT NULL,
    automatic BOOLEAN NOT NULL,
    reason    TEXT    NOT NULL,
    operator  TEXT    NOT NULL,
    spec      TEXT    NOT NULL,             -- JSON of indicator.HuntSpec
    created   BIGINT  NOT NULL,
    started   BIGINT  NOT NULL,
    ended     BIGINT  NOT NULL,
    cancel    BOOLEAN NOT NULL,
    counts    TEXT    NOT NULL,             -- JSON of indicator.HuntCounts
    step      BIGINT  NOT NULL,             -- pieces of work that are done
    run       TEXT    NOT NULL,             -- of judging_runs, that judges what was found again
    alert     TEXT    NOT NULL,
    error     TEXT    NOT NULL
);

CREATE TABLE retro_found (
    hunt_id   TEXT   NOT NULL REFERENCES retro_hunts (id) ON DELETE CASCADE,
    seq       BIGINT NOT NULL,
    indicator BIGINT NOT NULL,
    place     TEXT   NOT NULL,
    value     TEXT   NOT NULL,
    PRIMARY KEY (hunt_id, seq)
);

CREATE TABLE retro_sightings (
    hunt_id  TEXT   NOT NULL REFERENCES retro_hunts (id) ON DELETE CASCADE,
    seq      BIGINT NOT NULL,
    sighting TEXT   NOT NULL,               -- JSON of indicator.Sighting
    PRIMARY KEY (hunt_id, seq)
);

-- +goose Down
DROP TABLE retro_sightings;
DROP TABLE retro_found;
DROP TABLE retro_hunts;
