-- +goose Up
-- Where indicators and threats of others come from, and how it stands with each.
CREATE TABLE feeds (
    id        TEXT    NOT NULL PRIMARY KEY,
    name      TEXT    NOT NULL,
    settings  TEXT    NOT NULL, -- JSON
    sealed    TEXT    NOT NULL, -- password or key, sealed; empty for none
    version   BIGINT  NOT NULL,
    created   BIGINT  NOT NULL,
    author    TEXT    NOT NULL,
    enabled   BOOLEAN NOT NULL,
    next      BIGINT  NOT NULL, -- when it is due
    last      BIGINT  NOT NULL,
    good      BIGINT  NOT NULL,
    delivered BIGINT  NOT NULL,
    failures  BIGINT  NOT NULL,
    problem   TEXT    NOT NULL,
    progress  TEXT    NOT NULL, -- how far it was read; JSON of its kind
    items     BIGINT  NOT NULL,
    objects   BIGINT  NOT NULL
);

CREATE TABLE feed_runs (
    feed TEXT   NOT NULL,
    id   BIGINT NOT NULL, -- microseconds of its start
    body TEXT   NOT NULL, -- JSON
    PRIMARY KEY (feed, id)
){{clustered}};

-- STIX objects as they came, every version.
CREATE TABLE feed_objects (
    feed     TEXT      NOT NULL,
    id       TEXT      NOT NULL,
    modified BIGINT    NOT NULL, -- 0 for what has no versions
    type     TEXT      NOT NULL,
    newest   BOOLEAN   NOT NULL,
    run      BIGINT    NOT NULL, -- that named it last
    source   TEXT      NOT NULL, -- of a relationship
    how      TEXT      NOT NULL,
    digest   {{bytes}} NOT NULL,
    raw      TEXT      NOT NULL,
    PRIMARY KEY (feed, id, modified)
){{clustered}};
CREATE INDEX feed_objects_run ON feed_objects (feed, run, type);
CREATE INDEX feed_objects_source ON feed_objects (feed, source, how) WHERE source <> '';

-- +goose Down
DROP TABLE feed_objects;
DROP TABLE feed_runs;
DROP TABLE feeds;
