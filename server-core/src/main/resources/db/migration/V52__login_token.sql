-- Tokens by which a user lets another device log in, once and within minutes.
CREATE TABLE login_token (
  token_hash     CHAR(32) FOR BIT DATA NOT NULL,
  user_id        VARCHAR(255) NOT NULL,
  expires_millis BIGINT NOT NULL,
  CONSTRAINT login_token_pk PRIMARY KEY (token_hash)
);
CREATE INDEX login_token_of_user ON login_token (user_id, expires_millis);
