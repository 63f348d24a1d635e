package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.ReadPool;

/// What other servers are told of the keys of this server's users.
///
/// **thread**: any. **source**: [device management][management], [end-to-end encryption][keys].
///
/// [management]: https://spec.matrix.org/v1.19/server-server-api/#device-management
/// [keys]: https://spec.matrix.org/v1.19/server-server-api/#end-to-end-encryption
final class KeyUpdates {
  private final ReadPool reads;
  private final Keys keys;

  KeyUpdates(ReadPool reads, Keys keys) {
    this.reads = reads;
    this.keys = keys;
  }

  /// "The updated identity keys (if any) for this device." What the device is called is nobody's
  /// business elsewhere.
  ObjectNode ofDevice(UserId user, DeviceId device, long streamId, List<Long> prevId) {
    ObjectNode update = JsonNodeFactory.instance.objectNode();
    update.put("user_id", user.value());
    update.put("device_id", device.value());
    update.put("stream_id", streamId);
    prevId.forEach(update.putArray("prev_id")::add);
    if (isThere(user, device)) {
      keys.deviceKeys(user, device)
          .ifPresent(each -> update.set("keys", signed(each, user, device.value())));
    } else {
      update.put("deleted", true);
    }
    return update;
  }

  /// Also a dehydrated device.
  private boolean isThere(UserId user, DeviceId device) {
    return reads
            .first(
                "SELECT 1 FROM device WHERE user_id = ? AND device_id = ?",
                statement -> {
                  statement.setString(1, user.value());
                  statement.setString(2, device.value());
                },
                row -> row.getInt(1))
            .isPresent()
        || keys.dehydratedDevice(user).filter(device::equals).isPresent();
  }

  ObjectNode ofSigningKeys(UserId user) {
    ObjectNode update = JsonNodeFactory.instance.objectNode().put("user_id", user.value());
    keys.crossSigningKey(user, SigningKeyUsage.MASTER)
        .ifPresent(
            each -> update.set("master_key", signed(each.content(), user, each.publicKey())));
    keys.crossSigningKey(user, SigningKeyUsage.SELF_SIGNING)
        .ifPresent(each -> update.set("self_signing_key", each.content()));
    return update;
  }

  /// With the signatures that all may see: the user's own.
  private ObjectNode signed(ObjectNode content, UserId user, String target) {
    return KeySignatures.addTo(
        content,
        keys.signatures(user, user).stream().filter(each -> each.target().equals(target)).toList());
  }
}
