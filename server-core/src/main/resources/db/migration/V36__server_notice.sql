-- In which room each user gets the server's notices.
CREATE TABLE server_notice_room (
  user_id VARCHAR(255) NOT NULL,
  room_id VARCHAR(255) NOT NULL,
  CONSTRAINT server_notice_room_pk PRIMARY KEY (user_id)
);
