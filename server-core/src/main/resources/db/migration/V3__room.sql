-- The Room Server's tables. Numbers inside, identifiers outside: an event's number is its position in
-- the one order of the server; rooms, state snapshots and, within a room, state keys have numbers too.

-- A room and its head: everything that changes with each event is in this one row, which is written
-- once a room and commit, however many events the commit holds.
CREATE TABLE room (
  room_nid BIGINT NOT NULL,
  room_id VARCHAR(255) NOT NULL,
  version VARCHAR(255) NOT NULL,
  creator VARCHAR(255) NOT NULL,
  first_position BIGINT NOT NULL,
  last_position BIGINT NOT NULL,
  -- The greatest depth of the forward extremities.
  depth BIGINT NOT NULL,
  -- The current state.
  snapshot BIGINT NOT NULL,
  -- The forward extremities: positions, eight bytes each, big-endian, ascending.
  extremities VARCHAR(8000) FOR BIT DATA NOT NULL,
  CONSTRAINT room_pk PRIMARY KEY (room_nid),
  CONSTRAINT room_by_id UNIQUE (room_id)
);

-- Every event, once. The hot table: each message is one row here, and each index has to earn its place.
CREATE TABLE room_event (
  position BIGINT NOT NULL,
  room_nid BIGINT NOT NULL,
  -- The first eight bytes of the SHA-256 of the event id: a short index in place of one over the id.
  event_hash BIGINT NOT NULL,
  event_id VARCHAR(255) NOT NULL,
  -- The state before the event. The state after it is the same, but for a state event, which makes
  -- the snapshot in made_snapshot.
  state_before BIGINT NOT NULL,
  made_snapshot BIGINT,
  -- Of a state event: its key's number in the room, and the event that it replaced.
  key_nid INTEGER,
  replaces BIGINT,
  -- The redaction that took effect on this event. The event stays as it was sent; what is shown of it
  -- is made from it by the rules of redaction.
  redacted_by BIGINT,
  -- The relation that the event states (m.relates_to).
  rel_type VARCHAR(255),
  relates_to VARCHAR(255),
  -- The transaction of the device that sent it, which recognises a repeated request.
  device VARCHAR(255),
  transaction_id VARCHAR(255),
  -- The event as JSON in canonical form; in the second column what does not fit into the first.
  json VARCHAR(32672) FOR BIT DATA,
  json_large BLOB,
  CONSTRAINT room_event_pk PRIMARY KEY (position)
);

-- The timeline, newest first: Derby reads an index in its own direction only.
CREATE INDEX room_event_timeline ON room_event (room_nid, position DESC);

CREATE INDEX room_event_by_id ON room_event (event_hash);

-- The state keys of a room, numbered from 0 in the order in which they were first set.
CREATE TABLE room_state_key (
  room_nid BIGINT NOT NULL,
  key_nid INTEGER NOT NULL,
  type VARCHAR(255) NOT NULL,
  state_key VARCHAR(255) NOT NULL,
  CONSTRAINT room_state_key_pk PRIMARY KEY (room_nid, key_nid)
);

-- States: state key number -> event position. A row holds what differs from its parent; there are at
-- most four layers, so a state is read with at most four rows.
CREATE TABLE room_state (
  snapshot BIGINT NOT NULL,
  room_nid BIGINT NOT NULL,
  parent BIGINT,
  layer SMALLINT NOT NULL,
  -- Of the whole state, not of the row: equal states of a room are one row.
  content_hash CHAR(32) FOR BIT DATA NOT NULL,
  -- Packed entries; in the second column what does not fit into the first.
  entries VARCHAR(32672) FOR BIT DATA,
  entries_large BLOB,
  CONSTRAINT room_state_pk PRIMARY KEY (snapshot),
  CONSTRAINT room_state_by_content UNIQUE (room_nid, content_hash)
);

-- Who is what to which room now: follows from the current states, kept for the question which rooms
-- a user has.
CREATE TABLE room_member (
  user_id VARCHAR(255) NOT NULL,
  room_nid BIGINT NOT NULL,
  -- 1 join, 2 invite, 3 leave, 4 ban, 5 knock
  membership SMALLINT NOT NULL,
  -- The member event.
  position BIGINT NOT NULL,
  -- 1 when the user has left and forgotten the room.
  forgotten SMALLINT NOT NULL,
  CONSTRAINT room_member_pk PRIMARY KEY (user_id, room_nid)
);

CREATE INDEX room_member_of_room ON room_member (room_nid);
