package org.hearth.server.readers.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The fields of events that a filter's `event_fields` asks for: each a path of property names. Of
/// paths one of which begins with another the shorter says it all, so that no part of an event is
/// copied twice, however often a client names it.
///
/// **Source:** [dot-separated property paths][paths].
///
/// [paths]: https://spec.matrix.org/v1.19/appendices/#dot-separated-property-paths
public record EventFields(List<List<String>> paths) {
  public EventFields {
    paths = withoutThoseWithin(paths);
  }

  public static EventFields of(List<String> dotted) {
    return new EventFields(dotted.stream().map(EventFields::split).toList());
  }

  /// In order, a path comes before those that begin with it, and nothing else is between them.
  private static List<List<String>> withoutThoseWithin(List<List<String>> paths) {
    List<List<String>> kept = new ArrayList<>();
    for (List<String> each : paths.stream().sorted(EventFields::compare).toList()) {
      if (kept.isEmpty() || !beginsWith(each, kept.getLast())) {
        kept.add(List.copyOf(each));
      }
    }
    return List.copyOf(kept);
  }

  private static int compare(List<String> one, List<String> other) {
    return Arrays.compare(one.toArray(String[]::new), other.toArray(String[]::new));
  }

  private static boolean beginsWith(List<String> path, List<String> beginning) {
    return path.size() >= beginning.size() && path.subList(0, beginning.size()).equals(beginning);
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
      target = target.withObjectProperty(name);
    }
    target.set(path.getLast(), value.deepCopy());
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
