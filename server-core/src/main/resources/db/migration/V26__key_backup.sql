-- Backups of room keys: each user's versions, and the keys in them, encrypted by the clients.
CREATE TABLE key_backup (
  user_id    VARCHAR(255) NOT NULL,
  -- counts up from 1 for each user
  version    BIGINT       NOT NULL,
  -- algorithm and auth_data, as JSON; null: the version was deleted
  definition BLOB(16K),
  -- counts the changes of its keys
  etag       BIGINT       NOT NULL,
  key_count  BIGINT       NOT NULL,
  key_bytes  BIGINT       NOT NULL,
  CONSTRAINT key_backup_pk PRIMARY KEY (user_id, version)
);
CREATE TABLE backed_up_key (
  user_id             VARCHAR(255) NOT NULL,
  version             BIGINT       NOT NULL,
  room_id             VARCHAR(255) NOT NULL,
  session_id          VARCHAR(255) NOT NULL,
  is_verified         BOOLEAN      NOT NULL,
  first_message_index BIGINT       NOT NULL,
  forwarded_count     BIGINT       NOT NULL,
  session_data        BLOB(16K)    NOT NULL,
  CONSTRAINT backed_up_key_pk PRIMARY KEY (user_id, version, room_id, session_id)
);
