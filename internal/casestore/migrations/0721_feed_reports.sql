-- +goose Up
-- What feeds tell of things that happened: the newest of each feed.
CREATE TABLE feed_reports (
    feed      TEXT   NOT NULL,
    ref       TEXT   NOT NULL, -- id at the feed
    published BIGINT NOT NULL,
    body      TEXT   NOT NULL, -- JSON
    PRIMARY KEY (feed, ref)
);

-- +goose Down
DROP TABLE feed_reports;
