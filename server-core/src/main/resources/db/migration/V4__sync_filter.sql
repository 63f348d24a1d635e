-- Filters that clients have stored for use with /sync. Owner: readers.sync.
-- Bound: the newest 100 of a user; an insert deletes the older ones.
CREATE TABLE sync_filter (
  user_id    VARCHAR(255)                NOT NULL,
  filter_id  VARCHAR(32)                 NOT NULL, -- made from the definition, so equal ones are one row
  created    BIGINT                      NOT NULL, -- milliseconds since 1970
  definition VARCHAR(16384) FOR BIT DATA NOT NULL, -- JSON in UTF-8
  PRIMARY KEY (user_id, filter_id)
);
