-- Live events before which others are missing: whoever has followed the room up to there has not been told of those, and if they
-- come later, they come as history.
CREATE TABLE room_gap (
  room_nid BIGINT NOT NULL,
  position BIGINT NOT NULL,
  CONSTRAINT room_gap_pk PRIMARY KEY (room_nid, position)
);

INSERT INTO room_gap (room_nid, position)
  SELECT DISTINCT w.room_nid, w.wanted_by FROM room_want w JOIN room_event e ON e.position = w.wanted_by
  WHERE w.kind = 1 AND e.place > 0;
