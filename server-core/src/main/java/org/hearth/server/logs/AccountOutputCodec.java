package org.hearth.server.logs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// What the services announce, as JSON.
final class AccountOutputCodec extends JsonCodec<AccountOutput> {
  @Override
  ObjectNode write(AccountOutput entry) {
    return switch (entry) {
      case AccountOutput.AccountCreated(var user, var guest) ->
          ofUser("account-created", user).put("guest", guest);
      case AccountOutput.AccountDeactivated(var user) -> ofUser("account-deactivated", user);
      case AccountOutput.DeviceAdded(var user, var device) ->
          ofUser("device-added", user).put("device", device.value());
      case AccountOutput.DeviceChanged(var user, var device) ->
          ofUser("device-changed", user).put("device", device.value());
      case AccountOutput.DeviceRemoved(var user, var device) ->
          ofUser("device-removed", user).put("device", device.value());
      case AccountOutput.ProfileChanged(var user, var displayName, var avatarUrl) ->
          ofUser("profile-changed", user)
              .put("displayname", displayName)
              .put("avatar_url", avatarUrl);
      case AccountOutput.AccountDataChanged(var user, var room, var type, var content) ->
          ofUser("account-data-changed", user)
              .put("room", room == null ? null : room.value())
              .put("type", type)
              .set("content", content);
      case AccountOutput.AliasAdded(var alias, var room) ->
          object("alias-added").put("alias", alias.value()).put("room", room.value());
      case AccountOutput.AliasRemoved(var alias, var room) ->
          object("alias-removed").put("alias", alias.value()).put("room", room.value());
      case AccountOutput.RoomPublished(var room, var published) ->
          object("room-published").put("room", room.value()).put("published", published);
    };
  }

  @Override
  AccountOutput read(String kind, ObjectNode json) {
    return switch (kind) {
      case "account-created" ->
          new AccountOutput.AccountCreated(user(json), required(json, "guest").asBoolean());
      case "account-deactivated" -> new AccountOutput.AccountDeactivated(user(json));
      case "device-added" -> new AccountOutput.DeviceAdded(user(json), device(json));
      case "device-changed" -> new AccountOutput.DeviceChanged(user(json), device(json));
      case "device-removed" -> new AccountOutput.DeviceRemoved(user(json), device(json));
      case "profile-changed" ->
          new AccountOutput.ProfileChanged(
              user(json), optionalString(json, "displayname"), optionalString(json, "avatar_url"));
      case "account-data-changed" ->
          new AccountOutput.AccountDataChanged(
              user(json),
              optional(json, "room", RoomId::parse),
              string(json, "type"),
              objectAt(json, "content"));
      case "alias-added" -> new AccountOutput.AliasAdded(alias(json), room(json));
      case "alias-removed" -> new AccountOutput.AliasRemoved(alias(json), room(json));
      case "room-published" ->
          new AccountOutput.RoomPublished(room(json), required(json, "published").asBoolean());
      default -> throw unknown(kind);
    };
  }

  private static ObjectNode ofUser(String kind, UserId user) {
    return object(kind).put("user", user.value());
  }

  private static UserId user(ObjectNode json) {
    return UserId.parse(string(json, "user"));
  }

  private static DeviceId device(ObjectNode json) {
    return DeviceId.parse(string(json, "device"));
  }

  private static RoomAlias alias(ObjectNode json) {
    return RoomAlias.parse(string(json, "alias"));
  }

  private static RoomId room(ObjectNode json) {
    return RoomId.parse(string(json, "room"));
  }
}
