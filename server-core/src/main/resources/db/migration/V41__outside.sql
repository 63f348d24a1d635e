-- What users of this server are to rooms in which this server is not: invited, knocking, or, for a
-- while, no longer either. When the room comes here, its own tables say it.
CREATE TABLE room_outside (
  user_id VARCHAR(255) NOT NULL,
  room_id VARCHAR(255) NOT NULL,
  -- Where the log told of it.
  position BIGINT NOT NULL,
  -- 2 invite, 3 leave, 4 ban, 5 knock
  membership SMALLINT NOT NULL,
  version VARCHAR(255) NOT NULL,
  -- The server that invited the user, or by which the user knocked.
  via VARCHAR(255) NOT NULL,
  event_id VARCHAR(255) NOT NULL,
  -- The member event, in canonical form.
  event BLOB(128K) NOT NULL,
  -- JSON: what the user is shown of the room.
  stripped BLOB(128K) NOT NULL,
  size_bytes INTEGER NOT NULL,
  CONSTRAINT room_outside_pk PRIMARY KEY (user_id, room_id)
);

CREATE INDEX room_outside_of_room ON room_outside (room_id);

CREATE INDEX room_outside_told ON room_outside (position);
