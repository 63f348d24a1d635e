package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hearth.server.http.Fields;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.Utf8;
import org.hearth.server.services.keys.Keys.ClaimableKey;

/// What is uploaded for a device, by itself or, before it is dehydrated, by another.
record KeyUpload(
    UserId user,
    DeviceId device,
    Optional<ObjectNode> deviceKeys,
    List<ClaimableKey> oneTime,
    List<ClaimableKey> fallback) {
  private static final int LONGEST_NAME_BYTES = 255;

  KeyUpload {
    oneTime = List.copyOf(oneTime);
    fallback = List.copyOf(fallback);
  }

  /// Reads `device_keys`, `one_time_keys` and `fallback_keys`.
  ///
  /// @throws MatrixException if they are not what they should be, or those of another device
  static KeyUpload read(Fields body, UserId user, DeviceId device) {
    Optional<ObjectNode> deviceKeys = body.optionalObject("device_keys").map(Fields::json);
    deviceKeys.ifPresent(each -> check(each, user, device));
    List<ClaimableKey> fallback = claimable(body, "fallback_keys");
    // "There can only be at most one key per algorithm uploaded"
    if (fallback.stream().map(ClaimableKey::algorithm).distinct().count() < fallback.size()) {
      throw MatrixException.invalidParam("There is at most one fallback key of each algorithm");
    }
    KeyUpload upload =
        new KeyUpload(user, device, deviceKeys, claimable(body, "one_time_keys"), fallback);
    checkCounts(upload.oneTime().size(), fallback.size());
    return upload;
  }

  /// Checks how many keys a device is to have.
  ///
  /// @throws MatrixException `M_TOO_LARGE` if there are too many of one kind
  static void checkCounts(int oneTime, int fallback) {
    if (oneTime > Keys.MOST_ONE_TIME_KEYS) {
      throw MatrixException.tooLarge(
          "A device has at most " + Keys.MOST_ONE_TIME_KEYS + " one-time keys");
    }
    if (fallback > Keys.MOST_FALLBACK_KEYS) {
      throw MatrixException.tooLarge(
          "A device has fallback keys of at most %d algorithms".formatted(Keys.MOST_FALLBACK_KEYS));
    }
  }

  /// "Must match the user ID used when logging in", and so the device.
  private static void check(ObjectNode deviceKeys, UserId user, DeviceId device) {
    for (String each : List.of("user_id", "device_id", "algorithms", "keys", "signatures")) {
      if (!deviceKeys.hasNonNull(each)) {
        throw MatrixException.badJson("device_keys must have " + each);
      }
    }
    Fields fields = Fields.of(deviceKeys);
    if (!fields.string("user_id").equals(user.value())
        || !fields.string("device_id").equals(device.value())) {
      throw MatrixException.invalidParam(
          "user_id and device_id of device_keys must be those of the device");
    }
    var _ = fields.strings("algorithms");
    for (var each : fields.object("keys").json().properties()) {
      if (!each.getValue().isTextual()) {
        throw MatrixException.badJson("device_keys.keys must be texts");
      }
    }
    // "Signatures for the device key object. A map from user ID, to a map from
    // `<algorithm>:<device_id>` to the signature."
    for (var each : fields.object("signatures").json().properties()) {
      if (!each.getValue().isObject()
          || !each.getValue().valueStream().allMatch(JsonNode::isTextual)) {
        throw MatrixException.badJson("device_keys.signatures must map users to texts by key");
      }
    }
    if (!PeerKeys.isSmall(MatrixJson.write(deviceKeys), PeerKeys.MOST_DEVICE_BYTES)) {
      throw MatrixException.tooLarge("The keys of a device have at most 16 KiB and few members");
    }
  }

  private static List<ClaimableKey> claimable(Fields body, String name) {
    Optional<Fields> all = body.optionalObject(name);
    if (all.isEmpty()) {
      return List.of();
    }
    List<ClaimableKey> found = new ArrayList<>();
    for (var each : all.get().json().properties()) {
      String key = each.getKey();
      int colon = key.indexOf(':');
      if (colon <= 0 || colon + 1 == key.length() || Utf8.length(key) > LONGEST_NAME_BYTES) {
        throw MatrixException.invalidParam(
            name + " are named algorithm:key_id, with at most 255 bytes");
      }
      JsonNode content = each.getValue();
      if (!content.isTextual() && !content.isObject()) {
        throw MatrixException.badJson(name + " must be texts or objects");
      }
      if (!PeerKeys.isSmall(MatrixJson.write(content), PeerKeys.MOST_CLAIMED_BYTES)) {
        throw MatrixException.tooLarge("A key has at most 4 KiB and few members");
      }
      found.add(new ClaimableKey(key.substring(0, colon), key.substring(colon + 1), content));
    }
    return found;
  }
}
