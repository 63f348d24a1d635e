-- How far the entries of a log have been removed from the journal: readers that are further behind
-- are told so. Written by store.Journal together with the removal.
CREATE TABLE journal_floor (
  log      VARCHAR(128) NOT NULL PRIMARY KEY,
  position BIGINT       NOT NULL
);
