-- +goose Up
CREATE TABLE watched_folders (
    system   TEXT   NOT NULL, -- name of the mail system in the settings
    mailbox  TEXT   NOT NULL, -- address, lower case
    folder   TEXT   NOT NULL,
    validity BIGINT NOT NULL, -- UIDVALIDITY
    last     BIGINT NOT NULL, -- UID up to which everything is taken in
    since    BIGINT NOT NULL, -- what arrived before is not taken in
    PRIMARY KEY (system, mailbox, folder)
);

-- +goose Down
DROP TABLE watched_folders;
