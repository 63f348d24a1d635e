package org.hearth.server.services.serverkeys;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Supplier;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.matrix.sign.Signatures;

/// What this server says of its own keys.
///
/// It is signed anew when a key was rotated, and at least every hour: so whoever asks much gets it
/// from memory, and it is always good for most of a day. "Originating servers should avoid
/// returning responses that expire in less than an hour".
///
/// **thread**: any.
///
/// **source**: [Publishing Keys](https://spec.matrix.org/v1.19/server-server-api/#publishing-keys)
final class OwnAnswer {
  private static final Duration VALID = Duration.ofDays(1);
  private static final Duration KEPT = Duration.ofHours(1);

  private final ServerName server;
  private final Supplier<OwnKeys> keys;
  private final InstantSource clock;
  private volatile Made made;

  /// @param bytes the JSON
  /// @param madeAt in milliseconds since 1970
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Made(OwnKeys keys, ObjectNode json, byte[] bytes, long madeAt) {}

  OwnAnswer(ServerName server, Supplier<OwnKeys> keys, InstantSource clock) {
    this.server = server;
    this.keys = keys;
    this.clock = clock;
    this.made = make(keys.get(), clock.millis());
  }

  /// Not to be changed.
  ObjectNode json() {
    return now().json;
  }

  /// Not to be changed.
  byte[] bytes() {
    return now().bytes;
  }

  private Made now() {
    Made last = made;
    OwnKeys current = keys.get();
    long age = clock.millis() - last.madeAt;
    // A clock that was set back makes it older than nothing.
    if (!last.keys.equals(current) || age < 0 || age > KEPT.toMillis()) {
      last = make(current, clock.millis());
      made = last;
    }
    return last;
  }

  private Made make(OwnKeys own, long now) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("server_name", server.value());
    json.putObject("verify_keys")
        .putObject(own.current().id().value())
        .put("key", own.current().publicKeyBase64());
    ObjectNode old = json.putObject("old_verify_keys");
    own.old()
        .forEach((id, key) ->
            old.putObject(id.value())
                .put("expired_ts", key.expiredTs())
                .put("key", key.key().base64()));
    json.put("valid_until_ts", now + VALID.toMillis());
    ObjectNode signed = Signatures.sign(json, server.value(), own.current());
    return new Made(own, signed, MatrixJson.write(signed), now);
  }
}
