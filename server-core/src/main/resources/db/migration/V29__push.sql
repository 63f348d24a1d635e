-- Pushers: where the devices of users want to be told of what notifies the users.
CREATE TABLE pusher (
  -- the position at which it was made
  pusher_id            BIGINT        NOT NULL,
  user_id              VARCHAR(255)  NOT NULL,
  -- who set it last; with the device it goes
  device_id            VARCHAR(255)  NOT NULL,
  app_id               VARCHAR(64)   NOT NULL,
  pushkey              VARCHAR(512)  NOT NULL,
  url                  VARCHAR(1024) NOT NULL,
  -- names, language, tag and data, as JSON
  definition           BLOB(8K)      NOT NULL,
  set_millis           BIGINT        NOT NULL,
  -- how many unread notifications the gateway was told of last
  badge                BIGINT        NOT NULL,
  -- requests that failed since the last that did not
  failures             INT           NOT NULL,
  failing_since_millis BIGINT        NOT NULL,
  next_try_millis      BIGINT        NOT NULL,
  CONSTRAINT pusher_pk PRIMARY KEY (pusher_id),
  CONSTRAINT pusher_of_user UNIQUE (user_id, app_id, pushkey)
);
-- Who sets a pusher takes it from other users.
CREATE INDEX pusher_of_key ON pusher (app_id, pushkey);
-- What a pusher has still to be told.
CREATE TABLE pusher_notification (
  pusher_id      BIGINT       NOT NULL,
  -- that of the event
  position       BIGINT       NOT NULL,
  room_id        VARCHAR(255) NOT NULL,
  event_id       VARCHAR(255) NOT NULL,
  -- the id of its root, or main
  thread_id      VARCHAR(255) NOT NULL,
  -- of the rule that matched, as JSON
  tweaks         VARCHAR(4096) FOR BIT DATA NOT NULL,
  created_millis BIGINT       NOT NULL,
  CONSTRAINT pusher_notification_pk PRIMARY KEY (pusher_id, position)
);
-- Up to which event all that notifies is in pusher_notification.
CREATE TABLE push_intake (
  id       INT    NOT NULL,
  position BIGINT NOT NULL,
  CONSTRAINT push_intake_pk PRIMARY KEY (id)
);
INSERT INTO push_intake (id, position) VALUES (1, 0);
