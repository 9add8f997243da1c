-- +goose Up
-- What sandboxes and visits of pages found: answers that come after the judgement, kept for every message with the same file or link.
CREATE TABLE answers (
    about   TEXT    NOT NULL, -- SHA-256 of a file, or a URL
    engine  TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    threat  TEXT    NOT NULL, -- '' when nothing was found
    details TEXT    NOT NULL,
    failed  TEXT    NOT NULL, -- why there is no answer; '' when there is one
    task    TEXT    NOT NULL, -- the engine's name for its work; '' when it is done
    at      BIGINT  NOT NULL,
    picture {{bytes}} NOT NULL, -- PNG of a visited page; empty otherwise
    PRIMARY KEY (about, engine)
);
CREATE INDEX answers_at ON answers (at);

-- +goose Down
DROP TABLE answers;
