-- How much a user keeps is asked with every change of account data, and must not read all of it.
ALTER TABLE account_data ADD COLUMN content_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE account_data SET content_bytes = LENGTH(content);
CREATE INDEX account_data_by_user ON account_data (user_id, content_bytes);
