-- Whose thread it is: a hash of the sender of its root as of one who replies in it (room_relation.likeness); NULL if the root is not in
-- the room, is state, or cannot be read. So who took part in a thread is seen without a look at its root.
ALTER TABLE room_thread ADD COLUMN begun_by BIGINT;

-- It stays: the row of a thread's first reply is made with it.
CREATE FUNCTION thread_begun_by (json VARCHAR(32672) FOR BIT DATA, json_large BLOB) RETURNS BIGINT
  LANGUAGE JAVA PARAMETER STYLE JAVA DETERMINISTIC NO SQL CALLED ON NULL INPUT
  EXTERNAL NAME 'org.hearth.server.servers.room.state.KeptRelations.begunBy';

CREATE FUNCTION event_id_hash (event_id VARCHAR(255)) RETURNS BIGINT
  LANGUAGE JAVA PARAMETER STYLE JAVA DETERMINISTIC NO SQL RETURNS NULL ON NULL INPUT
  EXTERNAL NAME 'org.hearth.server.servers.room.state.KeptRelations.hash';

UPDATE room_thread SET begun_by =
    (SELECT thread_begun_by(e.json, e.json_large) FROM room_event e
      WHERE e.event_hash = event_id_hash(room_thread.root) AND e.event_id = room_thread.root AND e.room_nid = room_thread.room_nid);

DROP FUNCTION event_id_hash;
