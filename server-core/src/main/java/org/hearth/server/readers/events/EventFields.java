package org.hearth.server.readers.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The fields of events that a filter's `event_fields` asks for: each a path of property names.
///
/// **Source:** [dot-separated property paths][paths].
///
/// [paths]: https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths
public record EventFields(List<List<String>> paths) {
  public EventFields {
    paths = paths.stream().map(List::copyOf).toList();
  }

  public static EventFields of(List<String> dotted) {
    return new EventFields(dotted.stream().map(EventFields::split).toList());
  }

  /// A new object that has only these fields of the event; what the event does not have is left
  /// out.
  ObjectNode pick(ObjectNode event) {
    ObjectNode picked = JsonNodeFactory.instance.objectNode();
    for (List<String> path : paths) {
      copy(event, picked, path);
    }
    return picked;
  }

  private static void copy(ObjectNode from, ObjectNode to, List<String> path) {
    ObjectNode source = from;
    for (String name : path.subList(0, path.size() - 1)) {
      if (!(source.get(name) instanceof ObjectNode inner)) {
        return;
      }
      source = inner;
    }
    @Nullable JsonNode value = source.get(path.getLast());
    if (value == null) {
      return;
    }
    ObjectNode target = to;
    for (String name : path.subList(0, path.size() - 1)) {
      // A node already here is either one made below for another path, or the whole property that
      // another path named; the latter has the field already.
      @Nullable JsonNode there = target.get(name);
      if (there == null) {
        target = target.putObject(name);
      } else if (there instanceof ObjectNode made) {
        target = made;
      } else {
        return;
      }
    }
    if (!target.has(path.getLast()) || value.isObject()) {
      target.set(path.getLast(), value.deepCopy());
    }
  }

  /// "Any literal dot or backslash found in a property name should be escaped with a backslash. …
  /// Other escape sequences are left as-is."
  private static List<String> split(String dotted) {
    List<String> names = new ArrayList<>();
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < dotted.length(); i++) {
      char c = dotted.charAt(i);
      boolean escape =
          c == '\\'
              && i + 1 < dotted.length()
              && (dotted.charAt(i + 1) == '.' || dotted.charAt(i + 1) == '\\');
      if (escape) {
        name.append(dotted.charAt(++i));
      } else if (c == '.') {
        names.add(name.toString());
        name.setLength(0);
      } else {
        name.append(c);
      }
    }
    names.add(name.toString());
    return names;
  }
}
