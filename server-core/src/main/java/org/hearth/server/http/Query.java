package org.hearth.server.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The parameters of a query string, decoded once.
///
/// **shape**: name → values, both in the order in which they were sent; empty if there is no query.
final class Query {
  private static final int MAX_PARAMETERS = 1000;

  private final Map<String, List<String>> values;

  private Query(Map<String, List<String>> values) {
    this.values = values;
  }

  /// Reads a query string.
  ///
  /// @param raw what stands behind the `?`; may be empty
  /// @throws org.hearth.server.matrix.error.MatrixException `M_INVALID_PARAM` if it is malformed
  static Query parse(String raw) {
    if (raw.isEmpty()) {
      return new Query(Map.of());
    }
    Map<String, List<String>> values = new LinkedHashMap<>();
    int count = 0;
    int start = 0;
    while (start <= raw.length() && count++ < MAX_PARAMETERS) {
      int end = raw.indexOf('&', start);
      if (end < 0) {
        end = raw.length();
      }
      if (end > start) {
        int equals = raw.indexOf('=', start);
        boolean named = equals >= 0 && equals < end;
        String name = PercentDecoding.query(raw.substring(start, named ? equals : end));
        String value = named ? PercentDecoding.query(raw.substring(equals + 1, end)) : "";
        values.computeIfAbsent(name, _ -> new ArrayList<>(1)).add(value);
      }
      start = end + 1;
    }
    return new Query(values);
  }

  Optional<String> first(String name) {
    List<String> all = values.get(name);
    return all == null ? Optional.empty() : Optional.of(all.getFirst());
  }

  List<String> all(String name) {
    return List.copyOf(values.getOrDefault(name, List.of()));
  }
}
