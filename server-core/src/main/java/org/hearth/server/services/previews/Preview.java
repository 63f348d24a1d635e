package org.hearth.server.services.previews;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Optional;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.MxcUri;

/// What is answered of an address.
///
/// @param properties as the specification has them; not to be changed
/// @param fetched when
record Preview(ObjectNode properties, Instant fetched) {
  static final String IMAGE = "og:image";

  /// Where its picture is kept.
  Optional<MxcUri> picture() {
    String image = properties.path(IMAGE).asText("");
    try {
      return image.isEmpty() ? Optional.empty() : Optional.of(MxcUri.parse(image));
    } catch (InvalidIdentifierException _) {
      return Optional.empty();
    }
  }
}
