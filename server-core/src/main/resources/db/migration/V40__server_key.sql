-- A key that was rotated out: when it was signed with last. Null: the one that signs.
ALTER TABLE signing_key ADD COLUMN expired_millis BIGINT;
-- What other servers have said of their keys.
CREATE TABLE server_key (
  server_name VARCHAR(255) NOT NULL,
  -- JSON: the answers that still count, each with when it came
  answers     BLOB(256K)   NOT NULL,
  answer_bytes INT         NOT NULL,
  -- when this server last needed the keys itself, to the day; 0: never, only others have asked for them
  used_millis BIGINT       NOT NULL,
  CONSTRAINT server_key_pk PRIMARY KEY (server_name)
);
