-- What the device's program last called itself; null if it does not say.
ALTER TABLE device ADD COLUMN last_seen_user_agent VARCHAR(255);
