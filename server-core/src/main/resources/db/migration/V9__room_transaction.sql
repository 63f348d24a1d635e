-- Whether a request is a repeated one is asked with every message, of transactions however old.
CREATE INDEX room_event_by_transaction ON room_event (room_nid, transaction_id);
