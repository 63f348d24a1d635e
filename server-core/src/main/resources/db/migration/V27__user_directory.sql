-- The names by which users are found: of users who were seen in a room of this server.
CREATE TABLE user_directory (
    user_id       VARCHAR(255) NOT NULL PRIMARY KEY,
    display_name  VARCHAR(255),
    avatar_url    VARCHAR(1000),
    -- the id and the name, without case and accents
    search_text   VARCHAR(1200) NOT NULL
);

-- Up to where room-output is in that table.
CREATE TABLE user_directory_position (
    position  BIGINT NOT NULL
);
INSERT INTO user_directory_position (position) VALUES (0);
