-- +goose Up
-- Which messages made a day of a pair bad, so that the day can be taken back when the last of them turns out harmless.
CREATE TABLE memory_threats (
    own     TEXT   NOT NULL,
    outside TEXT   NOT NULL,
    month   BIGINT NOT NULL,
    day     BIGINT NOT NULL, -- the bit in bad_days
    message BIGINT NOT NULL, -- hash of the message
    PRIMARY KEY (outside, own, month, day, message)
){{clustered}};

-- +goose Down
DROP TABLE memory_threats;
