package org.hearth.server.matrix.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Optional;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.SigningKey;

/// The signing keys of the servers in tests: each follows from the server's name.
public final class TestKeys {
  private static final KeyId ID = KeyId.parse("ed25519:test");

  private TestKeys() {}

  /// The key of a server.
  public static SigningKey of(ServerName server) {
    return named(server.value());
  }

  /// The key of somebody who is no server.
  public static SigningKey named(String name) {
    return new SigningKey(ID, Arrays.copyOf(name.getBytes(UTF_8), SigningKey.SEED_BYTES));
  }

  /// Whether a server has signed an event with its key.
  public static boolean isSignedBy(Pdu event, ServerName server) {
    return EventSignatures.verify(
            event.json(), event.version(), server, _ -> Optional.of(of(server).verifyKey()))
        .isValid();
  }
}
