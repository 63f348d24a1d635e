-- Events that other servers have handed over, until the Room Server has judged them.
CREATE TABLE staged_event (
  number         BIGINT       NOT NULL,
  origin         VARCHAR(261) NOT NULL,
  room_id        VARCHAR(255) NOT NULL,
  event_id       VARCHAR(255) NOT NULL,
  staged_millis  BIGINT       NOT NULL,
  event_bytes    INT          NOT NULL,
  -- canonical JSON; its format is checked, nothing else
  event          BLOB(64K)    NOT NULL,
  CONSTRAINT staged_event_pk PRIMARY KEY (number)
);
-- Transactions of other servers that were answered, so that none counts twice.
CREATE TABLE inbound_transaction (
  origin         VARCHAR(261) NOT NULL,
  transaction_id VARCHAR(255) NOT NULL,
  number         BIGINT       NOT NULL,
  answer         BLOB(128K)   NOT NULL,
  CONSTRAINT inbound_transaction_pk PRIMARY KEY (origin, transaction_id)
);
