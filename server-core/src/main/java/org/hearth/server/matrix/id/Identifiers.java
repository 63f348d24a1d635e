package org.hearth.server.matrix.id;

import java.util.Optional;
import java.util.function.Function;

/// Identifiers in what others wrote, where a text that is none is no error.
public final class Identifiers {
  private Identifiers() {}

  /// The identifier of that text; empty if the text is none.
  ///
  /// @param parser of the kind of identifier, such as `UserId::parse`
  public static <T> Optional<T> read(Function<String, T> parser, String text) {
    try {
      return Optional.of(parser.apply(text));
    } catch (InvalidIdentifierException _) {
      return Optional.empty();
    }
  }
}
