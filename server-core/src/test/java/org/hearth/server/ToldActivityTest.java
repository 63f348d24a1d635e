package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.Set;
import org.apache.derby.jdbc.EmbeddedDriver;
import org.hearth.server.admin.ActivityEntry;
import org.hearth.server.admin.Admin;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.TestClient;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Kind;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a whole server tells its owner of what happened.
@Tag("long")
class ToldActivityTest {
  private static final Set<Kind> STARTED = Set.of(Kind.SERVER_STARTED, Kind.SIGNED_IN);
  private static final Set<Kind> STOPPED = Set.of(Kind.SERVER_STARTED, Kind.SERVER_STOPPED);

  @TempDir private Path folder;

  @Test
  void accountsSignInsFailuresAndTheOwnersActionsAreKeptWithWhoDidThem() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      logIn(server, "wrong").expect(403);
      logIn(server, WholeServer.PASSWORD).expect(200);
      alice.post("/_matrix/client/v3/logout", "{}").expect(200);
      Admin admin = server.homeserver().admin().orElseThrow();
      admin.createPerson("bob", WholeServer.PASSWORD, true);
      admin.setAdmin("@alice:hearth.test", true);
      admin.deactivate("@bob:hearth.test", false);
      server.stop();
      server.start();

      List<ActivityEntry> all = server.homeserver().admin().orElseThrow().activity(0, 100);

      assertThat(all)
          .extracting(ActivityEntry::text)
          .startsWith(
              "The server started.",
              "The account @alice:hearth.test was made.",
              "A wrong password for @alice:hearth.test.",
              "@alice:hearth.test signed in.",
              "@alice:hearth.test signed out.",
              "The account @bob:hearth.test was made.",
              "@bob:hearth.test became an owner.",
              "@alice:hearth.test became an owner.",
              "The account @bob:hearth.test was closed for good.",
              "The server was stopped.");
      assertThat(all.get(2).trouble()).isTrue();
      assertThat(all.get(2).by()).startsWith("127.0.0.1");
      assertThat(all.get(5).by()).isEqualTo("this computer");
    }
  }

  @Test
  void ofARegistrationTokenOnlyTheBeginningIsKept() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      Admin admin = server.homeserver().admin().orElseThrow();
      admin.createToken(Optional.of("garden-party-2026"), OptionalInt.empty(), Optional.empty());
      admin.createToken(Optional.of("abcdef"), OptionalInt.empty(), Optional.empty());
      admin.endToken("garden-party-2026");
      server.stop();
      server.start();

      assertThat(server.homeserver().admin().orElseThrow().activity(0, 100))
          .extracting(ActivityEntry::text)
          .contains(
              "The registration token gard… was made.",
              "The registration token ab… was made.",
              "The registration token gard… was withdrawn.");
    }
  }

  @Test
  void anEndThatNobodyAskedForIsNotedAtTheNextStart() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      server.homeserver().stopForOwner(Duration.ZERO);
      server.start();
      server.stop();
      // A server that is killed does not come to note that.
      forgetLast(Kind.SERVER_STOPPED);
      server.start();
      server.stop();
      server.start();

      List<ActivityEntry> all = server.homeserver().admin().orElseThrow().activity(0, 100);

      assertThat(all)
          .extracting(ActivityEntry::text)
          .startsWith(
              "The server started.",
              "The server was stopped.",
              "The server started.",
              "The server was not stopped in order before this start: it was killed, it crashed, or the computer went off.",
              "The server started.",
              "The server was stopped.");
      assertThat(all).filteredOn(ActivityEntry::trouble).containsExactly(all.get(3));
      assertThat(all.get(1).by()).isEqualTo("this computer");
      assertThat(all.get(5).by()).isEqualTo("the server");
    }
  }

  private Optional<Happening> untold(Set<Kind> noted, Optional<String> failure) {
    return RunBefore.untold(new DataFolder(folder), noted, failure);
  }

  @Test
  void anEndInOrderAndAFirstStartLeaveNothingToTell() {
    assertThat(untold(Set.of(), Optional.empty())).isEmpty();
    assertThat(untold(STOPPED, Optional.empty())).isEmpty();
  }

  @Test
  void anEndWithoutAStopIsTold() {
    assertThat(untold(STARTED, Optional.empty()))
        .hasValue(new Happening(Kind.SERVER_BROKE_OFF, "", Happening.SERVER));
  }

  @Test
  void theFaultIsToldWhereItIsKnown() {
    Happening crash = new Happening(Kind.SERVER_BROKE_OFF, "Java had crashed.", Happening.SERVER);

    assertThat(untold(STARTED, Optional.of("Java had crashed."))).hasValue(crash);
    assertThat(untold(STOPPED, Optional.of("Java had crashed."))).hasValue(crash);
  }

  @Test
  void aFailureThatWasNotedThenIsNotToldAgain() {
    Set<Kind> failed = Set.of(Kind.SERVER_STARTED, Kind.SERVER_FAILED);

    assertThat(untold(failed, Optional.of("A thread has ended."))).isEmpty();
    assertThat(untold(failed, Optional.empty())).isEmpty();
  }

  @Test
  void aRestoredBackupIsToldOnceAndItsServerHadNotBrokenOff() throws Exception {
    Path backup = Path.of("backups", "daily-20260301-040000");
    RunBefore.keepRestored(new DataFolder(folder), backup);

    assertThat(untold(STARTED, Optional.empty()))
        .hasValue(new Happening(Kind.BACKUP_RESTORED, backup.toString(), Happening.OWNER));
    assertThat(folder).isEmptyDirectory();
  }

  private void forgetLast(Kind kind) throws SQLException {
    String address = "jdbc:derby:" + folder.resolve("database/derby");
    try (Connection connection = new EmbeddedDriver().connect(address, new Properties());
        Statement change = connection.createStatement()) {
      assertThat(
              change.executeUpdate(
                  "DELETE FROM activity WHERE number = (SELECT MAX(number) FROM activity) AND kind = '%s'"
                      .formatted(kind)))
          .isOne();
    }
    try {
      new EmbeddedDriver().connect(address + ";shutdown=true", new Properties());
    } catch (SQLException e) {
      assertThat(e.getSQLState()).isEqualTo("08006"); // How Derby says that it has shut down.
    }
  }

  private static TestClient.Answer logIn(WholeServer server, String password) {
    return server
        .client()
        .post(
            "/_matrix/client/v3/login",
            "{'type': 'm.login.password', 'user': 'alice', 'password': '%s'}".formatted(password));
  }
}
