-- Thumbnails of media. Their bytes are in the folder media/thumbnails/; what is lost is made again.
CREATE TABLE media_thumbnail (
  -- of the original, in hexadecimal
  sha256       CHAR(64)     NOT NULL,
  width        INTEGER      NOT NULL,
  height       INTEGER      NOT NULL,
  -- 1: in the ratio of width and height
  cropped      SMALLINT     NOT NULL,
  -- 1: it may move
  animated     SMALLINT     NOT NULL,
  -- 0: there is a file; 1: the original is given; 2: there can be none; 3: it would cost too much
  outcome      SMALLINT     NOT NULL,
  -- null: nothing is given
  content_type VARCHAR(255),
  length_bytes BIGINT       NOT NULL,
  -- when it was last asked for, to the day
  used_millis  BIGINT       NOT NULL,
  CONSTRAINT media_thumbnail_pk PRIMARY KEY (sha256, width, height, cropped, animated)
);
CREATE INDEX media_thumbnail_by_use ON media_thumbnail (used_millis);

-- What pages of the web say of themselves.
CREATE TABLE url_preview (
  -- SHA-256 of the address, in hexadecimal
  url_sha256     CHAR(64)      NOT NULL,
  -- JSON as it is answered
  preview        VARCHAR(32000) FOR BIT DATA NOT NULL,
  fetched_millis BIGINT        NOT NULL,
  CONSTRAINT url_preview_pk PRIMARY KEY (url_sha256)
);
CREATE INDEX url_preview_by_time ON url_preview (fetched_millis);
