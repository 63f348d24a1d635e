-- The relations that events state (m.relates_to), of events that are shown. A table of its own, so that the many events without a
-- relation pay for no index.
CREATE TABLE room_relation (
  room_nid BIGINT NOT NULL,
  relates_to VARCHAR(255) NOT NULL,
  -- Of the event that relates: its place in the timeline, see room_event.
  place BIGINT NOT NULL,
  position BIGINT NOT NULL,
  rel_type VARCHAR(255) NOT NULL
);

INSERT INTO room_relation (room_nid, relates_to, place, position, rel_type)
  SELECT room_nid, relates_to, place, position, rel_type FROM room_event
  WHERE relates_to IS NOT NULL AND rel_type IS NOT NULL AND place IS NOT NULL;

-- The latest first: Derby reads an index in its own direction only.
CREATE INDEX room_relation_of_event ON room_relation (room_nid, relates_to, place DESC);

ALTER TABLE room_event DROP COLUMN rel_type RESTRICT;

ALTER TABLE room_event DROP COLUMN relates_to RESTRICT;
