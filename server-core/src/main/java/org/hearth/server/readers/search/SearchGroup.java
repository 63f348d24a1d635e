package org.hearth.server.readers.search;

import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.servers.room.RoomEvent;

/// By what results are grouped.
enum SearchGroup {
  ROOM(1, "room_id", SearchIndex.ROOM),
  SENDER(2, "sender", SearchIndex.SENDER);

  private final int code;
  private final String key;
  private final String field;

  SearchGroup(int code, String key, String field) {
    this.code = code;
    this.key = key;
    this.field = field;
  }

  /// As it stands in tokens; never 0.
  int code() {
    return code;
  }

  /// As clients write it.
  String key() {
    return key;
  }

  /// The field of the index.
  String field() {
    return field;
  }

  /// The group that an event is in.
  String of(RoomEvent event) {
    return switch (this) {
      case ROOM -> event.room().value();
      case SENDER -> event.sender().value();
    };
  }

  static Optional<SearchGroup> ofCode(int code) {
    return Stream.of(values()).filter(each -> each.code == code).findFirst();
  }

  static Optional<SearchGroup> of(String key) {
    return Stream.of(values()).filter(each -> each.key.equals(key)).findFirst();
  }
}
