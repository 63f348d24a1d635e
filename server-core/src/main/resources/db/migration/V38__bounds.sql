-- What an inbox holds is asked without reading its messages: the size of each stands before it.
CREATE TABLE device_message_with_bytes (
  user_id    VARCHAR(255) NOT NULL,
  device_id  VARCHAR(255) NOT NULL,
  position   BIGINT       NOT NULL,
  sender     VARCHAR(255) NOT NULL,
  event_type VARCHAR(255) NOT NULL,
  -- of the content
  bytes      INTEGER      NOT NULL,
  content    BLOB(64K)    NOT NULL,
  CONSTRAINT device_message_pk PRIMARY KEY (user_id, device_id, position)
);
INSERT INTO device_message_with_bytes
SELECT user_id, device_id, position, sender, event_type, CAST(LENGTH(content) AS INTEGER), content
FROM device_message;
DROP TABLE device_message;
RENAME TABLE device_message_with_bytes TO device_message;

-- More than a room's members, what they have read and the events that are kept can take
-- (CountsPacking), so that no room is too large to be stored.
ALTER TABLE notification_counts ALTER COLUMN content SET DATA TYPE BLOB(128M);
