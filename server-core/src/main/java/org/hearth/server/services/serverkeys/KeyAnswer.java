package org.hearth.server.services.serverkeys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.Signatures;
import org.hearth.server.matrix.sign.VerifyKey;

/// What a server has said of its keys, checked.
///
/// @param json as it was said; not to be changed
/// @param keys name → key
/// @param passedOver names of keys that are not among them, since others of these names were valid
/// @param validUntilTs until when the current ones are valid, the limit of 7 days applied
/// @param obtainedTs when it was said
record KeyAnswer(
    ServerName server,
    ObjectNode json,
    Map<KeyId, PublishedKey> keys,
    Set<KeyId> passedOver,
    long validUntilTs,
    long obtainedTs)
    implements KeyReading {
  /// Keys in one answer. A server has one or two, and an old one each few years.
  static final int MOST_KEYS = 100;

  private static final long LARGEST_INTEGER = (1L << 53) - 1;

  /// 43 characters, and one of padding.
  private static final int LONGEST_KEY = 44;

  /// "The version must have characters matching the regular expression `[a-zA-Z0-9_]`."
  private static final Pattern VERSION = Pattern.compile("[a-zA-Z0-9_]+");

  KeyAnswer {
    keys = Collections.unmodifiableMap(new TreeMap<>(keys));
    passedOver = Set.copyOf(passedOver);
  }

  /// The answer without the keys of those names.
  KeyAnswer without(Set<KeyId> names) {
    Map<KeyId, PublishedKey> left = new TreeMap<>(keys);
    left.keySet().removeAll(names);
    return new KeyAnswer(server, json, left, names, validUntilTs, obtainedTs);
  }

  /// Reads what a server has answered.
  ///
  /// @param asked who was asked, or was asked about
  static KeyReading read(ServerName asked, byte[] bytes, long obtainedTs) {
    if (bytes.length > KeySource.MOST_BYTES) {
      return new Refused("it has more than %d bytes".formatted(KeySource.MOST_BYTES));
    }
    try {
      return read(asked, MatrixJson.parseObject(bytes), obtainedTs);
    } catch (MatrixException e) {
      return new Refused(e.safeMessage());
    }
  }

  /// Reads an answer as JSON.
  ///
  /// @param json which nobody changes from now on
  static KeyReading read(ServerName asked, ObjectNode json, long obtainedTs) {
    KeyReading reading = restore(asked, json, obtainedTs);
    if (!(reading instanceof KeyAnswer answer)) {
      return reading;
    }
    // "Digital signatures for this object signed using the `verify_keys`."
    try {
      boolean signed =
          Signatures.verify(json, asked.value(), id -> Optional.ofNullable(answer.current(id)))
              .isValid();
      return signed ? answer : new Refused("none of its keys has signed it, or one has wrongly");
    } catch (MatrixException e) {
      return new Refused(e.safeMessage());
    }
  }

  /// Reads an answer whose signature was checked when it came.
  static KeyReading restore(ServerName asked, ObjectNode json, long obtainedTs) {
    if (!asked.value().equals(json.path("server_name").textValue())) {
      return new Refused("it is another server's");
    }
    long validUntil = timestamp(json.path("valid_until_ts"));
    if (validUntil < 0) {
      return new Refused("valid_until_ts is no time");
    }
    JsonNode current = json.path("verify_keys");
    JsonNode old = json.path("old_verify_keys");
    if (!current.isObject() || !(old.isObject() || old.isMissingNode() || old.isNull())) {
      return new Refused("verify_keys or old_verify_keys is no object");
    }
    if (current.size() + old.size() > MOST_KEYS) {
      return new Refused("it has more than %d keys".formatted(MOST_KEYS));
    }
    Map<KeyId, PublishedKey> keys = new TreeMap<>();
    collect(
        current,
        keys,
        (key, _) -> Optional.of(PublishedKey.Current.obtained(key, validUntil, obtainedTs)));
    // After the others: a key that is in both has been given up by its server.
    collect(
        old,
        keys,
        (key, entry) -> {
          long expired = timestamp(entry.path("expired_ts"));
          return expired < 0 ? Optional.empty() : Optional.of(new PublishedKey.Old(key, expired));
        });
    return keys.isEmpty()
        ? new Refused("it has no key that can be used")
        : new KeyAnswer(
            asked,
            json,
            keys,
            Set.of(),
            Math.min(validUntil, obtainedTs + PublishedKey.MOST_VALIDITY_MILLIS),
            obtainedTs);
  }

  /// What is no Ed25519 key with a name of the right form is passed over: it signs nothing.
  private static void collect(
      JsonNode object,
      Map<KeyId, PublishedKey> keys,
      BiFunction<VerifyKey, JsonNode, Optional<PublishedKey>> published) {
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      String text = entry.getValue().path("key").asText();
      Optional<KeyId> id = id(entry.getKey());
      if (id.isPresent()
          && entry.getValue().path("key").isTextual()
          && text.length() <= LONGEST_KEY) {
        VerifyKey.parse(text)
            .flatMap(key -> published.apply(key, entry.getValue()))
            .ifPresent(key -> keys.put(id.get(), key));
      }
    }
  }

  private static Optional<KeyId> id(String text) {
    return Identifiers.read(KeyId::parse, text)
        .filter(id -> id.algorithm().equals(Signatures.ED25519))
        .filter(id -> VERSION.matcher(id.identifier()).matches());
  }

  /// A whole number of milliseconds, or -1.
  private static long timestamp(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() <= LARGEST_INTEGER
        ? Math.max(node.longValue(), -1)
        : -1;
  }

  private @org.jspecify.annotations.Nullable VerifyKey current(KeyId id) {
    return keys.get(id) instanceof PublishedKey.Current current ? current.key() : null;
  }
}
