-- One row: which database this is.
CREATE TABLE store_identity (
  product        VARCHAR(32) NOT NULL,
  store_id       CHAR(36)    NOT NULL,
  epoch          BIGINT      NOT NULL,
  schema_version INTEGER     NOT NULL,
  created_at     BIGINT      NOT NULL
);

-- One row, updated in every transaction: how far the commits have come.
CREATE TABLE commit_head (
  commits  BIGINT NOT NULL,
  position BIGINT NOT NULL,
  hash     BIGINT NOT NULL
);
INSERT INTO commit_head (commits, position, hash) VALUES (0, 0, 0);

-- Entries that a consumer could not handle, until a person decides. Bounded by that person.
CREATE TABLE dead_letter (
  log           VARCHAR(128)   NOT NULL,
  consumer      VARCHAR(128)   NOT NULL,
  partition_key VARCHAR(1024)  NOT NULL,
  position      BIGINT         NOT NULL,
  reason        VARCHAR(16)    NOT NULL,
  codec_version INTEGER        NOT NULL,
  entry         BLOB(64M)      NOT NULL,
  failure       VARCHAR(32000) NOT NULL,
  parked_at     BIGINT         NOT NULL,
  PRIMARY KEY (log, consumer, position, partition_key)
);
