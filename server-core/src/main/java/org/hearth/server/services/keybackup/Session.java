package org.hearth.server.services.keybackup;

import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.Utf8;

/// A Megolm session, of which a backup has at most one key.
record Session(RoomId room, String id) {
  private static final int LONGEST_ID_BYTES = 255;

  /// As a client names it.
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if it is no id
  static Session of(RoomId room, String id) {
    if (id.isEmpty() || Utf8.length(id) > LONGEST_ID_BYTES) {
      throw MatrixException.invalidParam("A session's id has 1 to " + LONGEST_ID_BYTES + " bytes");
    }
    return new Session(room, id);
  }
}
