-- Tables of services.account, services.profile and services.accountdata.

CREATE TABLE account (
    user_id         VARCHAR(255) NOT NULL PRIMARY KEY,
    -- null: no password can log in (guests, closed accounts)
    password_hash   VARCHAR(255),
    is_admin        BOOLEAN NOT NULL,
    is_guest        BOOLEAN NOT NULL,
    is_locked       BOOLEAN NOT NULL,
    is_deactivated  BOOLEAN NOT NULL,
    is_erased       BOOLEAN NOT NULL,
    -- a closed account whose user has not yet left all rooms
    is_leaving      BOOLEAN NOT NULL,
    created_millis  BIGINT NOT NULL
);

CREATE TABLE device (
    user_id           VARCHAR(255) NOT NULL,
    device_id         VARCHAR(255) NOT NULL,
    display_name      VARCHAR(400),
    created_millis    BIGINT NOT NULL,
    last_seen_millis  BIGINT,
    last_seen_address VARCHAR(64),
    PRIMARY KEY (user_id, device_id)
);

CREATE TABLE access_token (
    token_id        BIGINT NOT NULL PRIMARY KEY,
    token_hash      CHAR(32) FOR BIT DATA NOT NULL UNIQUE,
    user_id         VARCHAR(255) NOT NULL,
    device_id       VARCHAR(255) NOT NULL,
    -- null: until logout
    expires_millis  BIGINT,
    -- the refresh token that came with it
    refresh_id      BIGINT
);
CREATE INDEX access_token_by_device ON access_token (user_id, device_id);

CREATE TABLE refresh_token (
    refresh_id      BIGINT NOT NULL PRIMARY KEY,
    token_hash      CHAR(32) FOR BIT DATA NOT NULL UNIQUE,
    user_id         VARCHAR(255) NOT NULL,
    device_id       VARCHAR(255) NOT NULL,
    -- the one it was given for, which stays valid until this one or its access token is used
    previous_id     BIGINT
);
CREATE INDEX refresh_token_by_device ON refresh_token (user_id, device_id);

CREATE TABLE registration_token (
    token           VARCHAR(64) NOT NULL PRIMARY KEY,
    uses_allowed    INTEGER,
    uses_completed  INTEGER NOT NULL,
    expires_millis  BIGINT
);

-- What was announced on account-output, for readers that the ring has left behind.
CREATE TABLE account_output (
    log_position    BIGINT NOT NULL PRIMARY KEY,
    codec_version   INTEGER NOT NULL,
    entry           BLOB(1M) NOT NULL,
    created_millis  BIGINT NOT NULL
);

CREATE TABLE profile (
    user_id         VARCHAR(255) NOT NULL PRIMARY KEY,
    -- a JSON object of all fields, under 64 KiB
    fields          BLOB(64K) NOT NULL,
    -- whether the member events of the user's rooms are yet to be changed
    is_spreading    BOOLEAN NOT NULL
);

CREATE TABLE account_data (
    user_id         VARCHAR(255) NOT NULL,
    -- empty: global account data
    room_id         VARCHAR(255) NOT NULL,
    data_type       VARCHAR(255) NOT NULL,
    content         BLOB(64K) NOT NULL,
    log_position    BIGINT NOT NULL,
    PRIMARY KEY (user_id, room_id, data_type)
);
CREATE INDEX account_data_by_position ON account_data (user_id, log_position);
