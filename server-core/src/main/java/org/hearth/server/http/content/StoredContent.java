package org.hearth.server.http.content;

import java.io.Closeable;
import java.io.IOException;

/// Something that is stored somewhere and sent as it is read there, whole or in part.
///
/// **thread**: the request's own.
public interface StoredContent extends Closeable {
  /// How many bytes it has.
  long lengthBytes();

  /// What is equal for equal bytes, and nothing else: letters, digits, `-`.
  String entityTag();

  /// Goes on at that byte.
  ///
  /// @throws IOException if that cannot be
  void seek(long position) throws IOException;

  /// Reads on.
  ///
  /// @return how many bytes, at least one; -1 at the end
  /// @throws IOException if they cannot be read, or are not what was stored
  int read(byte[] bytes, int offset, int length) throws IOException;

  /// Whether the client that says so has it: "The condition is false if the field value is `*` or
  /// one of the listed tags matches", by the weak comparison.
  ///
  /// @param field `If-None-Match` of a request
  /// @param tag of what is there, quoted
  static boolean names(String field, String tag) {
    if (field.strip().equals("*")) {
      return true;
    }
    for (String each : field.split(",", -1)) {
      String listed = each.strip();
      if (listed.equals(tag) || listed.equals("W/" + tag)) {
        return true;
      }
    }
    return false;
  }
}
