package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.Homeserver;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.Alert;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `hearth user` and `hearth status`, as a person reads them.
final class UserCommandsTest extends TypedCommands {
  @BeforeEach
  void write() throws IOException {
    configure("");
  }

  @Test
  void whereThereIsNoServerTheOptionForAnotherFolderIsNamed() {
    String none = folder.resolve("none").toString();

    assertThat(alone("user", "list", "--data-dir", none)).isEqualTo(1);
    assertThat(said())
        .isEqualTo(
            "hearth: There is no configuration at %s. Name the data folder of your server with --data-dir.\n"
                .formatted(folder.resolve("none/hearth.yaml")));
  }

  @Test
  void aServerThatIsAboutToAnswerIsWaitedFor() throws IOException, InterruptedException {
    AtomicInteger code = new AtomicInteger(-1);
    Thread asking = new Thread(() -> code.set(hearth("user", "list")));
    try (Store holder = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      assertThat(holder.reads()).isNotNull();
      asking.start();
      while (asking.isAlive() && asking.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      try (ControlPort _ =
          ControlPort.open(new DataFolder(folder), new SecureRandom(), new Nobody())) {
        asking.join();
      }
    }

    assertThat(said()).isEqualTo("There are no accounts.\n");
    assertThat(code).hasValue(0);
  }

  /// A server without accounts.
  private static final class Nobody implements ControlPort.Handler {
    @Override
    public JsonNode handle(ControlRequest request) {
      return JsonNodeFactory.instance.objectNode();
    }

    @Override
    public void answered(ControlRequest request) {}
  }

  @Test
  void lastOwnerIsNeitherClosedNorMadeAMember() {
    assertThat(hearth("user", "create", "alice", "--admin")).isZero();
    assertThat(hearth("user", "create", "bob")).isZero();

    assertThat(hearth("user", "deactivate", "alice", "--yes")).isEqualTo(1);
    assertThat(said())
        .isEqualTo(
            "hearth: @alice:hearth.test is the only owner of this server. Make somebody else an owner first.\n");
    assertThat(hearth("user", "make-member", "alice")).isEqualTo(1);
    assertThat(said()).contains("only owner");

    assertThat(hearth("user", "make-owner", "bob")).isZero();
    assertThat(hearth("user", "make-member", "alice")).isZero();
    assertThat(hearth("user", "deactivate", "alice", "--yes")).isZero();
    assertThat(hearth("user", "list")).isZero();
    assertThat(said().lines())
        .anyMatch(line -> line.matches("@alice:hearth.test +closed .*"))
        .anyMatch(line -> line.matches("@bob:hearth.test +owner .*"));
  }

  @Test
  void whoTypesCapitalsIsToldWhatBecameOfThem() {
    assertThat(hearth("user", "create", "Alice")).isZero();
    assertThat(said())
        .startsWith(
            """
            Made @alice:hearth.test
            The ids of users have no capitals: Alice became @alice:hearth.test.
            Password: \
            """);

    assertThat(hearth("user", "create", "bob")).isZero();
    assertThat(said()).doesNotContain("capitals");
  }

  @Test
  void ownersAreWarnedWhileThereIsOneAlone() throws StartFailedException {
    assertThat(hearth("user", "create", "alice", "--admin")).isZero();
    assertThat(hearth("user", "create", "bob")).isZero();
    try (Homeserver server = server()) {
      server.start();
      Admin admin = server.admin().orElseThrow();

      assertThat(admin.alerts(10))
          .extracting(Alert::subject, Alert::text)
          .containsExactly(tuple("@alice:hearth.test", "This is the only owner of the server."));
      assertThat(hearth("user", "make-owner", "bob")).isZero();
      assertThat(admin.alerts(10)).isEmpty();
    }
  }

  @Test
  void nothingIsClosedWithoutAYes() {
    assertThat(hearth("user", "create", "alice")).isZero();

    assertThat(hearth("user", "deactivate", "alice")).isEqualTo(1);

    // Not as a line to be copied: it would lack the data folder, and close another server's alice.
    assertThat(said()).contains("Nothing was changed", "--yes").doesNotContain("hearth user");
    assertThat(hearth("user", "list")).isZero();
    assertThat(said()).contains("member").doesNotContain("closed");
  }

  @Test
  void aListOfNobodySaysSo() {
    assertThat(hearth("user", "list")).isZero();
    assertThat(said()).isEqualTo("There are no accounts.\n");
    assertThat(hearth("user", "list", "zoe")).isZero();
    assertThat(said()).isEqualTo("No account is found by zoe.\n");
  }

  @Test
  void aListThatIsNotWholeSaysSo() {
    assertThat(hearth("user", "create", "alice")).isZero();
    assertThat(hearth("user", "list")).isZero();
    assertThat(said()).hasLineCount(1);
    List<RowChange> many = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      String user = "@user%05d:hearth.test".formatted(i);
      many.add(
          RowChange.of(
              new Table("account", "a test's", "the test"),
              "INSERT INTO account (user_id, is_admin, is_guest, is_locked, is_deactivated,"
                  + " is_erased, is_leaving, created_millis) VALUES (?, FALSE, FALSE, FALSE, FALSE,"
                  + " FALSE, FALSE, 1)",
              (statement, _) -> statement.setString(1, user)));
    }
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      var _ = store.committer().commit("test", many, List.of());
    }

    assertThat(hearth("user", "list")).isZero();

    assertThat(said().lines())
        .hasSize(10_001)
        .last()
        .isEqualTo(
            "There are more than these 10,000: type a part of the id to have others listed.");
    assertThat(hearth("user", "list", "user09999")).isZero();
    assertThat(said()).hasLineCount(1);
  }

  @Test
  void groupsListTheirCommandsAndTheProgramTellsItsVersion() {
    assertThat(alone("user")).isEqualTo(2);
    assertThat(said()).contains("create", "list", "make-owner", "make-member", "deactivate");
    assertThat(alone("token")).isEqualTo(2);
    assertThat(said()).contains("create", "list", "end");
    assertThat(alone()).isEqualTo(2);
    assertThat(said()).contains("serve", "user", "backup");
    assertThat(alone("--version")).isZero();
    assertThat(said()).startsWith("Hearth ");
    assertThat(alone("user", "--help")).isZero();
    assertThat(said()).contains("make-owner");
  }

  @Test
  void statusSpeaksInUnitsAndWords() throws StartFailedException {
    try (Homeserver server = server()) {
      server.start();

      assertThat(hearth("status")).isZero();
      assertThat(said())
          .containsPattern("State +running for \\d+ s\n")
          .containsPattern("Memory +\\d+\\.\\d MB in use\n")
          .containsPattern("Database +\\d+\\.\\d MB, \\d+\\.\\d [GT]B free on its disk\n")
          .doesNotContain("-bytes");
      assertThat(hearth("status", "--json")).isZero();
      assertThat(said()).startsWith("{\"state\":\"running\"").contains("\"heap-bytes\":");
    }
    assertThat(hearth("status")).isEqualTo(1);
    assertThat(said()).isEqualTo("Not running.\n");
  }
}
