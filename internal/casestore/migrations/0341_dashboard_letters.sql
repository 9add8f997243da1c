-- +goose Up
-- Letters with the figures of the week.
CREATE TABLE dashboard_letters (
    id      TEXT    NOT NULL PRIMARY KEY, -- UUIDv7
    body    TEXT    NOT NULL,             -- JSON of what somebody says of it: name, addresses, day, hour, zone, filter
    enabled BOOLEAN NOT NULL,
    due     BIGINT  NOT NULL,             -- 0 while it is off
    last    BIGINT  NOT NULL,             -- when the last one was made; 0: never
    problem TEXT    NOT NULL,
    author  TEXT    NOT NULL,
    at      BIGINT  NOT NULL,
    version BIGINT  NOT NULL
);
CREATE INDEX dashboard_letters_due ON dashboard_letters (due) WHERE due > 0;

-- +goose Down
DROP TABLE dashboard_letters;
