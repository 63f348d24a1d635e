-- What relates to an event is asked for by kind, and threads by their latest reply.

-- A relation that a redaction has taken away is no row any more.
DELETE FROM room_relation WHERE EXISTS
    (SELECT 1 FROM room_event e WHERE e.position = room_relation.position AND e.redacted_by IS NOT NULL);

-- 1 annotation, 2 replacement, 3 reference, 4 reply in a thread, 0 whatever else: see RelationKind.
ALTER TABLE room_relation ADD COLUMN kind SMALLINT NOT NULL DEFAULT 0;

UPDATE room_relation SET kind =
    CASE WHEN rel_type = 'm.annotation' THEN 1
         WHEN rel_type = 'm.replace' THEN 2
         WHEN rel_type = 'm.reference' THEN 3
         WHEN rel_type = 'm.thread' THEN 4
         ELSE 0 END;

-- Of a replacement a hash of sender and type, of a reply in a thread one of its sender; NULL for those from before this that are too
-- long for room_event.json.
CREATE FUNCTION relation_likeness (json VARCHAR(32672) FOR BIT DATA, rel_type VARCHAR(255)) RETURNS BIGINT
  LANGUAGE JAVA PARAMETER STYLE JAVA DETERMINISTIC NO SQL RETURNS NULL ON NULL INPUT
  EXTERNAL NAME 'org.hearth.server.servers.room.state.KeptRelations.likeness';

UPDATE room_relation SET likeness =
    (SELECT relation_likeness(e.json, room_relation.rel_type) FROM room_event e WHERE e.position = room_relation.position)
  WHERE kind = 2 OR kind = 4;

DROP FUNCTION relation_likeness;

-- The latest of a kind first: Derby reads an index in its own direction only. All five kinds together are what it has of an event.
DROP INDEX room_relation_of_event;

CREATE INDEX room_relation_of_kind ON room_relation (room_nid, relates_to, kind, place DESC, position);

-- The events that have replies in a thread.
CREATE TABLE room_thread (
  room_nid BIGINT NOT NULL,
  root VARCHAR(255) NOT NULL,
  -- How many replies there are, and the place of the latest; see room_relation.
  replies INTEGER NOT NULL,
  latest BIGINT NOT NULL,
  CONSTRAINT room_thread_pk PRIMARY KEY (room_nid, root)
);

INSERT INTO room_thread (room_nid, root, replies, latest)
  SELECT room_nid, relates_to, COUNT(*), MAX(place) FROM room_relation WHERE kind = 4 GROUP BY room_nid, relates_to;

CREATE INDEX room_thread_latest ON room_thread (room_nid, latest DESC);
