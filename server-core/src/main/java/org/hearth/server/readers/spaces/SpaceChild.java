package org.hearth.server.readers.spaces;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;

/// A room that a space says to contain.
///
/// @param via servers through which it may be joined; at least one, at most [#MOST_SERVERS]
/// @param order as the space says, if it is a valid one
/// @param json the `m.space.child` event, stripped, with its time; not to be changed
/// @param bytes about what the JSON takes
record SpaceChild(
    RoomId room,
    List<ServerName> via,
    boolean suggested,
    Optional<String> order,
    long originServerTs,
    ObjectNode json,
    int bytes) {
  static final String TYPE = "m.space.child";

  /// "First order the children with a valid `order` key lexicographically by Unicode code-points …
  /// Then, take the remaining children and order them by the `origin_server_ts` … In cases where
  /// the `order` values are the same, the children are ordered by their timestamps. If the
  /// timestamps are the same, the children are ordered lexicographically by their room IDs".
  static final Comparator<SpaceChild> ORDER =
      Comparator.comparing((SpaceChild each) -> each.order.isEmpty())
          .thenComparing(each -> each.order.orElse(""))
          .thenComparingLong(SpaceChild::originServerTs)
          .thenComparing(SpaceChild::room);

  private static final int MOST_SERVERS = 20;
  private static final int LONGEST_ORDER = 50;

  /// A larger content is told by what matters here alone.
  private static final int MOST_CONTENT_BYTES = 512;

  SpaceChild {
    via = List.copyOf(via);
  }

  /// The child of which such an event speaks; empty if it speaks of none. "Child rooms can be
  /// removed from a space by omitting the `via` key".
  static Optional<SpaceChild> of(
      String stateKey, String sender, long originServerTs, JsonNode content) {
    Optional<RoomId> room = Identifiers.read(RoomId::parse, stateKey);
    List<ServerName> via = servers(content.path("via"));
    if (room.isEmpty() || via.isEmpty() || !(content instanceof ObjectNode whole)) {
      return Optional.empty();
    }
    boolean suggested = content.path("suggested").asBoolean(false);
    Optional<String> order =
        Optional.of(content.path("order"))
            .filter(JsonNode::isTextual)
            .map(JsonNode::textValue)
            .filter(SpaceChild::isValidOrder);
    int bytes = MatrixJson.write(whole).length;
    ObjectNode told = whole;
    if (bytes > MOST_CONTENT_BYTES) {
      told = JsonNodeFactory.instance.objectNode();
      ArrayNode servers = told.putArray("via");
      via.forEach(each -> servers.add(each.value()));
      told.put("suggested", suggested);
      if (order.isPresent()) {
        told.put("order", order.get());
      }
      bytes = MOST_CONTENT_BYTES;
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("type", TYPE);
    json.put("state_key", stateKey);
    json.put("sender", sender);
    json.put("origin_server_ts", originServerTs);
    json.set("content", told);
    return Optional.of(
        new SpaceChild(
            room.get(), via, suggested, order, originServerTs, json, bytes + json.size() * 64));
  }

  /// The same of what another server says.
  static Optional<SpaceChild> said(JsonNode event) {
    boolean sound =
        event.path("type").asText().equals(TYPE)
            && event.path("state_key").isTextual()
            && event.path("sender").isTextual()
            && event.path("origin_server_ts").isIntegralNumber()
            && event.path("origin_server_ts").canConvertToLong();
    return sound && Identifiers.read(UserId::parse, event.path("sender").asText()).isPresent()
        ? of(
            event.path("state_key").asText(),
            event.path("sender").asText(),
            event.path("origin_server_ts").asLong(),
            event.path("content"))
        : Optional.empty();
  }

  private static List<ServerName> servers(JsonNode via) {
    List<ServerName> servers = new ArrayList<>();
    for (int i = 0; via.isArray() && i < via.size() && servers.size() < MOST_SERVERS; i++) {
      Optional.of(via.path(i))
          .filter(JsonNode::isTextual)
          .flatMap(each -> Identifiers.read(ServerName::parse, each.textValue()))
          .filter(each -> !servers.contains(each))
          .ifPresent(servers::add);
    }
    return servers;
  }

  /// "Must consist of ASCII characters within the range `\x20` (space) and `\x7E` (`~`), inclusive.
  /// Must not exceed 50 characters. `order` values with the wrong type, or otherwise invalid
  /// contents, are to be treated as though the `order` key was not provided."
  private static boolean isValidOrder(String order) {
    return !order.isEmpty()
        && order.length() <= LONGEST_ORDER
        && order.chars().allMatch(each -> each >= 0x20 && each <= 0x7e);
  }
}
