-- Messages that devices have not acknowledged yet.
CREATE TABLE device_message (
  user_id    VARCHAR(255) NOT NULL,
  device_id  VARCHAR(255) NOT NULL,
  position   BIGINT       NOT NULL,
  sender     VARCHAR(255) NOT NULL,
  event_type VARCHAR(255) NOT NULL,
  content    BLOB(64K)    NOT NULL,
  PRIMARY KEY (user_id, device_id, position)
);

-- Which transactions of a device have sent their messages. A token without a device has the empty
-- device id.
CREATE TABLE device_transaction (
  user_id        VARCHAR(255) NOT NULL,
  device_id      VARCHAR(255) NOT NULL,
  event_type     VARCHAR(255) NOT NULL,
  transaction_id VARCHAR(255) NOT NULL,
  position       BIGINT       NOT NULL,
  PRIMARY KEY (user_id, device_id, event_type, transaction_id)
);
CREATE INDEX device_transaction_by_position ON device_transaction (user_id, device_id, position);
