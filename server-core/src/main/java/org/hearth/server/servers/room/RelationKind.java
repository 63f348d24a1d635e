package org.hearth.server.servers.room;

import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// How an event relates to another. Relations of the kinds that the specification knows are kept
/// apart; all others, whatever they are called, are one kind.
///
/// **source**: [relationship
/// types](https://spec.matrix.org/v1.19/client-server-api/#relationship-types)
public enum RelationKind {
  /// Any other.
  OTHER(0, ""),

  /// A reaction, for one.
  ANNOTATION(1, "m.annotation"),

  /// An edit.
  REPLACEMENT(2, "m.replace"),

  REFERENCE(3, "m.reference"),

  /// A reply in a thread, to the thread's root.
  THREAD(4, "m.thread");

  private static final Map<String, RelationKind> BY_TYPE =
      Stream.of(values()).collect(Collectors.toUnmodifiableMap(RelationKind::relType, k -> k));

  private final int code;
  private final String relType;

  RelationKind(int code, String relType) {
    this.code = code;
    this.relType = relType;
  }

  /// The kind of a `rel_type`.
  public static RelationKind of(String relType) {
    return BY_TYPE.getOrDefault(relType, OTHER);
  }

  /// The kind of that code.
  public static RelationKind ofCode(int code) {
    return values()[code];
  }

  /// As in the table `room_relation`; it must stay as it is.
  public int code() {
    return code;
  }

  /// Its `rel_type`; empty for [#OTHER].
  public String relType() {
    return relType;
  }
}
