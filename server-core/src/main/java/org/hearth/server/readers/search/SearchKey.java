package org.hearth.server.readers.search;

import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.matrix.event.EventTypes;

/// The keys of events that can be searched, each a field of the index.
enum SearchKey {
  BODY("content.body", EventTypes.MESSAGE),
  NAME("content.name", EventTypes.NAME),
  TOPIC("content.topic", EventTypes.TOPIC);

  private final String key;
  private final String type;

  SearchKey(String key, String type) {
    this.key = key;
    this.type = type;
  }

  /// As clients write it, and as the field of the index is called.
  String key() {
    return key;
  }

  /// The type of the events that have it.
  String type() {
    return type;
  }

  static Optional<SearchKey> of(String key) {
    return Stream.of(values()).filter(each -> each.key.equals(key)).findFirst();
  }
}
