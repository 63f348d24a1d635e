package org.hearth.server.http;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The routes of all components as a tree by segments, and the search in it.
///
/// **thread**: filled by the starting thread; read by any after the listeners have opened.
final class Router implements Routes {
  private static final String OPTIONAL = "?";

  /// What a path leads to.
  sealed interface Match {
    /// A route, and the values of its parameters, decoded.
    record Found(Route route, Map<String, String> parameters) implements Match {}

    /// The path is there, the method is not.
    record OtherMethods(Set<HttpMethod> methods) implements Match {}

    /// There is no such path.
    record Nothing() implements Match {}
  }

  private static final Match NOTHING = new Match.Nothing();

  private static final class Node {
    private final Map<String, Node> literals = new HashMap<>();
    private final Map<HttpMethod, Route> routes = new EnumMap<>(HttpMethod.class);
    private @Nullable Node parameter;
    private boolean mayBeEmpty;
  }

  private final Node root = new Node();
  private final List<Route> all = new ArrayList<>();

  @Override
  public Routes add(
      HttpMethod method,
      String template,
      Access access,
      RateClass rate,
      BodyLimit body,
      Handler handler) {
    List<String> segments = segments(template);
    Node node = root;
    List<String> names = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      String segment = segments.get(i);
      if (!segment.startsWith("{")) {
        node = node.literals.computeIfAbsent(literal(segment, template), _ -> new Node());
        continue;
      }
      boolean optional = segment.endsWith(OPTIONAL + "}");
      names.add(name(segment, optional, names, template));
      Node next = node.parameter == null ? new Node() : node.parameter;
      node.parameter = next;
      node = next;
      if (optional) {
        if (i < segments.size() - 1) {
          throw new IllegalArgumentException("only the last segment may be empty: " + template);
        }
        node.mayBeEmpty = true;
      }
    }
    Route route = new Route(method, template, names, access, rate, body, handler);
    if (node.routes.putIfAbsent(method, route) != null) {
      throw new IllegalArgumentException("%s %s is registered twice".formatted(method, template));
    }
    all.add(route);
    return this;
  }

  /// Everything that was registered.
  List<Route> all() {
    return List.copyOf(all);
  }

  /// Finds what a path leads to.
  ///
  /// @param method none for one that no route can have
  /// @param rawPath the path as it was sent
  /// @throws org.hearth.server.matrix.error.MatrixException `M_INVALID_PARAM` if a parameter is
  ///   malformed
  Match match(@Nullable HttpMethod method, String rawPath) {
    if (!rawPath.startsWith("/")) {
      return NOTHING;
    }
    List<String> segments = segments(rawPath);
    List<String> values = new ArrayList<>();
    Node node = find(root, segments, 0, values);
    if (node == null) {
      return NOTHING;
    }
    Route route = method == null ? null : node.routes.get(method);
    if (route == null) {
      return new Match.OtherMethods(Set.copyOf(node.routes.keySet()));
    }
    Map<String, String> parameters = HashMap.newHashMap(values.size());
    for (int i = 0; i < values.size(); i++) {
      parameters.put(route.names().get(i), PercentDecoding.segment(values.get(i)));
    }
    return new Match.Found(route, parameters);
  }

  /// Literals first; a dead end goes back to the parameter beside it. No deeper than the longest
  /// template.
  private static @Nullable Node find(
      Node node, List<String> segments, int at, List<String> values) {
    if (at == segments.size()) {
      return node.routes.isEmpty() ? null : node;
    }
    String segment = segments.get(at);
    Node literal = node.literals.get(segment);
    if (literal != null) {
      Node found = find(literal, segments, at + 1, values);
      if (found != null) {
        return found;
      }
    }
    Node parameter = node.parameter;
    if (parameter == null || isRefused(segment, parameter)) {
      return null;
    }
    values.add(segment);
    Node found = find(parameter, segments, at + 1, values);
    if (found == null) {
      values.removeLast();
    }
    return found;
  }

  /// `.` and `..` mean something else to everyone between the client and us.
  private static boolean isRefused(String segment, Node parameter) {
    return (segment.isEmpty() && !parameter.mayBeEmpty)
        || segment.equals(".")
        || segment.equals("..");
  }

  private static List<String> segments(String path) {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("a template begins with a slash: " + path);
    }
    List<String> segments = new ArrayList<>();
    int start = 1;
    for (int end = path.indexOf('/', start); end >= 0; end = path.indexOf('/', start)) {
      segments.add(path.substring(start, end));
      start = end + 1;
    }
    segments.add(path.substring(start));
    return segments;
  }

  private static String literal(String segment, String template) {
    if (segment.indexOf('{') >= 0 || segment.indexOf('}') >= 0 || segment.indexOf('%') >= 0) {
      throw new IllegalArgumentException("malformed template: " + template);
    }
    return segment;
  }

  private static String name(
      String segment, boolean optional, List<String> before, String template) {
    String name = segment.substring(1, Math.max(1, segment.length() - (optional ? 2 : 1)));
    if (!segment.endsWith("}")
        || name.isEmpty()
        || !name.chars().allMatch(Character::isLetterOrDigit)
        || new HashSet<>(before).contains(name)) {
      throw new IllegalArgumentException("malformed template: " + template);
    }
    return name;
  }
}
