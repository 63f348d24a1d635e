-- Rooms of any history: events without a place, branches of state, and what is referred to but not here.

-- The place in the room's timeline: of a live event its position; of history a negative number, by
-- depth; NULL for what is shown in none.
ALTER TABLE room_event ADD COLUMN place BIGINT;

UPDATE room_event SET place = position;

-- NULL or 0 accepted, 1 soft-failed, 2 rejected, 3 outlier, 4 rejected outlier.
ALTER TABLE room_event ADD COLUMN standing SMALLINT;

-- The rule that soft-failed or rejected it.
ALTER TABLE room_event ADD COLUMN failed_rule VARCHAR(255);

DROP INDEX room_event_timeline;

CREATE INDEX room_event_timeline ON room_event (room_nid, place DESC);

-- The position of the last StateChanged entry; 0 for none.
ALTER TABLE room ADD COLUMN last_jump BIGINT NOT NULL DEFAULT 0;

-- The auth_events of state events as positions, packed: the edges of the auth graph without the events.
CREATE TABLE room_auth (
  room_nid BIGINT NOT NULL,
  position BIGINT NOT NULL,
  auth_events VARCHAR(128) FOR BIT DATA NOT NULL,
  CONSTRAINT room_auth_pk PRIMARY KEY (room_nid, position)
);

-- Where the current state is not simply the state after the last live event: from that position on
-- it is this one, until the next live event or the next row.
CREATE TABLE room_current (
  position BIGINT NOT NULL,
  room_nid BIGINT NOT NULL,
  snapshot BIGINT NOT NULL,
  -- Of the StateChanged entry at this position, if there is one: packed triples of state key number,
  -- position now and position before (0 for none).
  changes BLOB,
  CONSTRAINT room_current_pk PRIMARY KEY (position)
);

CREATE INDEX room_current_of_room ON room_current (room_nid, position DESC);

-- Events that are referred to and not here, or here without a place.
CREATE TABLE room_want (
  room_nid BIGINT NOT NULL,
  event_id VARCHAR(255) NOT NULL,
  -- 1 previous event, 2 auth event of one that was rejected for want of it, 3 target of a redaction.
  kind SMALLINT NOT NULL,
  wanted_by BIGINT NOT NULL,
  CONSTRAINT room_want_pk PRIMARY KEY (room_nid, event_id, kind, wanted_by)
);

-- What the operator should look at. The newest hundred of a room are kept.
CREATE TABLE room_alert (
  room_nid BIGINT NOT NULL,
  -- Milliseconds since 1970.
  raised BIGINT NOT NULL,
  text VARCHAR(2000) NOT NULL
);

CREATE INDEX room_alert_of_room ON room_alert (room_nid, raised);

-- Entries of the log that say that an event which was stored before has got its place in the graph.
CREATE TABLE room_placed (
  position BIGINT NOT NULL,
  room_nid BIGINT NOT NULL,
  event BIGINT NOT NULL,
  CONSTRAINT room_placed_pk PRIMARY KEY (position)
);
