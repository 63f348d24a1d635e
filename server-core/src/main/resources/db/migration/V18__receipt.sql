-- Where users' markers are. A room is read by what has changed in it since a position.
CREATE TABLE receipt (
  user_id         VARCHAR(255) NOT NULL,
  room_id         VARCHAR(255) NOT NULL,
  receipt_type    VARCHAR(32)  NOT NULL,
  -- empty: unthreaded
  thread_id       VARCHAR(255) NOT NULL,
  event_id        VARCHAR(255) NOT NULL,
  event_place     BIGINT       NOT NULL,
  received_millis BIGINT       NOT NULL,
  log_position    BIGINT       NOT NULL,
  CONSTRAINT receipt_pk PRIMARY KEY (user_id, room_id, receipt_type, thread_id)
);
CREATE INDEX receipt_by_position ON receipt (room_id, log_position DESC);
