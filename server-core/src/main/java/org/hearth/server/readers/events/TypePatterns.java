package org.hearth.server.readers.events;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.json.Utf8;

/// The event types that a list in a filter names. Those without a star are looked up; the others
/// are compared one by one, with each event.
///
/// **Bound:** [#MOST_WITH_STARS], and no longer than a type may be.
record TypePatterns(Set<String> whole, List<TypePattern> withStars) {
  /// Clients have a few.
  static final int MOST_WITH_STARS = 50;

  /// What an event type may have: a longer one names nothing.
  static final int LONGEST_BYTES = 255;

  static final TypePatterns NONE = new TypePatterns(Set.of(), List.of());

  TypePatterns {
    whole = Set.copyOf(whole);
    withStars = List.copyOf(withStars);
  }

  /// Reads a list; empty if it is not there.
  ///
  /// @throws org.hearth.server.matrix.error.MatrixException `M_BAD_JSON` if it is none, or beyond
  ///   the bound
  static Optional<TypePatterns> parse(FilterFields fields, String name) {
    Optional<List<String>> texts = fields.strings(name);
    if (texts.isEmpty()) {
      return Optional.empty();
    }
    Set<String> whole = new HashSet<>();
    Set<String> withStars = new HashSet<>();
    for (String each : texts.get()) {
      if (Utf8.length(each) > LONGEST_BYTES) {
        throw fields.wrong(name, "an array of types of at most %d bytes".formatted(LONGEST_BYTES));
      }
      var _ = (each.indexOf(TypePattern.ANY) < 0 ? whole : withStars).add(each);
    }
    if (withStars.size() > MOST_WITH_STARS) {
      throw fields.wrong(
          name, "an array in which at most %d types have stars".formatted(MOST_WITH_STARS));
    }
    List<TypePattern> patterns = new ArrayList<>();
    withStars.forEach(each -> patterns.add(new TypePattern(each)));
    return Optional.of(new TypePatterns(whole, patterns));
  }

  boolean match(String type) {
    return whole.contains(type) || withStars.stream().anyMatch(each -> each.matches(type));
  }
}
