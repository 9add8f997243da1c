-- +goose Up
CREATE TABLE imports (
    path      TEXT   NOT NULL PRIMARY KEY, -- absolute
    size      BIGINT NOT NULL,             -- of the file when it was read
    modified  BIGINT NOT NULL,
    position  BIGINT NOT NULL,             -- everything before this offset is taken in
    messages  BIGINT NOT NULL,             -- taken in from this file so far
    complete  BOOLEAN NOT NULL,
    updated   BIGINT NOT NULL
);

-- +goose Down
DROP TABLE imports;
