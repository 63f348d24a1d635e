-- The message that a user has set to go with the presence; no row for none.
CREATE TABLE presence_status (
  user_id VARCHAR(255)  NOT NULL PRIMARY KEY,
  message VARCHAR(1024) NOT NULL
);
