-- +goose Up
-- Reports that are sent to people on a schedule.
CREATE TABLE report_orders (
    id      TEXT    NOT NULL PRIMARY KEY, -- UUIDv7
    body    TEXT    NOT NULL,             -- JSON of what somebody says of it: name, report, addresses, rhythm, day, hour, zone, filter
    enabled BOOLEAN NOT NULL,
    due     BIGINT  NOT NULL,             -- 0 while it is off
    last    BIGINT  NOT NULL,             -- when the last one was made; 0: never
    problem TEXT    NOT NULL,
    author  TEXT    NOT NULL,
    at      BIGINT  NOT NULL,
    version BIGINT  NOT NULL
);
CREATE INDEX report_orders_due ON report_orders (due) WHERE due > 0;

-- +goose Down
DROP TABLE report_orders;
