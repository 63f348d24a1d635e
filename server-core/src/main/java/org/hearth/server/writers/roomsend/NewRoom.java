package org.hearth.server.writers.roomsend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.matrix.version.RoomVersions;

/// What a client wants a new room to be, checked.
///
/// **source**: [POST
/// createRoom](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom)
///
/// @param version the room version
/// @param preset what the room starts from
/// @param published whether it goes into the directory
/// @param alias the localpart of its alias
/// @param name its name
/// @param topic its topic
/// @param invited whom to invite
/// @param direct whether it is a direct chat
/// @param initialState state beyond the presets
/// @param creation extra keys of the create event's content
/// @param levels keys of the power levels that replace the defaults
record NewRoom(
    RoomVersion version,
    Preset preset,
    boolean published,
    Optional<String> alias,
    Optional<String> name,
    Optional<String> topic,
    List<UserId> invited,
    boolean direct,
    List<InitialState> initialState,
    ObjectNode creation,
    ObjectNode levels) {
  private static final int MOST_INVITED = 100;
  private static final int MOST_INITIAL_STATE = 500;

  /// What the presets set.
  ///
  /// | preset | join_rules | history_visibility | guest_access |
  /// |---|---|---|---|
  /// | private_chat | invite | shared | can_join |
  /// | trusted_private_chat | invite | shared | can_join |
  /// | public_chat | public | shared | forbidden |
  enum Preset {
    PRIVATE_CHAT("invite", true),
    TRUSTED_PRIVATE_CHAT("invite", true),
    PUBLIC_CHAT("public", false);

    private final String joinRule;
    private final boolean guestsMayJoin;

    Preset(String joinRule, boolean guestsMayJoin) {
      this.joinRule = joinRule;
      this.guestsMayJoin = guestsMayJoin;
    }

    String joinRule() {
      return joinRule;
    }

    boolean guestsMayJoin() {
      return guestsMayJoin;
    }
  }

  /// One event of `initial_state`.
  record InitialState(String type, String stateKey, ObjectNode content) {}

  /// @param defaultVersion of a room for which the client names none
  static NewRoom parse(ObjectNode body, RoomVersion defaultVersion) {
    Fields fields = Fields.of(body);
    String versionId = fields.optionalString("room_version").orElse(defaultVersion.id());
    RoomVersion version =
        RoomVersions.of(versionId)
            .orElseThrow(() -> MatrixException.unsupportedRoomVersion(versionId));
    boolean published =
        switch (fields.optionalString("visibility").orElse("private")) {
          case "public" -> true;
          case "private" -> false;
          default -> throw MatrixException.invalidParam("visibility must be public or private");
        };
    Preset preset =
        fields
            .optionalString("preset")
            .map(NewRoom::preset)
            .orElse(published ? Preset.PUBLIC_CHAT : Preset.PRIVATE_CHAT);
    if (fields.optionalArray("invite_3pid").filter(each -> !each.isEmpty()).isPresent()) {
      throw MatrixException.invalidParam("This server cannot invite by e-mail or telephone number");
    }
    List<UserId> invited = new ArrayList<>();
    for (JsonNode each :
        fields.optionalArray("invite").orElseGet(JsonNodeFactory.instance::arrayNode)) {
      if (!each.isTextual()) {
        throw MatrixException.badJson("invite must be a list of user ids");
      }
      invited.add(UserId.parse(each.asText()));
    }
    if (invited.size() > MOST_INVITED) {
      throw MatrixException.invalidParam(
          "At most " + MOST_INVITED + " people can be invited at once");
    }
    return new NewRoom(
        version,
        preset,
        published,
        fields.optionalString("room_alias_name"),
        fields.optionalString("name").filter(name -> !name.isEmpty()),
        fields.optionalString("topic").filter(topic -> !topic.isEmpty()),
        invited.stream().distinct().toList(),
        fields.bool("is_direct", false),
        initialState(fields),
        fields
            .optionalObject("creation_content")
            .map(Fields::json)
            .orElseGet(JsonNodeFactory.instance::objectNode),
        fields
            .optionalObject("power_level_content_override")
            .map(Fields::json)
            .orElseGet(JsonNodeFactory.instance::objectNode));
  }

  private static Preset preset(String word) {
    return switch (word) {
      case "private_chat" -> Preset.PRIVATE_CHAT;
      case "trusted_private_chat" -> Preset.TRUSTED_PRIVATE_CHAT;
      case "public_chat" -> Preset.PUBLIC_CHAT;
      default ->
          throw MatrixException.invalidParam(
              "preset must be private_chat, public_chat or trusted_private_chat");
    };
  }

  private static List<InitialState> initialState(Fields fields) {
    ArrayNode list =
        fields.optionalArray("initial_state").orElseGet(JsonNodeFactory.instance::arrayNode);
    if (list.size() > MOST_INITIAL_STATE) {
      throw MatrixException.invalidParam(
          "initial_state has at most " + MOST_INITIAL_STATE + " events");
    }
    List<InitialState> events = new ArrayList<>();
    for (JsonNode each : list) {
      if (!(each instanceof ObjectNode event)) {
        throw MatrixException.badJson("initial_state must be a list of events");
      }
      Fields of = Fields.of(event);
      String type = of.string("type");
      if (type.isEmpty()) {
        throw MatrixException.invalidParam("The type of an event must not be empty");
      }
      events.add(
          new InitialState(
              type, of.optionalString("state_key").orElse(""), of.object("content").json()));
    }
    return events;
  }
}
