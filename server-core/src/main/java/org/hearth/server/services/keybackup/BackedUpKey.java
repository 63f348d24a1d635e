package org.hearth.server.services.keybackup;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// The key of a session, as its client encrypted it.
///
/// @param sessionData JSON that only clients understand; not to be changed
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record BackedUpKey(KeyRank rank, byte[] sessionData) {
  /// How long the session data may be, as JSON. Some hundred bytes are usual.
  static final int MOST_BYTES = 16 << 10;

  /// `KeyBackupData`, as a client sends it.
  ///
  /// @throws MatrixException what is wrong with it; `M_TOO_LARGE` if the session data has more than
  ///   [#MOST_BYTES]
  static BackedUpKey parse(Fields fields) {
    KeyRank rank =
        new KeyRank(
            fields.bool("is_verified"),
            count(fields, "first_message_index"),
            count(fields, "forwarded_count"));
    byte[] data = MatrixJson.write(opaque(fields, "session_data"));
    if (data.length > MOST_BYTES) {
      throw MatrixException.tooLarge("session_data has at most 16 KiB");
    }
    return new BackedUpKey(rank, data);
  }

  private static long count(Fields fields, String name) {
    long value = fields.integer(name);
    if (value < 0) {
      throw MatrixException.badJson(name + " must not be negative");
    }
    return value;
  }

  /// What depends on the backup's algorithm: an object in the algorithm of the specification, a
  /// text in others.
  static JsonNode opaque(Fields fields, String name) {
    @Nullable JsonNode value = fields.json().get(name);
    if (value == null || value.isNull()) {
      throw MatrixException.missingParam(name);
    }
    if (!value.isObject() && !value.isTextual()) {
      throw MatrixException.badJson(name + " must be an object");
    }
    return value;
  }

  /// The members of `KeyBackupData`, without its brackets.
  byte[] members() {
    String rankMembers =
        "\"first_message_index\":"
            + rank.firstMessageIndex()
            + ",\"forwarded_count\":"
            + rank.forwardedCount()
            + ",\"is_verified\":"
            + rank.isVerified()
            + ",\"session_data\":";
    byte[] before = rankMembers.getBytes(StandardCharsets.US_ASCII);
    byte[] all = new byte[before.length + sessionData.length];
    System.arraycopy(before, 0, all, 0, before.length);
    System.arraycopy(sessionData, 0, all, before.length, sessionData.length);
    return all;
  }
}
