-- The keys that the server has signed with: another one is refused at the start.
CREATE TABLE signing_key (
    key_id       VARCHAR(255) NOT NULL PRIMARY KEY,
    -- unpadded base64
    public_key   VARCHAR(64) NOT NULL,
    since_millis BIGINT NOT NULL
);
