package org.hearth.server.services.keybackup;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.http.Response;

/// A version of a user's backup.
///
/// @param version counts up from 1 for each user; no number is given twice
/// @param isDeleted whether only its number is left, which tells a version that was deleted from
///   one that never was
/// @param etag counts the changes of its keys
/// @param keys how many it has
/// @param bytes of the session data of all its keys
record Backup(long version, boolean isDeleted, long etag, long keys, long bytes) {
  /// The version as clients know it.
  String id() {
    return Long.toString(version);
  }

  /// The same after one change of its keys.
  Backup changed(long moreKeys, long moreBytes) {
    return new Backup(version, isDeleted, etag + 1, keys + moreKeys, bytes + moreBytes);
  }

  /// `RoomKeysUpdateResponse`.
  Response updated() {
    return Response.json(addTo(JsonNodeFactory.instance.objectNode()));
  }

  /// Adds what clients are told of its keys.
  ObjectNode addTo(ObjectNode json) {
    return json.put("etag", Long.toString(etag)).put("count", keys);
  }
}
