-- Messages of other servers to devices that were given to them: none is given twice.
CREATE TABLE device_message_received (
  server_name VARCHAR(255) NOT NULL,
  message_id  VARCHAR(255) NOT NULL,
  position    BIGINT       NOT NULL,
  CONSTRAINT device_message_received_pk PRIMARY KEY (server_name, message_id)
);
CREATE INDEX device_message_received_by_server ON device_message_received (server_name, position);
CREATE INDEX device_message_received_by_position ON device_message_received (position);

-- Of each user of this server the last update of devices that other servers are told.
CREATE TABLE device_list_stream (
  user_id   VARCHAR(255) NOT NULL,
  stream_id BIGINT       NOT NULL,
  CONSTRAINT device_list_stream_pk PRIMARY KEY (user_id)
);

-- Up to where logs have been looked at for what changes of devices and of who needs them.
CREATE TABLE device_list_progress (
  log      VARCHAR(64) NOT NULL,
  position BIGINT      NOT NULL,
  CONSTRAINT device_list_progress_pk PRIMARY KEY (log)
);

-- Users of other servers whose devices are known here.
CREATE TABLE remote_device_list (
  user_id          VARCHAR(255) NOT NULL,
  server_name      VARCHAR(255) NOT NULL,
  -- of the last update that is in the list
  stream_id        BIGINT       NOT NULL,
  -- 0: out of date, to be fetched
  fresh            SMALLINT     NOT NULL,
  -- how often it was called out of date
  marks            BIGINT       NOT NULL,
  -- where clients are told that it changed; 0: nowhere
  changed_position BIGINT       NOT NULL,
  -- at least so much as there is
  devices          INTEGER      NOT NULL,
  bytes            INTEGER      NOT NULL,
  -- JSON; empty: there is none
  master_key       BLOB(16K)    NOT NULL,
  self_signing_key BLOB(16K)    NOT NULL,
  CONSTRAINT remote_device_list_pk PRIMARY KEY (user_id)
);
CREATE INDEX remote_device_list_by_position ON remote_device_list (changed_position);
CREATE INDEX remote_device_list_by_server ON remote_device_list (server_name, fresh, user_id);
CREATE INDEX remote_device_list_by_fresh ON remote_device_list (fresh, server_name);

-- The devices of these users.
CREATE TABLE remote_device (
  user_id      VARCHAR(255) NOT NULL,
  device_id    VARCHAR(255) NOT NULL,
  -- empty: it has none
  display_name VARCHAR(255) NOT NULL,
  -- JSON; empty: it has no keys
  content      BLOB(16K)    NOT NULL,
  CONSTRAINT remote_device_pk PRIMARY KEY (user_id, device_id)
);
