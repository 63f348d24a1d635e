-- What users of this server have uploaded. The bytes are in the folder media/, by their hash.
CREATE TABLE media (
  media_id        VARCHAR(255)  NOT NULL,
  user_id         VARCHAR(255)  NOT NULL,
  -- in hexadecimal
  sha256          CHAR(64)      NOT NULL,
  length_bytes    BIGINT        NOT NULL,
  content_type    VARCHAR(255)  NOT NULL,
  -- null: it has none
  file_name       VARCHAR(1024),
  uploaded_millis BIGINT        NOT NULL,
  -- when it was last downloaded, to the day
  used_millis     BIGINT        NOT NULL,
  -- 1: nobody gets it
  quarantined     SMALLINT      NOT NULL,
  -- 1: it is neither quarantined nor removed by age
  protected       SMALLINT      NOT NULL,
  -- 1: uploaded before the freeze, so that who has no account gets it
  without_login   SMALLINT      NOT NULL,
  -- since when its file is not there; 0: it is
  missing_millis  BIGINT        NOT NULL,
  CONSTRAINT media_pk PRIMARY KEY (media_id)
);
CREATE INDEX media_by_user ON media (user_id, uploaded_millis, media_id);
CREATE INDEX media_by_hash ON media (sha256);
CREATE INDEX media_by_use ON media (used_millis);

-- Addresses that were given out before there is anything behind them.
CREATE TABLE media_pending (
  media_id       VARCHAR(255) NOT NULL,
  user_id        VARCHAR(255) NOT NULL,
  expires_millis BIGINT       NOT NULL,
  CONSTRAINT media_pending_pk PRIMARY KEY (media_id)
);
CREATE INDEX media_pending_by_user ON media_pending (user_id);
CREATE INDEX media_pending_by_end ON media_pending (expires_millis);

-- How much each user has uploaded; the user without a name is all of them.
CREATE TABLE media_usage (
  user_id  VARCHAR(255) NOT NULL,
  files    BIGINT       NOT NULL,
  bytes    BIGINT       NOT NULL,
  -- 1: the account was erased, and all of it goes
  erasing  SMALLINT     NOT NULL,
  CONSTRAINT media_usage_pk PRIMARY KEY (user_id)
);
INSERT INTO media_usage (user_id, files, bytes, erasing) VALUES ('', 0, 0, 0);

-- Copies of what is on other servers.
CREATE TABLE media_remote (
  origin         VARCHAR(255)  NOT NULL,
  -- whose the server is, as far as its name tells
  site           VARCHAR(255)  NOT NULL,
  media_id       VARCHAR(255)  NOT NULL,
  sha256         CHAR(64)      NOT NULL,
  length_bytes   BIGINT        NOT NULL,
  content_type   VARCHAR(255)  NOT NULL,
  -- null: it has none
  file_name      VARCHAR(1024),
  fetched_millis BIGINT        NOT NULL,
  -- when it was last downloaded, to the day
  used_millis    BIGINT        NOT NULL,
  -- 1: nobody gets it
  quarantined    SMALLINT      NOT NULL,
  CONSTRAINT media_remote_pk PRIMARY KEY (origin, media_id)
);
CREATE INDEX media_remote_by_hash ON media_remote (sha256);
CREATE INDEX media_remote_by_use ON media_remote (used_millis);
CREATE INDEX media_remote_by_site ON media_remote (site, used_millis);

-- How much there is of each site; the one without a name is all of them.
CREATE TABLE media_remote_usage (
  site  VARCHAR(255) NOT NULL,
  files BIGINT       NOT NULL,
  bytes BIGINT       NOT NULL,
  CONSTRAINT media_remote_usage_pk PRIMARY KEY (site)
);
INSERT INTO media_remote_usage (site, files, bytes) VALUES ('', 0, 0);
