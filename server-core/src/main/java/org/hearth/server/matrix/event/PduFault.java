package org.hearth.server.matrix.event;

import org.hearth.server.matrix.error.MatrixException;

/// Why a JSON object is not an event of its room version.
///
/// @param kind of fault
/// @param detail what was expected and found, for logs and for whoever sent it
public record PduFault(Kind kind, String detail) {
  /// The kinds of fault.
  public enum Kind {
    /// A member that every event of the room version has is missing.
    MISSING,
    /// A member is of the wrong JSON type.
    WRONG_TYPE,
    /// A user id, room id or event id does not follow its grammar, or that of the room version.
    BAD_IDENTIFIER,
    /// A number is outside its range.
    OUT_OF_RANGE,
    /// There are more than 20 `prev_events` or 10 `auth_events`.
    TOO_MANY_REFERENCES,
    /// The event has no canonical JSON, in a room version that enforces it.
    NOT_CANONICAL,
    /// `type` or `state_key` exceeds 255 bytes, or the event 65,536.
    TOO_LARGE
  }

  /// The fault as an answer to whoever sent the event: `M_TOO_LARGE` or `M_BAD_JSON`.
  public MatrixException toException() {
    return kind == Kind.TOO_LARGE
        ? MatrixException.tooLarge(detail)
        : MatrixException.badJson(detail);
  }
}
