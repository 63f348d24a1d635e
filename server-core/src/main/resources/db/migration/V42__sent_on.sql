-- Events of other servers that this one sends on, since they were given to it alone: 1. NULL for all others.
ALTER TABLE room_event ADD COLUMN sent_on SMALLINT;
