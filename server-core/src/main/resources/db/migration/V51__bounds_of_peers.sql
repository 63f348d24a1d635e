-- How many events of servers of one site a room keeps that it has soft-failed or rejected, and their bytes.
CREATE TABLE room_refused (
  room_nid BIGINT NOT NULL,
  -- The last two labels of the name of the senders' servers.
  site VARCHAR(255) NOT NULL,
  events INT NOT NULL,
  bytes BIGINT NOT NULL,
  CONSTRAINT room_refused_pk PRIMARY KEY (room_nid, site)
);

-- What of devices of users here has changed: one row a device, whomever it is to be told. Who has to be told, and was not, has a row of
-- kind 4 in delivery_debt (no room), or is told again because of the position of device-changes in delivery_progress.
CREATE TABLE delivery_change (
  edu_type VARCHAR(64) NOT NULL,
  user_id VARCHAR(255) NOT NULL,
  -- Empty for the user's own keys.
  device_id VARCHAR(255) NOT NULL,
  -- The entry of device-output.
  position BIGINT NOT NULL,
  content BLOB(1M) NOT NULL,
  CONSTRAINT delivery_change_pk PRIMARY KEY (edu_type, user_id, device_id)
);

CREATE INDEX delivery_change_by_position ON delivery_change (position);

INSERT INTO delivery_progress (log, position) SELECT 'device-changes', position FROM delivery_progress WHERE log = 'device-output';
