-- +goose Up
CREATE TABLE directory_sources (
    source   TEXT   NOT NULL PRIMARY KEY, -- '' counts changes of marks
    at       BIGINT NOT NULL,             -- of the copy that is kept
    tried    BIGINT NOT NULL,
    problem  TEXT   NOT NULL,             -- of the last try
    revision BIGINT NOT NULL,
    removed  BOOLEAN NOT NULL
);

CREATE TABLE directory_people (
    source  TEXT NOT NULL,
    address TEXT NOT NULL,
    body    TEXT NOT NULL, -- JSON: directory.Person
    PRIMARY KEY (source, address)
);

CREATE TABLE directory_marks (
    address  TEXT    NOT NULL PRIMARY KEY,
    priority BOOLEAN NOT NULL,
    at       BIGINT  NOT NULL
);

-- +goose Down
DROP TABLE directory_marks;
DROP TABLE directory_people;
DROP TABLE directory_sources;
