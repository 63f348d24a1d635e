package org.hearth.server.logs;

import java.util.Optional;

/// The types of receipts that are kept and told as such.
public enum ReceiptType {
  /// Everybody in the room is told.
  READ("m.read"),

  /// "Servers MUST NOT send the `m.read.private` receipt to any other user than the one which
  /// originally sent it."
  READ_PRIVATE("m.read.private");

  private final String id;

  ReceiptType(String id) {
    this.id = id;
  }

  /// The name in the protocol.
  public String id() {
    return id;
  }

  /// The type of that name; empty for all others.
  public static Optional<ReceiptType> of(String id) {
    for (ReceiptType each : values()) {
      if (each.id.equals(id)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }
}
