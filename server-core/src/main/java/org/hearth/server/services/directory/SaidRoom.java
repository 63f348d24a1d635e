package org.hearth.server.services.directory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;

/// What another server says about a room, in a list of published rooms or in a hierarchy: made anew
/// of what is as it should be. The rest is left out, and long texts are cut, so that whatever a
/// server says, clients get the types that they expect, and little.
///
/// **source**: the fields of [public rooms][p] and of [room summaries][r].
///
/// [p]: https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3publicrooms
/// [r]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias
public final class SaidRoom {
  private static final int LONGEST_NAME = 500;
  private static final int LONGEST_TOPIC = 4_000;
  private static final int LONGEST_WORD = 255;
  private static final int MOST_ALLOWED_ROOMS = 50;

  private SaidRoom() {}

  /// The entry; empty if it does not say of which room it is.
  public static Optional<ObjectNode> checked(JsonNode said) {
    Optional<String> room = text(said, "room_id").filter(is(RoomId::parse));
    if (room.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("room_id", room.get());
    json.put("num_joined_members", members(said.path("num_joined_members")));
    json.put("world_readable", said.path("world_readable").asBoolean(false));
    json.put("guest_can_join", said.path("guest_can_join").asBoolean(false));
    put(json, "name", text(said, "name").map(each -> cut(each, LONGEST_NAME)));
    put(json, "topic", text(said, "topic").map(each -> cut(each, LONGEST_TOPIC)));
    // A picture of any other address would tell its owner who looks at the list.
    put(json, "avatar_url", text(said, "avatar_url").filter(is(MxcUri::parse)));
    put(json, "canonical_alias", text(said, "canonical_alias").filter(is(RoomAlias::parse)));
    put(json, "join_rule", word(said, "join_rule"));
    put(json, "room_type", word(said, "room_type"));
    put(json, "encryption", word(said, "encryption"));
    put(json, "room_version", word(said, "room_version"));
    allowedRooms(said.path("allowed_room_ids"), json);
    return Optional.of(json);
  }

  private static long members(JsonNode number) {
    return number.isIntegralNumber() && number.canConvertToLong()
        ? Math.clamp(number.longValue(), 0L, (long) Integer.MAX_VALUE)
        : 0;
  }

  private static void allowedRooms(JsonNode said, ObjectNode json) {
    if (!said.isArray()) {
      return;
    }
    ArrayNode rooms = json.putArray("allowed_room_ids");
    for (int i = 0; i < said.size() && rooms.size() < MOST_ALLOWED_ROOMS; i++) {
      Optional.of(said.path(i))
          .filter(JsonNode::isTextual)
          .map(JsonNode::textValue)
          .filter(is(RoomId::parse))
          .ifPresent(rooms::add);
    }
  }

  private static Optional<String> word(JsonNode said, String name) {
    return text(said, name).filter(each -> each.length() <= LONGEST_WORD);
  }

  private static Optional<String> text(JsonNode said, String name) {
    return Optional.of(said.path(name)).filter(JsonNode::isTextual).map(JsonNode::textValue);
  }

  private static Predicate<String> is(Function<String, ?> parser) {
    return text -> Identifiers.read(parser, text).isPresent();
  }

  /// Not in the middle of a character.
  private static String cut(String text, int longest) {
    if (text.length() <= longest) {
      return text;
    }
    return text.substring(
        0, Character.isHighSurrogate(text.charAt(longest - 1)) ? longest - 1 : longest);
  }

  private static void put(ObjectNode json, String name, Optional<String> value) {
    value.filter(each -> !each.isEmpty()).ifPresent(each -> json.put(name, each));
  }
}
