-- Annotations that are alike are asked for one by one: a hash of sender, type and key; NULL for other relations, and for those events
-- from before this that are too long for room_event.json.
ALTER TABLE room_relation ADD COLUMN likeness BIGINT;

CREATE FUNCTION annotation_likeness (json VARCHAR(32672) FOR BIT DATA) RETURNS BIGINT
  LANGUAGE JAVA PARAMETER STYLE JAVA DETERMINISTIC NO SQL RETURNS NULL ON NULL INPUT
  EXTERNAL NAME 'org.hearth.server.servers.room.state.KeptAnnotations.likeness';

UPDATE room_relation SET likeness =
    (SELECT annotation_likeness(e.json) FROM room_event e WHERE e.position = room_relation.position)
  WHERE rel_type = 'm.annotation';

DROP FUNCTION annotation_likeness;

CREATE INDEX room_relation_alike ON room_relation (room_nid, relates_to, likeness, place DESC);
