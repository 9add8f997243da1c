-- +goose Up
-- suspect was a count of tries; what it counts now is in casestore.SuspectMessages.
UPDATE messages SET suspect = 0 WHERE suspect > 0;
CREATE INDEX messages_suspect ON messages (suspect) WHERE suspect > 0;

-- +goose Down
DROP INDEX messages_suspect;
