-- What other servers have still to be told. Of each log: up to where everybody has been told, but for what is in the tables below.
CREATE TABLE delivery_progress (
  log VARCHAR(32) NOT NULL,
  position BIGINT NOT NULL,
  CONSTRAINT delivery_progress_pk PRIMARY KEY (log)
);

INSERT INTO delivery_progress (log, position) SELECT 'room-output', position FROM commit_head;
INSERT INTO delivery_progress (log, position) SELECT 'receipt-output', position FROM commit_head;
INSERT INTO delivery_progress (log, position) SELECT 'device-output', position FROM commit_head;

-- What a server could not be told yet. It is looked up when it is sent: a row stands for all that comes after its position.
CREATE TABLE delivery_debt (
  server_name VARCHAR(261) NOT NULL,
  -- 1 the latest events of a room, 2 the one event at that position, 3 receipts of a room
  kind SMALLINT NOT NULL,
  room_id VARCHAR(255) NOT NULL,
  position BIGINT NOT NULL,
  CONSTRAINT delivery_debt_pk PRIMARY KEY (server_name, kind, room_id, position)
);

-- What of devices a server has to be told and has not acknowledged.
CREATE TABLE delivery_edu (
  server_name VARCHAR(261) NOT NULL,
  -- The entry of device-output, and which part of it.
  position BIGINT NOT NULL,
  part SMALLINT NOT NULL,
  edu_type VARCHAR(64) NOT NULL,
  -- Whose device; of what is no device, empty.
  user_id VARCHAR(255) NOT NULL,
  device_id VARCHAR(255) NOT NULL,
  content BLOB(1M) NOT NULL,
  CONSTRAINT delivery_edu_pk PRIMARY KEY (server_name, position, part)
);
