-- Of a redaction of an event that is not here, whose share it is of: '*' where its sender may redact whatever others have sent, else
-- the site of the sender's server. Empty for all other wants, and for redactions of before.
ALTER TABLE room_want ADD COLUMN share VARCHAR(255) NOT NULL DEFAULT '';

CREATE INDEX room_want_by_kind ON room_want (room_nid, kind, wanted_by DESC, share);
