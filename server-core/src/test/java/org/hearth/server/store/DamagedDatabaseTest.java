package org.hearth.server.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.hearth.ringlogs.DeadLetter;
import org.hearth.ringlogs.EncodedEntry;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.LogLine;
import org.hearth.server.LogTail;
import org.hearth.server.ServerState;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.hearth.server.http.TestClient;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// One page of the database is damaged.
@Tag("long")
class DamagedDatabaseTest {
  /// Short, so that each line that Derby prints of a page has it.
  private static final String SECRET = "zqxv";

  private static final String FILTERS = "/_matrix/client/v3/user/@alice:hearth.test/filter";

  @TempDir Path folder;

  @Test
  void theServerSaysThatTheDatabaseIsDamagedAndNothingOfThePage() throws Exception {
    String room;
    String filter;
    String token;
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      token = server.newAccount("alice").text("access_token");
      TestClient alice = server.client().as(token);
      room = WholeServer.openRoom(alice);
      filter =
          alice
              .post(FILTERS, "{'event_fields': ['%s']}".formatted(SECRET.repeat(300)))
              .expect(200)
              .text("filter_id");
    }
    DamagedPage.make(folder, SECRET.repeat(200));
    try (WholeServer server = new WholeServer(folder)) {
      CompletableFuture<ServerState.Failed> told = server.failure();
      server.start();
      TestClient alice = server.client().as(token);
      long before = LogTail.ofThisProcess().after(0).getLast().number();

      TestClient.Answer read = alice.get(FILTERS + "/" + filter);

      assertThat(read.status()).isEqualTo(503);
      ServerState.Failed failed = told.get(1, TimeUnit.MINUTES);
      assertThat(failed.reason()).endsWith("is damaged.");
      assertThat(failed.remedy()).contains("hearth restore", "hearth check --database");
      assertThat(server.homeserver().isDamaged()).isTrue();
      assertThat(LogTail.ofThisProcess().after(before))
          .filteredOn(
              line -> line.level() == LogLine.Level.ERROR && line.message().contains("is damaged"))
          .extracting(LogLine::component)
          .as("with its trace, and with what to do")
          .containsExactly("store", "server");
      assertThat(
              alice
                  .put(
                      "/_matrix/client/v3/rooms/%s/send/m.room.message/later"
                          .formatted(TestClient.encoded(room)),
                      "{'msgtype': 'm.text', 'body': 'x'}")
                  .status())
          .isEqualTo(503);
      JsonNode status =
          ControlPort.ask(server.homeserver().folder(), new ControlRequest("status", Map.of()))
              .orElseThrow();
      assertThat(status.path("failure").asText())
          .isEqualTo(failed.reason() + " " + failed.remedy());
      // What others log of a page goes the same way.
      LoggerFactory.getLogger(DamagedDatabaseTest.class)
          .error(
              "a library failed",
              new SQLException("page dump follows: Hex dump:\n00000000: 7a71 7876  " + SECRET));
      assertThat(read.json().toString() + status + failed).doesNotContain(SECRET, "Hex dump");
    }
    assertThat(Files.readString(folder.resolve("logs/hearth.log"), ISO_8859_1))
        .contains("Invalid checksum", "is damaged")
        .contains("java.sql.SQLException: page dump left out", "\tat org.hearth")
        .doesNotContain(SECRET, "Hex dump");
    assertThat(LogTail.ofThisProcess().after(0)).noneMatch(each -> each.message().contains(SECRET));
  }

  @Test
  void aStartThatMeetsTheDamageIsRefused() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
        store
            .deadLetters()
            .park(
                new DeadLetter(
                    "room-output",
                    "user-directory",
                    "!room",
                    new LogPosition(1),
                    new EncodedEntry(1, new byte[0]),
                    DeadLetter.Reason.FAILED,
                    SECRET.repeat(1_000),
                    Instant.EPOCH));
      }
      DamagedPage.make(folder, SECRET.repeat(200));

      StartFailedException refused =
          catchThrowableOfType(StartFailedException.class, server::start);

      assertThat(refused.reason()).endsWith("is damaged.");
      assertThat(refused.remedy()).contains("hearth restore", "hearth check --database");
      // Which ends `hearth serve` as a refusal: nothing starts it again.
      assertThat(refused).hasCauseInstanceOf(StoreRefusedException.class);
      StringWriter printed = new StringWriter();
      refused.printStackTrace(new PrintWriter(printed, true));
      assertThat(printed.toString()).doesNotContain(SECRET, "Hex dump");
    }
  }

  /// What the start notes last is in the list of what happened.
  @Test
  void aStartThatMeetsTheDamageAtItsEndIsRefused() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
        store
            .committer()
            .commit(
                "test",
                List.of(
                    RowChange.of(
                        new Table("activity", "a test's", "the test"),
                        "INSERT INTO activity VALUES (1, 0, 'SERVER_STARTED', ?, 'x')",
                        (statement, _) -> statement.setString(1, SECRET.repeat(100)))),
                List.of());
      }
      DamagedPage.make(folder, SECRET.repeat(100));

      StartFailedException refused =
          catchThrowableOfType(StartFailedException.class, server::start);

      assertThat(refused)
          .hasCauseInstanceOf(StoreRefusedException.class)
          .hasMessageContainingAll("is damaged.", "restore the newest backup")
          .hasMessageNotContaining("Invalid checksum");
      assertThat(server.homeserver().state())
          .isEqualTo(
              new ServerState.Failed(
                  refused.reason(), refused.remedy(), OptionalInt.empty(), true));
    }
    assertThat(Files.readString(folder.resolve("logs/hearth.log"), ISO_8859_1))
        .contains("Invalid checksum")
        .doesNotContain(SECRET, "Hex dump");
  }

  /// A reader of the log meets the page, at the start or soon after it, and waits.
  @Test
  void theEndOfTheServerDoesNotWaitForLogsThatCannotBeRead() throws Exception {
    try (WholeServer server = new WholeServer(folder)) {
      server.start();
      TestClient alice = server.register("alice");
      String room = WholeServer.openRoom(alice);
      alice
          .put(
              "/_matrix/client/v3/rooms/%s/send/m.room.message/1"
                  .formatted(TestClient.encoded(room)),
              "{'msgtype': 'm.text', 'body': '%s'}".formatted(SECRET.repeat(1_000)))
          .expect(200);
    }
    DamagedPage.make(folder, SECRET.repeat(200));
    try (WholeServer server = new WholeServer(folder)) {
      CompletableFuture<ServerState.Failed> told = server.failure();
      @Nullable StartFailedException refused =
          catchThrowableOfType(StartFailedException.class, server::start);

      assertThat(told.get(1, TimeUnit.MINUTES).reason()).endsWith("is damaged.");
      assertThat(refused == null || refused.getCause() instanceof StoreRefusedException).isTrue();
    }
    assertThat(Files.readString(folder.resolve("logs/hearth.log"), ISO_8859_1))
        .contains("is damaged")
        .contains("some logs were not waited for, since nothing can be stored any more")
        .doesNotContainPattern("after [0-9]+ s some logs were stopped");
  }
}
