-- Tables of services.directory.

CREATE TABLE room_alias (
    alias           VARCHAR(255) NOT NULL PRIMARY KEY,
    room_id         VARCHAR(255) NOT NULL,
    creator         VARCHAR(255) NOT NULL,
    created_millis  BIGINT NOT NULL
);
CREATE INDEX room_alias_by_room ON room_alias (room_id, alias);

CREATE TABLE published_room (
    room_id           VARCHAR(255) NOT NULL PRIMARY KEY,
    published_millis  BIGINT NOT NULL
);
