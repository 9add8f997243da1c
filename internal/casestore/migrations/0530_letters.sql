-- +goose Up
-- Tocsin's own mail, and whether the mail server took it.
CREATE TABLE letters (
    id        TEXT   NOT NULL PRIMARY KEY, -- UUIDv7: newest last
    about     TEXT   NOT NULL UNIQUE,      -- mailout.Letter.Key
    purpose   TEXT   NOT NULL,
    recipient TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    body      TEXT   NOT NULL,             -- '' once it was sent: it may have links that let somebody ask for a message
    html      TEXT   NOT NULL,
    state     TEXT   NOT NULL,             -- mailout.State
    error     TEXT   NOT NULL,
    tries     BIGINT NOT NULL,
    made      BIGINT NOT NULL,
    ended     BIGINT NOT NULL              -- 0: not yet
);
CREATE INDEX letters_purpose ON letters (purpose, id);

-- +goose Down
DROP TABLE letters;
