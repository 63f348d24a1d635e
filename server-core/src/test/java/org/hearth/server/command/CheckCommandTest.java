package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import org.hearth.ringlogs.LogSet;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.store.DamagedPage;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `hearth check --database`, on a database with a room.
final class CheckCommandTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int DERBYS_PAGE_BYTES = 4096;
  private static final ServerName SERVER = ServerName.parse("hearth.test");
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final RoomId ROOM = RoomId.parse("!room:hearth.test");

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  @TempDir private Path folder;

  @BeforeEach
  void makeARoom() throws IOException, InterruptedException {
    StoreExtension.layTables(folder);
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0));
        RoomServer rooms =
            new RoomServer(
                store,
                SERVER,
                TestKeys.of(SERVER),
                InstantSource.system(),
                new SplittableRandom(1),
                RoomServerOptions.standard())) {
      LogSet logs = new LogSet(rooms.logs());
      logs.start(store.head());
      RoomReply reply =
          rooms
              .input()
              .writer("Tests")
              .submit(
                  new RoomInput.CreateRoom(
                      ROOM,
                      "11",
                      1_000,
                      EventDraft.create(
                          ROOM,
                          ALICE,
                          JsonNodeFactory.instance.objectNode().put("room_version", "11")),
                      List.of(
                          EventDraft.state(
                              ROOM,
                              ALICE,
                              StateKey.member(ALICE.value()),
                              JsonNodeFactory.instance.objectNode().put("membership", "join")))),
                  PATIENCE)
              .await(PATIENCE);
      assertThat(reply).isInstanceOf(RoomReply.Done.class);
      assertThat(logs.drainAndStop(PATIENCE)).isTrue();
    }
  }

  private void damage(String table, String sql) {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      store
          .committer()
          .commit(
              "damage",
              List.of(RowChange.of(new Table(table, "a test's", "the test"), sql, (_, _) -> {})),
              List.of());
    }
  }

  private int check(String... more) {
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    String[] arguments = new String[more.length + 3];
    arguments[0] = "check";
    arguments[1] = "--data-dir";
    arguments[2] = folder.toString();
    System.arraycopy(more, 0, arguments, 3, more.length);
    return Commands.run(null, out, out, arguments);
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void saysThatEverythingFitsTogether() {
    assertThat(check("--database")).isZero();
    assertThat(said()).isEqualTo("Everything fits together." + System.lineSeparator());
  }

  @Test
  void saysWhatDoesNotFit() {
    damage("room_member", "UPDATE room_member SET membership = 4");

    assertThat(check("--database")).isEqualTo(1);
    assertThat(said())
        .contains(
            "!room:hearth.test: the membership of @alice:hearth.test is not what its event says")
        .endsWith("1 problem found." + System.lineSeparator());
  }

  @Test
  void saysWhichTableIsDamagedAndWhatToDo() throws IOException {
    DamagedPage.make(folder, "!room:hearth.test");

    assertThat(check("--database")).isEqualTo(1);

    assertThat(said().lines())
        .satisfiesExactly(
            line ->
                assertThat(line).matches("The table \\w+ cannot be read: Invalid checksum .*\\."),
            line -> assertThat(line).isEqualTo("1 problem found."),
            line -> assertThat(line).contains("restore the newest backup"));
    assertThat(said()).doesNotContain("xception");
  }

  /// A backup reads them, and would end the server.
  @ParameterizedTest
  @CsvSource({"c150, sysdepends", "c2f0, sysdummy1", "c101, sysconstraints", "c180, sysaliases"})
  void damageOfATableOfDerbyIsFound(String file, String table) throws IOException {
    Path pages = folder.resolve("database/derby/seg0").resolve(file + ".dat");
    byte[] bytes = Files.readAllBytes(pages);
    bytes[DERBYS_PAGE_BYTES + DERBYS_PAGE_BYTES / 2] ^= 1;
    Files.write(pages, bytes);

    assertThat(check("--database")).isEqualTo(1);

    assertThat(said())
        .startsWith("The table %s cannot be read: Invalid checksum".formatted(table))
        .contains("1 problem found.", "restore the newest backup");
  }

  @Test
  void findsAStateThatIsGone() {
    damage("room_state", "DELETE FROM room_state");

    assertThat(check("--database")).isEqualTo(1);
    assertThat(said()).contains("!room:hearth.test").contains("found.");
  }

  @Test
  void asksWhatToCheck() {
    assertThat(check()).isEqualTo(2);
    assertThat(said()).contains("--database");
  }
}
