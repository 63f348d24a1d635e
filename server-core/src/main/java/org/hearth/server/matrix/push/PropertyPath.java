package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;

/// The way to a property of an event: names joined by dots.
///
/// **source**: [Dot-separated property paths][paths].
///
/// [paths]: https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths
///
/// @param text as it was written, such as `content.m\.relates_to.rel_type`
/// @param names from the outermost to the innermost
record PropertyPath(String text, List<String> names) {
  private static final int NAME_BYTES = 40;

  PropertyPath {
    names = List.copyOf(names);
  }

  static PropertyPath parse(String text) {
    List<String> names = new ArrayList<>();
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char each = text.charAt(i);
      char next = i + 1 < text.length() ? text.charAt(i + 1) : 0;
      if (each == '\\' && (next == '.' || next == '\\')) {
        // "any literal dot or backslash found in a property name should be escaped with a
        // backslash.
        // Other escape sequences are left as-is".
        name.append(next);
        i++;
      } else if (each == '.') {
        names.add(name.toString());
        name.setLength(0);
      } else {
        name.append(each);
      }
    }
    names.add(name.toString());
    return new PropertyPath(text, names);
  }

  /// About what it takes in memory.
  long bytes() {
    return text.length() + (long) NAME_BYTES * names.size();
  }

  /// The property as a client would see it, if the event has it.
  Optional<JsonNode> of(Pdu event) {
    // These two a client sees in every event, though the event itself may not have them.
    if (text.equals("room_id")) {
      return Optional.of(TextNode.valueOf(event.roomId().value()));
    }
    if (text.equals("event_id")) {
      return Optional.of(TextNode.valueOf(event.eventId().value()));
    }
    JsonNode value = event.json();
    for (String name : names) {
      value = value.isObject() ? value.get(name) : null;
      if (value == null) {
        return Optional.empty();
      }
    }
    return Optional.of(value);
  }
}
