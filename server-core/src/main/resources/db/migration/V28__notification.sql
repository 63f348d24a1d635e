-- What of each room's events has notified which of its members, and how far they have read.
CREATE TABLE notification_counts (
  room_id VARCHAR(255) NOT NULL,
  -- packed: members, their markers and counts, the newest events
  content BLOB(32M)    NOT NULL,
  CONSTRAINT notification_counts_pk PRIMARY KEY (room_id)
);
-- Up to where room-output is counted in them: one row.
CREATE TABLE notification_progress (
  id           SMALLINT NOT NULL,
  log_position BIGINT   NOT NULL,
  CONSTRAINT notification_progress_pk PRIMARY KEY (id)
);
