package org.hearth.server.matrix.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.KnownEvents;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.sign.VerifyKey;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;

/// What the tests of the checks share: keys of peers, and a fixture's room as the place of an
/// event.
final class Peers {
  /// Every server's key, valid for ever.
  static final ServerKeys ALL_KEYS =
      (server, id) ->
          TestKeys.of(server).id().equals(id)
              ? Optional.of(
                  new PublishedKey.Current(TestKeys.of(server).verifyKey(), Long.MAX_VALUE))
              : Optional.empty();

  /// No key at all.
  static final ServerKeys NO_KEYS = (_, _) -> Optional.empty();

  private Peers() {}

  /// Keys of one server, by name.
  static ServerKeys of(ServerName server, Map<KeyId, PublishedKey> keys) {
    Map<KeyId, PublishedKey> copy = new HashMap<>(keys);
    return (asked, id) ->
        asked.equals(server) ? Optional.ofNullable(copy.get(id)) : Optional.empty();
  }

  static VerifyKey key(ServerName server) {
    return TestKeys.of(server).verifyKey();
  }

  /// A place after the event before, in a room as it is now.
  static Place in(RoomFixture room, AuthState before, AuthState current) {
    KnownEvents known = room.known();
    return new Place() {
      @Override
      public Optional<KnownEvent> find(EventId id) {
        return known.find(id);
      }

      @Override
      public AuthState stateBefore() {
        return before;
      }

      @Override
      public Optional<AuthState> currentState() {
        return Optional.of(current);
      }
    };
  }

  /// A place whose state before and current state are the room's.
  static Place at(RoomFixture room) {
    return in(room, room.authState(), room.authState());
  }

  static void assertDropped(DropRule rule, Received received) {
    assertThat(received)
        .isInstanceOfSatisfying(
            Received.Dropped.class,
            dropped -> assertThat(dropped.rule()).as(dropped.detail()).isEqualTo(rule));
  }

  static Pdu intact(Received received) {
    assertThat(received).isInstanceOf(Received.Intact.class);
    return ((Received.Intact) received).event();
  }
}
