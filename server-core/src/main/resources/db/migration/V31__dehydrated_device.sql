-- The device of a user that nobody is logged in on: its keys are among those of the other devices,
-- its messages among theirs.
CREATE TABLE dehydrated_device (
  user_id      VARCHAR(255) NOT NULL,
  device_id    VARCHAR(255) NOT NULL,
  display_name VARCHAR(400),
  -- the device itself, encrypted by the client
  content      BLOB(64K)    NOT NULL,
  CONSTRAINT dehydrated_device_pk PRIMARY KEY (user_id)
);
