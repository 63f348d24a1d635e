-- Servers that could not be reached, and when each is tried again. A name has at most 255 characters and a port.
CREATE TABLE federation_destination (
  server_name VARCHAR(261) NOT NULL,
  failing_since_millis BIGINT NOT NULL,
  failed_millis BIGINT NOT NULL,
  next_try_millis BIGINT NOT NULL,
  interval_millis BIGINT NOT NULL,
  last_error VARCHAR(300) NOT NULL,
  CONSTRAINT federation_destination_pk PRIMARY KEY (server_name)
);
