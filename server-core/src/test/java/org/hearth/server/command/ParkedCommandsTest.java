package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.http.TestClient.encoded;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Homeserver;
import org.hearth.server.ServerState;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `hearth parked` on a message that cannot be handled, because a row of its room is damaged.
@Tag("long")
class ParkedCommandsTest {
  private static final String ROOMS = "/_matrix/client/v3/rooms/";
  private static final String CONFIGURATION =
      """
      server-name: hearth.test
      listeners: [ { port: 0 } ]
      registration: { mode: open }
      rate-limits: { enabled: false }
      """;
  private static final String POWER_LEVELS =
      " WHERE key_nid = (SELECT k.key_nid FROM room_state_key k WHERE k.room_nid = room_event.room_nid"
          + " AND k.type = 'm.room.power_levels')";

  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init")
  private Homeserver server;

  @SuppressWarnings("NullAway.Init")
  private String token;

  private String room = "";

  /// What a command said.
  private record Said(int exit, String out, String err) {}

  @BeforeEach
  void makeARoom() throws Exception {
    WholeServer.prepare(new DataFolder(folder));
    Files.writeString(folder.resolve("hearth.yaml"), CONFIGURATION);
    start();
    TestClient anybody = TestClient.of(address());
    token =
        anybody
            .post(
                "/_matrix/client/v3/register",
                "{'username': 'alice', 'password': 'a good password', 'auth': {'type': 'm.login.dummy'}}")
            .expect(200)
            .text("access_token");
    room = alice().post("/_matrix/client/v3/createRoom", "{}").expect(200).text("room_id");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void whatIsParkedIsListedTriedAgainAndHandled() throws Exception {
    assertThat(hearth("parked").out()).isEqualTo("Nothing is parked.\n");
    park();

    assertThat(hearth("parked").out())
        .startsWith("room-input room-input " + room + ": 1 entry since ")
        .contains("standing of number 99")
        .hasLineCount(1);
    Said again = hearth("parked", "retry", "room-input", "room-input", room);
    assertThat(again.out()).isEqualTo("0 handled, 0 discarded, 1 parked still\n");
    assertThat(again.exit()).isEqualTo(1);
    repair();
    Said handled = hearth("parked", "retry", "room-input", "room-input", room);

    assertThat(handled.out()).isEqualTo("1 handled, 0 discarded, 0 parked still\n");
    assertThat(handled.exit()).isZero();
    assertThat(hearth("parked").out()).isEqualTo("Nothing is parked.\n");
    assertThat(newest()).isEqualTo("Held up");
  }

  @Test
  void whatIsParkedIsDiscardedWhileNoServerRuns() throws Exception {
    park();
    server.stop(java.time.Duration.ZERO);

    assertThat(hearth("parked").out()).contains(room);
    Said discarded = hearth("parked", "discard", "room-input", "room-input", room);

    assertThat(discarded.out()).isEqualTo("0 handled, 1 discarded, 0 parked still\n");
    assertThat(discarded.exit()).isZero();
    start();
    assertThat(hearth("parked").out()).isEqualTo("Nothing is parked.\n");
    repair();
    say("After").expect(200);
    assertThat(newest()).isEqualTo("After");
  }

  /// As an earlier version left it.
  @Test
  void whatIsParkedForAReaderThatIsNoMoreIsDiscarded() throws Exception {
    park();
    change("UPDATE dead_letter SET log = 'older-log', consumer = 'older-reader'");
    server.stop(java.time.Duration.ZERO);
    start();

    assertThat(hearth("parked").out()).startsWith("older-log older-reader " + room + ": 1 entry");
    Said again = hearth("parked", "retry", "older-log", "older-reader", room);
    assertThat(again.err()).contains("can only be discarded");
    Said discarded = hearth("parked", "discard", "older-log", "older-reader", room);

    assertThat(discarded.out()).isEqualTo("0 handled, 1 discarded, 0 parked still\n");
    assertThat(hearth("parked").out()).isEqualTo("Nothing is parked.\n");
  }

  @Test
  void whatIsNotParkedIsRefusedWithASentence() {
    Said refused = hearth("parked", "discard", "room-input", "room-input", room);

    assertThat(refused.exit()).isEqualTo(1);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err())
        .isEqualTo(
            "hearth: Nothing of %s is parked in room-input for room-input.\n".formatted(room));
    assertThat(hearth("parked", "retry", "room-input").exit()).isEqualTo(2);
  }

  /// After a restart the server reads the damaged row.
  private void park() throws Exception {
    change("UPDATE room_event SET standing = 99" + POWER_LEVELS);
    server.stop(java.time.Duration.ZERO);
    start();
    say("Held up").expect(500);
  }

  private void repair() throws SQLException {
    change("UPDATE room_event SET standing = 0" + POWER_LEVELS);
  }

  private void change(String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection("jdbc:derby:" + folder.resolve("database/derby"));
        Statement statement = connection.createStatement()) {
      assertThat(statement.executeUpdate(sql)).isEqualTo(1);
    }
  }

  private TestClient.Answer say(String text) {
    return alice()
        .put(
            ROOMS + encoded(room) + "/send/m.room.message/" + encoded(text),
            "{'msgtype': 'm.text', 'body': '" + text + "'}");
  }

  private String newest() {
    return alice()
        .get(ROOMS + encoded(room) + "/messages?dir=b&limit=1")
        .expect(200)
        .json()
        .at("/chunk/0/content/body")
        .asText();
  }

  private void start() throws StartFailedException {
    server =
        new Homeserver(
            new DataFolder(folder), ConfigurationReader.read(folder.resolve("hearth.yaml")));
    server.start();
  }

  private URI address() {
    return switch (server.state()) {
      case ServerState.Running running -> URI.create(running.addresses().getFirst());
      default -> throw new IllegalStateException("the server does not run: " + server.state());
    };
  }

  private TestClient alice() {
    return TestClient.of(address()).as(token);
  }

  private Said hearth(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--data-dir", folder.toString()));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exit =
        Commands.run(
            null,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            all.toArray(String[]::new));
    return new Said(
        exit,
        out.toString(StandardCharsets.UTF_8).replace("\r\n", "\n"),
        err.toString(StandardCharsets.UTF_8).replace("\r\n", "\n"));
  }
}
