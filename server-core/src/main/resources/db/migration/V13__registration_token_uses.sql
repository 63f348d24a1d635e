-- A use that is not there cannot be counted: the transaction that would make the account fails.
-- Tokens that had been used more often than they allow are used up.
UPDATE registration_token SET uses_allowed = uses_completed WHERE uses_completed > uses_allowed;
ALTER TABLE registration_token ADD CONSTRAINT registration_token_uses
    CHECK (uses_allowed IS NULL OR uses_completed <= uses_allowed);
