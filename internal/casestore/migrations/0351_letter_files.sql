-- +goose Up
-- Files of letters that wait for the mail server. They are forgotten with the text.
CREATE TABLE letter_files (
    letter TEXT      NOT NULL,
    n      BIGINT    NOT NULL, -- place in the letter
    name   TEXT      NOT NULL,
    type   TEXT      NOT NULL,
    body   {{bytes}} NOT NULL,
    PRIMARY KEY (letter, n)
);

-- +goose Down
DROP TABLE letter_files;
