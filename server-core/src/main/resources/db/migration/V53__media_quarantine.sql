-- What the owner keeps from everybody, by its bytes and by its address. It outlasts the media, so that what comes again is kept from
-- everybody, too.
CREATE TABLE media_quarantine (
  sha256   CHAR(64)     NOT NULL,
  -- empty: what was uploaded here
  origin   VARCHAR(255) NOT NULL,
  media_id VARCHAR(255) NOT NULL,
  CONSTRAINT media_quarantine_pk PRIMARY KEY (sha256, origin, media_id)
);
CREATE INDEX media_quarantine_by_address ON media_quarantine (origin, media_id);

INSERT INTO media_quarantine (sha256, origin, media_id) SELECT sha256, '', media_id FROM media WHERE quarantined = 1;
INSERT INTO media_quarantine (sha256, origin, media_id) SELECT sha256, origin, media_id FROM media_remote WHERE quarantined = 1;
