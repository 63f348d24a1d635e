package org.hearth.product;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.hearth.server.outbound.TestAuthority;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A Hearth and another server that talk over TLS with certificates of the test's own authority,
/// with a user on each.
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 4, unit = TimeUnit.MINUTES)
abstract class TwoServers {
  FederatedServer hearth;
  FederatedServer other;

  /// On the Hearth.
  SyncedUser alice;

  /// On the other server.
  SyncedUser bob;

  private int rooms;

  /// Starts the other server.
  abstract FederatedServer startOther(Path folder, FederatedAddress where)
      throws IOException, InterruptedException;

  @BeforeAll
  void start(@TempDir Path folder) throws IOException, InterruptedException {
    TestAuthority authority = new TestAuthority();
    other =
        startOther(
            folder.resolve("other"), FederatedAddress.in(folder.resolve("of-other"), authority));
    hearth =
        FederatedServer.Hearth.start(
            folder.resolve("hearth"), FederatedAddress.in(folder.resolve("of-hearth"), authority));
    alice = SyncedUser.on(hearth, "alice");
    bob = SyncedUser.on(other, "bob");
  }

  @AfterAll
  void stop() throws InterruptedException {
    try {
      if (hearth != null) {
        hearth.close();
      }
    } finally {
      if (other != null) {
        other.close();
      }
    }
  }

  /// The local part of an alias that no other room has.
  String alias() {
    return "room-" + rooms++;
  }

  /// A room that others join as they like.
  String roomOf(SyncedUser user, String version) {
    return user.makeRoom(version, alias());
  }

  /// A room of alice's that bob has joined.
  String together(String version) {
    String room = roomOf(alice, version);
    bob.join(room, hearth);
    alice.awaitMembership(room, bob.id(), "join");
    return room;
  }

  /// The server that a user is on.
  FederatedServer of(SyncedUser user) {
    return user.id().equals(alice.id()) ? hearth : other;
  }
}
