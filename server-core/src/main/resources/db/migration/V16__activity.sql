-- What happened, as the owner is told: accounts, sign-ins, what the owner did.
CREATE TABLE activity (
    -- counts up from 1
    number          BIGINT NOT NULL PRIMARY KEY,
    happened_millis BIGINT NOT NULL,
    -- as services.activity.Kind has it
    kind            VARCHAR(32) NOT NULL,
    -- whom or what it is about
    subject         VARCHAR(512) NOT NULL,
    -- who did it and from where
    done_by         VARCHAR(512) NOT NULL
);
