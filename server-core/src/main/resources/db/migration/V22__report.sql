-- What users have reported to the owner of the server.
CREATE TABLE report (
    -- counts up
    number           BIGINT NOT NULL PRIMARY KEY,
    reported_millis  BIGINT NOT NULL,
    reporter         VARCHAR(255) NOT NULL,
    -- the room, if it is about one or about something in it
    room_id          VARCHAR(255),
    event_id         VARCHAR(255),
    -- the reported user, or who sent the reported event
    user_id          VARCHAR(255),
    reason           VARCHAR(2000) NOT NULL
);
CREATE INDEX report_by_reporter ON report (reporter, number);
