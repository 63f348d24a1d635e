-- The keys of devices and users for end-to-end encryption: public ones only.

-- What a device says of itself, signed by it.
CREATE TABLE device_key (
  user_id   VARCHAR(255) NOT NULL,
  device_id VARCHAR(255) NOT NULL,
  content   BLOB(16K)    NOT NULL,
  CONSTRAINT device_key_pk PRIMARY KEY (user_id, device_id)
);

-- Keys of which each is given away once, in the order in which they came.
CREATE TABLE one_time_key (
  user_id      VARCHAR(255) NOT NULL,
  device_id    VARCHAR(255) NOT NULL,
  algorithm    VARCHAR(255) NOT NULL,
  key_id       VARCHAR(255) NOT NULL,
  -- The number of the upload among those of the device.
  upload       BIGINT       NOT NULL,
  content      BLOB(4K)     NOT NULL,
  CONSTRAINT one_time_key_pk PRIMARY KEY (user_id, device_id, algorithm, key_id)
);

-- What is given away when there is no other key; used: 1 when it was.
CREATE TABLE fallback_key (
  user_id   VARCHAR(255) NOT NULL,
  device_id VARCHAR(255) NOT NULL,
  algorithm VARCHAR(255) NOT NULL,
  key_id    VARCHAR(255) NOT NULL,
  used      SMALLINT     NOT NULL,
  content   BLOB(4K)     NOT NULL,
  CONSTRAINT fallback_key_pk PRIMARY KEY (user_id, device_id, algorithm)
);

-- The keys by which a user vouches for devices and other users.
CREATE TABLE cross_signing_key (
  user_id    VARCHAR(255) NOT NULL,
  -- master, self_signing or user_signing
  key_usage  VARCHAR(32)  NOT NULL,
  public_key VARCHAR(255) NOT NULL,
  content    BLOB(16K)    NOT NULL,
  CONSTRAINT cross_signing_key_pk PRIMARY KEY (user_id, key_usage)
);

-- Signatures that came later than what they sign.
CREATE TABLE key_signature (
  user_id     VARCHAR(255) NOT NULL,
  -- the id of a device, or a master key
  target_key  VARCHAR(255) NOT NULL,
  signer_id   VARCHAR(255) NOT NULL,
  -- algorithm:id
  signer_key  VARCHAR(255) NOT NULL,
  signature   VARCHAR(255) NOT NULL,
  CONSTRAINT key_signature_pk PRIMARY KEY (user_id, target_key, signer_id, signer_key)
);
CREATE INDEX key_signature_by_signer ON key_signature (signer_id);

-- When the devices or cross-signing keys of a user changed last.
CREATE TABLE device_list (
  user_id      VARCHAR(255) NOT NULL,
  -- to whom alone that is told; empty: to all who share a room with the user
  viewer_id    VARCHAR(255) NOT NULL,
  log_position BIGINT       NOT NULL,
  CONSTRAINT device_list_pk PRIMARY KEY (user_id, viewer_id)
);
CREATE INDEX device_list_by_position ON device_list (log_position);
