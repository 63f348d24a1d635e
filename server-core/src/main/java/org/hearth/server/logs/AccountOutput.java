package org.hearth.server.logs;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomAlias;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.jspecify.annotations.Nullable;

/// What the services (accounts, profiles, account data, directory) announce: the entries of the log
/// account-output, each committed before it is seen here.
///
/// **shape**: the partition key is the user id; for the directory's entries it is the room id.
public sealed interface AccountOutput {
  /// Of an entry that has no content of a client's.
  int SMALL_BYTES = 500;

  /// The user, or of the directory's entries the room, that the entry is about.
  String partitionKey();

  /// About what it takes in memory.
  default long memoryBytes() {
    return this instanceof AccountDataChanged changed
        ? SMALL_BYTES + MatrixJson.treeBytes(changed.content())
        : SMALL_BYTES;
  }

  /// An entry about one user of this server.
  sealed interface OfUser extends AccountOutput {
    /// The user.
    UserId user();

    @Override
    default String partitionKey() {
      return user().value();
    }
  }

  /// An entry of the directory, about one room.
  sealed interface OfRoom extends AccountOutput {
    /// The room.
    RoomId room();

    @Override
    default String partitionKey() {
      return room().value();
    }
  }

  /// A new account.
  ///
  /// @param guest whether it is a guest's
  record AccountCreated(UserId user, boolean guest) implements OfUser {}

  /// The account is closed for ever; its devices and tokens are gone.
  record AccountDeactivated(UserId user) implements OfUser {}

  /// A device logged in for the first time.
  record DeviceAdded(UserId user, DeviceId device) implements OfUser {}

  /// A device got another display name.
  record DeviceChanged(UserId user, DeviceId device) implements OfUser {}

  /// A device is gone with its tokens; syncs that wait for it end.
  record DeviceRemoved(UserId user, DeviceId device) implements OfUser {}

  /// The keys of a user's devices are others, or have other signatures.
  ///
  /// @param devices of which devices; null in entries from before that was said
  record DeviceKeysChanged(UserId user, @Nullable List<DeviceId> devices) implements OfUser {
    /// Copies the list.
    public DeviceKeysChanged {
      devices = devices == null ? null : List.copyOf(devices);
    }
  }

  /// The user's master or self-signing key is another, or the master key has other signatures.
  record SigningKeysChanged(UserId user) implements OfUser {}

  /// What a user alone sees of keys is other: the user has signed another user's key, or has a new
  /// user-signing key.
  ///
  /// @param verified whose key it is
  record UserVerified(UserId user, UserId verified) implements OfUser {}

  /// The profile says something else.
  ///
  /// @param displayName null for none
  /// @param avatarUrl null for none
  record ProfileChanged(
      UserId user,
      @JsonProperty("displayname") @Nullable String displayName,
      @Nullable String avatarUrl)
      implements OfUser {}

  /// Account data was set; tags are the room's account data of type `m.tag`.
  ///
  /// @param room null for global account data
  /// @param content the new content; empty when it was removed
  record AccountDataChanged(UserId user, @Nullable RoomId room, String type, ObjectNode content)
      implements OfUser {}

  /// An alias of this server leads to the room.
  record AliasAdded(RoomAlias alias, RoomId room) implements OfRoom {}

  /// An alias of this server no longer leads to the room.
  record AliasRemoved(RoomAlias alias, RoomId room) implements OfRoom {}

  /// The room's place in the published directory changed.
  record RoomPublished(RoomId room, boolean published) implements OfRoom {}
}
