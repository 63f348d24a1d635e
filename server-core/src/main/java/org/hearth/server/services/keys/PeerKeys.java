package org.hearth.server.services.keys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.json.Utf8;
import org.jspecify.annotations.Nullable;

/// Checks what other servers say of keys. What is not as it should be is left out; what is, is
/// copied without what does not belong there.
///
/// Whether the user's keys have signed is the clients' to check: they trust no server.
///
/// **thread**: any.
public final class PeerKeys {
  /// What one device says of itself.
  static final int MOST_DEVICE_BYTES = 16 << 10;

  /// One key that is claimed.
  static final int MOST_CLAIMED_BYTES = 4 << 10;

  private static final int LONGEST_NAME_BYTES = 255;

  /// As long as the names of this server's devices may be.
  private static final int LONGEST_DISPLAY_NAME = 100;

  private PeerKeys() {}

  /// The keys of a device.
  ///
  /// @return empty if they are not that device's, or no keys
  public static Optional<ObjectNode> device(UserId user, DeviceId device, @Nullable JsonNode told) {
    if (!(told instanceof ObjectNode keys)
        || !isText(keys.get("user_id"), user.value())
        || !isText(keys.get("device_id"), device.value())
        || !isListOfTexts(keys.get("algorithms"))
        || !isMapOfTexts(keys.get("keys"))) {
      return Optional.empty();
    }
    return bounded(withOwnSignatures(keys, user), MOST_DEVICE_BYTES);
  }

  /// The key that stands for the user.
  public static Optional<ObjectNode> masterKey(UserId user, @Nullable JsonNode told) {
    return signingKey(user, SigningKeyUsage.MASTER, told);
  }

  /// The key that signs the user's devices.
  public static Optional<ObjectNode> selfSigningKey(UserId user, @Nullable JsonNode told) {
    return signingKey(user, SigningKeyUsage.SELF_SIGNING, told);
  }

  private static Optional<ObjectNode> signingKey(
      UserId user, SigningKeyUsage usage, @Nullable JsonNode told) {
    if (!(told instanceof ObjectNode key)) {
      return Optional.empty();
    }
    ObjectNode copy = withOwnSignatures(key, user);
    return bounded(copy, CrossSigningKey.MOST_BYTES)
        .filter(each -> {
          try {
            var _ = CrossSigningKey.read(user, usage, each);
            return true;
          } catch (MatrixException _) {
            return false;
          }
        });
  }

  /// What a device is called; a long name is cut.
  public static Optional<String> displayName(@Nullable JsonNode told) {
    if (told == null || !told.isTextual() || told.textValue().isEmpty()) {
      return Optional.empty();
    }
    String name = told.textValue();
    int length = name.codePointCount(0, name.length());
    return Optional.of(
        length <= LONGEST_DISPLAY_NAME
            ? name
            : name.substring(0, name.offsetByCodePoints(0, LONGEST_DISPLAY_NAME)));
  }

  /// A key that was claimed: a text or an object, by the name `algorithm:id`.
  static boolean isClaimed(String algorithm, String name, JsonNode content) {
    return name.startsWith(algorithm + ":")
        && name.length() > algorithm.length() + 1
        && Utf8.length(name) <= LONGEST_NAME_BYTES
        && (content.isTextual() || content.isObject())
        && isBounded(content, MOST_CLAIMED_BYTES);
  }

  /// Signatures of other users are seen by those who made them only, and what a server adds to keys
  /// it says in `unsigned`.
  private static ObjectNode withOwnSignatures(ObjectNode key, UserId user) {
    ObjectNode copy = key.objectNode();
    key.properties().forEach(each -> copy.set(each.getKey(), each.getValue()));
    copy.remove("unsigned");
    if (copy.remove("signatures") instanceof ObjectNode signatures
        && isMapOfTexts(signatures.get(user.value()))) {
      copy.putObject("signatures").set(user.value(), signatures.get(user.value()));
    }
    return copy;
  }

  private static Optional<ObjectNode> bounded(ObjectNode content, int most) {
    return isBounded(content, most) ? Optional.of(content) : Optional.empty();
  }

  /// Whether keys have at most so many bytes, and take no more than twice that when they are read:
  /// many of them are, for one answer. A text of nothing but brackets takes thirty times as much.
  static boolean isSmall(byte[] json, int most) {
    return json.length <= most && MatrixJson.treeBytes(json) <= 2L * most;
  }

  /// Whether it is small enough, and not nested deeper than what clients may send.
  private static boolean isBounded(JsonNode content, int most) {
    byte[] bytes = MatrixJson.write(content);
    if (!isSmall(bytes, most)) {
      return false;
    }
    try {
      var _ = MatrixJson.parse(bytes);
      return true;
    } catch (MatrixException _) {
      return false;
    }
  }

  private static boolean isText(@Nullable JsonNode node, String text) {
    return node != null && node.isTextual() && node.textValue().equals(text);
  }

  private static boolean isListOfTexts(@Nullable JsonNode node) {
    return node != null && node.isArray() && node.valueStream().allMatch(JsonNode::isTextual);
  }

  private static boolean isMapOfTexts(@Nullable JsonNode node) {
    return node != null && node.isObject() && node.valueStream().allMatch(JsonNode::isTextual);
  }
}
