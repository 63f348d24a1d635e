package org.hearth.server.matrix.event;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.version.RedactionRules;
import org.hearth.server.matrix.version.RedactionRules.KeptContent;
import org.hearth.server.matrix.version.RoomVersion;

/// The redaction algorithm: what is left of an event when all that is not essential is stripped.
///
/// Source: [Redactions](https://spec.matrix.org/v1.19/client-server-api/#redactions) and the page
/// of each room version.
public final class Redaction {
  private Redaction() {}

  /// A redacted copy, which shares with the event what stays.
  public static ObjectNode redact(ObjectNode event, RoomVersion version) {
    RedactionRules rules = version.redaction();
    // "the server must strip off any keys not in the following list"
    ObjectNode left = keep(event, rules.members());
    if (left.get("content") instanceof ObjectNode content) {
      // "The content object must also be stripped of all keys, unless it is one of the following
      // event types"
      KeptContent kept = rules.contentOf(event.path("type").asText());
      left.set("content", kept.everything() ? content : keepContent(content, kept));
    }
    return left;
  }

  private static ObjectNode keepContent(ObjectNode content, KeptContent kept) {
    ObjectNode left = keep(content, kept.keys());
    // Since 11: "Additionally, it allows the `signed` key of the `third_party_invite` key." What
    // has no such key is left empty, not away: so do the servers with which we have to agree, since
    // the event's id depends on it.
    kept.within()
        .forEach((key, inner) -> {
          if (content.get(key) instanceof ObjectNode object) {
            left.set(key, keep(object, inner));
          }
        });
    return left;
  }

  private static ObjectNode keep(ObjectNode object, Set<String> keys) {
    ObjectNode left = JsonNodeFactory.instance.objectNode();
    if (!keys.isEmpty()) {
      for (Map.Entry<String, JsonNode> entry : object.properties()) {
        if (keys.contains(entry.getKey())) {
          left.set(entry.getKey(), entry.getValue());
        }
      }
    }
    return left;
  }
}
