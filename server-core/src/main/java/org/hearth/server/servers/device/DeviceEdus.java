package org.hearth.server.servers.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.Utf8;
import org.hearth.server.services.keys.PeerKeys;
import org.jspecify.annotations.Nullable;

/// Reads what other servers say of devices: the EDUs `m.direct_to_device`, `m.device_list_update`
/// and `m.signing_key_update`, and the answer that has all devices of a user.
///
/// **thread**: any.
public final class DeviceEdus {
  static final String MESSAGES = "m.direct_to_device";
  static final String DEVICE = "m.device_list_update";
  static final String SIGNING_KEYS = "m.signing_key_update";

  private static final int LONGEST_NAME_BYTES = 255;

  /// The content of one message.
  static final int MOST_CONTENT_BYTES = 64 << 10;

  /// Users, and of each devices, in one EDU: for each the database is asked.
  static final int MOST_RECIPIENTS = 1_000;

  /// Updates before one that no other has named.
  static final int MOST_PREVIOUS = 100;

  private DeviceEdus() {}

  /// What an EDU says.
  ///
  /// @param origin the server that sent it, which speaks for its own users only
  /// @return empty if the type is another
  /// @throws MatrixException if the content is not what it should be: the EDU is dropped
  public static Optional<DeviceInput> read(ServerName origin, String type, ObjectNode content) {
    try {
      return switch (type) {
        case MESSAGES -> Optional.of(messages(origin, content));
        case DEVICE -> Optional.of(device(origin, content));
        case SIGNING_KEYS -> Optional.of(signingKeys(origin, content));
        default -> Optional.empty();
      };
    } catch (InvalidIdentifierException e) {
      throw MatrixException.badJson(String.valueOf(e.getMessage()));
    }
  }

  private static UserId user(ServerName origin, ObjectNode content, String name) {
    UserId user = UserId.parse(text(content, name));
    if (!user.isOn(origin)) {
      throw MatrixException.forbidden("%s is not a user of %s".formatted(user, origin));
    }
    return user;
  }

  private static DeviceInput messages(ServerName origin, ObjectNode content) {
    UserId sender = user(origin, content, "sender");
    String id = text(content, "message_id");
    String type = text(content, "type");
    if (!(content.get("messages") instanceof ObjectNode messages)) {
      throw MatrixException.badJson("messages must be an object");
    }
    Map<UserId, Map<String, ObjectNode>> byUser = new LinkedHashMap<>();
    int left = MOST_RECIPIENTS;
    for (var user : messages.properties()) {
      if (!(user.getValue() instanceof ObjectNode devices)) {
        throw MatrixException.badJson("messages must map users to devices");
      }
      left -= Math.max(1, devices.size());
      if (left < 0) {
        throw MatrixException.tooLarge(
            "An EDU has messages to at most %d devices".formatted(MOST_RECIPIENTS));
      }
      byUser.put(UserId.parse(user.getKey()), byDevice(devices));
    }
    return new DeviceInput.ReceiveMessages(sender, id, type, byUser);
  }

  private static Map<String, ObjectNode> byDevice(ObjectNode devices) {
    Map<String, ObjectNode> contents = new LinkedHashMap<>();
    for (var each : devices.properties()) {
      if (!(each.getValue() instanceof ObjectNode content)) {
        throw MatrixException.badJson("each message must be an object");
      }
      byte[] bytes = MatrixJson.write(content);
      if (bytes.length > MOST_CONTENT_BYTES) {
        throw MatrixException.tooLarge("A message has at most 64 KiB");
      }
      // No deeper than what clients may send: a transaction may be a little.
      contents.put(each.getKey(), MatrixJson.parseObject(bytes));
    }
    return contents;
  }

  private static DeviceInput device(ServerName origin, ObjectNode content) {
    UserId user = user(origin, content, "user_id");
    DeviceId device = DeviceId.parse(text(content, "device_id"));
    boolean deleted = content.path("deleted").asBoolean(false);
    boolean hasKeys = !deleted && content.hasNonNull("keys");
    @Nullable ObjectNode keys =
        hasKeys ? PeerKeys.device(user, device, content.get("keys")).orElse(null) : null;
    List<Long> previous = previous(content.get("prev_id"));
    return new DeviceInput.ReceiveDeviceUpdate(
        user,
        device,
        integer(content.get("stream_id")),
        // Of what follows none nothing is taken but that something has changed, so that the whole
        // list is fetched: what keys the device has now is not known from these.
        hasKeys && keys == null ? List.of() : previous,
        deleted,
        PeerKeys.displayName(content.get("device_display_name")).orElse(null),
        keys);
  }

  private static List<Long> previous(@Nullable JsonNode told) {
    if (told == null || told.isNull()) {
      return List.of();
    }
    if (!told.isArray() || told.size() > MOST_PREVIOUS) {
      throw MatrixException.badJson(
          "prev_id must be a list of at most %d ids".formatted(MOST_PREVIOUS));
    }
    List<Long> ids = new ArrayList<>();
    told.forEach(each -> ids.add(integer(each)));
    return ids;
  }

  private static DeviceInput signingKeys(ServerName origin, ObjectNode content) {
    UserId user = user(origin, content, "user_id");
    @Nullable ObjectNode master = null;
    if (content.hasNonNull("master_key")) {
      master =
          PeerKeys.masterKey(user, content.get("master_key"))
              .orElseThrow(() -> MatrixException.badJson("master_key is none of that user"));
    }
    @Nullable ObjectNode selfSigning = null;
    if (content.hasNonNull("self_signing_key")) {
      selfSigning =
          PeerKeys.selfSigningKey(user, content.get("self_signing_key"))
              .orElseThrow(() -> MatrixException.badJson("self_signing_key is none of that user"));
    }
    return new DeviceInput.ReceiveSigningKeys(user, master, selfSigning);
  }

  // --- an answer

  /// What the answer of `GET /user/devices/{userId}` says.
  ///
  /// @param asOf how often the list had been called out of date when it was asked for
  /// @return empty if it is not about that user, is none, or is larger than what is kept
  public static Optional<DeviceInput.ReceiveDeviceList> list(
      UserId user, long asOf, ObjectNode answer) {
    JsonNode stream = answer.get("stream_id");
    JsonNode told = answer.get("devices");
    if (!answer.path("user_id").asText().equals(user.value())
        || stream == null
        || !stream.isIntegralNumber()
        || !stream.canConvertToLong()
        || told == null
        || !told.isArray()
        || told.size() > RemoteDevices.MOST_DEVICES) {
      return Optional.empty();
    }
    Map<DeviceId, DeviceInput.RemoteDevice> devices = new LinkedHashMap<>();
    long bytes = 0;
    for (JsonNode each : told) {
      Optional<DeviceId> id = Identifiers.read(DeviceId::parse, each.path("device_id").asText());
      if (id.isPresent()) {
        @Nullable ObjectNode keys = PeerKeys.device(user, id.get(), each.get("keys")).orElse(null);
        bytes += RemoteDevices.bytes(keys).length;
        devices.put(
            id.get(),
            new DeviceInput.RemoteDevice(
                id.get(),
                PeerKeys.displayName(each.get("device_display_name")).orElse(null),
                keys));
      }
    }
    if (bytes > RemoteDevices.MOST_BYTES) {
      return Optional.empty();
    }
    return Optional.of(
        new DeviceInput.ReceiveDeviceList(
            user,
            asOf,
            stream.longValue(),
            List.copyOf(devices.values()),
            PeerKeys.masterKey(user, answer.get("master_key")).orElse(null),
            PeerKeys.selfSigningKey(user, answer.get("self_signing_key")).orElse(null)));
  }

  private static long integer(@Nullable JsonNode node) {
    if (node == null || !node.isIntegralNumber() || !node.canConvertToLong()) {
      throw MatrixException.badJson("ids of updates must be integers");
    }
    return node.longValue();
  }

  private static String text(ObjectNode content, String name) {
    JsonNode node = content.get(name);
    if (node == null || !node.isTextual()) {
      throw MatrixException.badJson(name + " must be a text");
    }
    String text = node.textValue();
    if (Utf8.length(text) > LONGEST_NAME_BYTES) {
      throw MatrixException.tooLarge("%s has at most %d bytes".formatted(name, LONGEST_NAME_BYTES));
    }
    return text;
  }
}
