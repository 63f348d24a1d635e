package org.hearth.server.servers.room.state;

/// What an event counts for.
///
/// **source**: [checks performed on receipt of a
/// PDU](https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu)
public enum Standing {
  /// It passed every check.
  ACCEPTED(0),
  /// The current state did not allow it: not shown, not followed, but part of the graph.
  SOFT_FAILED(1),
  /// Its auth events or the state before it did not allow it: part of the graph, of no effect.
  REJECTED(2),
  /// Known without a place in the graph, and allowed by its auth events.
  OUTLIER(3),
  /// Known without a place in the graph, and not allowed by its auth events.
  REJECTED_OUTLIER(4);

  private static final Standing[] BY_CODE = values();

  private final int code;

  Standing(int code) {
    this.code = code;
  }

  /// The number in the table `room_event`.
  int code() {
    return code;
  }

  public static Standing of(int code) {
    if (code < 0 || code >= BY_CODE.length) {
      throw new IllegalArgumentException("there is no standing of number " + code);
    }
    return BY_CODE[code];
  }

  /// Whether the state before the event is known.
  public boolean isPlaced() {
    return switch (this) {
      case ACCEPTED, SOFT_FAILED, REJECTED -> true;
      case OUTLIER, REJECTED_OUTLIER -> false;
    };
  }

  /// Whether it has no effect by itself, and is kept all the same.
  public boolean isRefused() {
    return this == SOFT_FAILED || isRejected();
  }

  /// Whether it was rejected.
  public boolean isRejected() {
    return this == REJECTED || this == REJECTED_OUTLIER;
  }
}
