-- One table for all output logs whose owners keep no table by position: what was announced, for
-- readers that the ring has left behind. Bounded by store.Journal.
CREATE TABLE journal (
  log            VARCHAR(128)  NOT NULL,
  position       BIGINT        NOT NULL,
  -- empty: an entry from before there was this column
  partition_key  VARCHAR(1024) NOT NULL,
  codec_version  INTEGER       NOT NULL,
  entry          BLOB(1M)      NOT NULL,
  created_millis BIGINT        NOT NULL,
  PRIMARY KEY (log, position)
);
CREATE INDEX journal_by_age ON journal (log, created_millis, position);

INSERT INTO journal (log, position, partition_key, codec_version, entry, created_millis)
  SELECT 'account-output', log_position, '', codec_version, entry, created_millis
  FROM account_output;
DROP TABLE account_output;
