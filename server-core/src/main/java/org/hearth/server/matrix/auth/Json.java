package org.hearth.server.matrix.auth;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.UserId;

/// Reads of JSON that anyone may have written: what has not the expected type is absent.
final class Json {
  private Json() {}

  /// The string of a field, empty when there is none or it is not a string.
  static Optional<String> string(JsonNode object, String field) {
    JsonNode value = object.path(field);
    return value.isTextual() ? Optional.of(value.textValue()) : Optional.empty();
  }

  /// The user of a string, empty when it is no user id.
  static Optional<UserId> user(String value) {
    return Identifiers.read(UserId::parse, value);
  }
}
