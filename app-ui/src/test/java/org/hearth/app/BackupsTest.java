package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import javafx.scene.control.TableView;
import javafx.stage.Stage;
import org.hearth.server.InPlaceRestore;
import org.hearth.server.ServerState;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.testfx.framework.junit5.Start;

/// Backups: made, checked and restored on a server that runs, is stopped, or has failed.
class BackupsTest extends WithPanel {
  private static final String PASSWORD = "a good password";

  @Start
  void open(Stage stage) {
    stage.setWidth(1000);
    stage.setHeight(700);
    panel =
        Panel.onServer(
            stage, folder.resolve("data"), Panel.ANY_PORT + "rate-limits: { enabled: false }\n");
  }

  private DataFolder data() {
    return panel.session().folder().get();
  }

  private Chat person(String name) {
    panel.admin().createPerson(name, PASSWORD, false);
    return Chat.signIn(panel.address(), name, PASSWORD);
  }

  private void makeOne() {
    int before = panel.rows("backup-table");
    panel.await("it may be made", () -> !disabled("backup-now"));
    panel.click("backup-now");
    panel.await("it is made", () -> panel.text("backup-outcome").startsWith("The backup is made"));
    panel.await("it is listed", () -> panel.rows("backup-table") == before + 1);
  }

  private boolean disabled(String id) {
    return panel.robot().lookup("#" + id).query().isDisabled();
  }

  private void select(int row) {
    TableView<?> table = panel.robot().lookup("#backup-table").queryTableView();
    panel.robot().interact(() -> table.getSelectionModel().select(row));
  }

  private List<Path> backups() throws IOException {
    try (Stream<Path> all = Files.list(data().backups())) {
      return all.sorted().toList();
    }
  }

  @Test
  void aBackupIsMadeCheckedAndFoundDamaged() throws Exception {
    panel.admin();
    panel.go("backups");
    panel.await("the plan", () -> panel.text("backup-plan").startsWith("The next backup is made"));
    assertThat(panel.text("backup-place")).isEqualTo(data().backups().toString());
    assertThat(panel.text("backup-doubt")).contains("if the disk fails, both are gone");
    assertThat(panel.text("backup-last")).startsWith("The 7 newest daily ones are kept");
    assertThat(disabled("backup-check")).isTrue();
    assertThat(disabled("backup-restore")).isTrue();
    panel.screenshot("backups-empty");

    makeOne();
    assertThat(panel.text("backup-last")).startsWith("The last one was made today, ");
    select(0);
    panel.click("backup-check");
    panel.await("checked", () -> panel.text("backup-outcome").contains("Its database opens."));
    assertThat(panel.text("backup-outcome")).contains("is whole: ");
    panel.await("in the list", () -> row().getLast().startsWith("whole, "));
    assertThat(row().subList(1, 4)).contains("by hand", "whole");
    panel.screenshot("backups");

    Path backup = backups().getFirst();
    Files.writeString(backup.resolve("hearth.yaml"), "# somebody was here\n");
    panel.click("backup-check");
    panel.await("found", () -> panel.text("backup-problem").contains("hearth.yaml is not as it"));
    panel.await("in the list", () -> row().getLast().startsWith("▲ damaged, "));
    Files.createDirectories(
        data()
            .backups()
            .resolve("daily-20260101-040000.00000000-0000-0000-0000-000000000000.partial"));
    panel.await("one that was not finished", () -> panel.rows("backup-table") == 2);
    panel.resize(860, 600);
    panel.await(
        "whole heads in the smallest window",
        () -> panel.cut("#backup-table .column-header .label").isEmpty());
    assertThat(panel.cut("#backup-table .table-cell")).isEmpty();
    panel.screenshot("backups-damaged");
    panel.click("backup-open");
    assertThat(panel.opened()).containsExactly(data().backups().toUri().toString());
  }

  /// What the first row shows, column by column.
  private List<String> row() {
    return panel.robot().lookup("#backup-table .table-row-cell").queryAll().stream()
        .sorted(java.util.Comparator.comparingDouble(javafx.scene.Node::getLayoutY))
        .findFirst()
        .map(row ->
            panel.robot().from(row).lookup(".table-cell").queryAll().stream()
                .sorted(java.util.Comparator.comparingDouble(javafx.scene.Node::getLayoutX))
                .map(cell -> ((javafx.scene.control.Labeled) cell).getText())
                .toList())
        .orElse(List.of(""));
  }

  /// Derby waits with its copy as long as its files are to stay as they are.
  @Test
  void aBackupIsFollowedAndCancelledAndLeavesNothing() throws Exception {
    panel.admin();
    panel.go("backups");
    Rows rows = new Rows(data().root());
    rows.change("CALL SYSCS_UTIL.SYSCS_FREEZE_DATABASE()");
    try {
      panel.click("backup-now");
      panel.await("it is being made", () -> panel.text("backup-work").contains("copying"));
      assertThat(disabled("backup-now")).isTrue();
      panel.screenshot("backups-making");
      panel.resize(860, 600);
      panel.await("whole words", () -> panel.cut("#backup-work").isEmpty());
      panel.screenshot("backups-making-860");
      panel.resize(1000, 700);
      panel.click("backup-cancel");
      panel.await("it is ended", () -> panel.text("backup-work").contains("cancelling"));
      assertThat(disabled("backup-cancel")).isTrue();
    } finally {
      rows.change("CALL SYSCS_UTIL.SYSCS_UNFREEZE_DATABASE()");
    }
    panel.await("it is over", () -> panel.text("backup-outcome").contains("cancelled"));
    assertThat(backups()).isEmpty();
    assertThat(panel.rows("backup-table")).isZero();
    makeOne();
  }

  @Test
  void theDataGoBackToABackupAndWhatWasThereIsKept() throws Exception {
    Chat alice = person("alice");
    String garden = alice.createRoom(Map.of("name", "The garden"));
    alice.say(garden, "before").granted();
    panel.go("backups");
    makeOne();
    alice.say(garden, "after").granted();
    panel.admin().createPerson("bob", PASSWORD, false);
    ServerState was = panel.session().state().get();

    select(0);
    panel.click("backup-restore");
    panel.screenshot("backups-restore");
    panel.click("form-cancel");
    assertThat(alice.texts(garden)).containsExactly("after", "before");
    panel.click("backup-restore");
    panel.click("restore-do");
    panel.await("it is over", () -> panel.shows("restore-outcome"));
    assertThat(panel.session().state().get())
        .isInstanceOf(ServerState.Running.class)
        .isNotEqualTo(was);
    panel.screenshot("backups-restored");
    String outcome = panel.text("restore-outcome");
    assertThat(outcome).contains("is in its place", data().root() + "/before-restore-");
    panel.click("restore-open");
    assertThat(panel.opened()).singleElement().asString().contains("/before-restore-");
    panel.click("restore-close");

    Chat back = alice.at(panel.address());
    assertThat(back.texts(garden)).containsExactly("before");
    assertThat(panel.admin().people("", 10).items()).hasSize(1);
    panel.await("it is told of", () -> panel.text("backup-kept").contains(" before-restore-"));
    panel.await("the backups are there", () -> panel.rows("backup-table") == 1);
    panel.resize(860, 600);
    panel.screenshot("backups-kept");
    panel.click("backup-kept-open");
    assertThat(panel.opened()).hasSize(2).allMatch(each -> each.contains("/before-restore-"));
    panel.go("activity");
    panel.await(
        "it is noted",
        () ->
            panel.admin().activity(0, 100).stream()
                .anyMatch(each -> each.text().contains("was restored")));
  }

  /// Holds whoever opens the copy of a backup, in the longest step of a check or restore.
  private static final class Held extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final Logger derby = (Logger) LoggerFactory.getLogger("derby");
    private final Level before = derby.getLevel();
    private final CountDownLatch goesOn = new CountDownLatch(1);

    Held() {
      start();
      derby.setLevel(Level.DEBUG);
      derby.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getFormattedMessage().contains(DataFolder.PREPARED)) {
        try {
          goesOn.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }

    @Override
    public void close() {
      goesOn.countDown();
      derby.detachAppender(this);
      derby.setLevel(before);
    }
  }

  @Test
  void aRestoreIsCancelledWhileItCopiesAndABackupThatIsBeingMadeIsNot() throws Exception {
    panel.admin();
    panel.go("backups");
    makeOne();
    ServerState was = panel.session().state().get();
    Rows rows = new Rows(data().root());
    rows.change("CALL SYSCS_UTIL.SYSCS_FREEZE_DATABASE()");
    try {
      select(0);
      try (Held _ = new Held()) {
        panel.click("backup-restore");
        panel.click("restore-do");
        panel.await("it copies", () -> panel.text("restore-work").contains("the database"));
        panel.session().backups().orElseThrow().begin(Optional.empty());
        panel.await("one is made", () -> panel.text("backup-work").startsWith("Making a backup"));
        panel.click("restore-cancel");
        panel.await("it is told", () -> panel.text("restore-work").contains("cancelling"));
        assertThat(disabled("restore-cancel")).isTrue();
      }
      panel.await("it is over", () -> panel.shows("restore-outcome"));
      assertThat(panel.text("restore-outcome"))
          .isEqualTo("The restore was cancelled. Nothing has changed.");
      panel.click("restore-close");
    } finally {
      rows.change("CALL SYSCS_UTIL.SYSCS_UNFREEZE_DATABASE()");
    }

    panel.await("the backup is made", () -> panel.rows("backup-table") == 2);
    assertThat(panel.session().state().get()).isEqualTo(was);
    assertThat(InPlaceRestore.setAside(data())).isEmpty();
  }

  @Test
  void aRestoreThatCannotBeMadeSaysThatNothingHasChanged() throws Exception {
    Chat alice = person("alice");
    String garden = alice.createRoom(Map.of("name", "The garden"));
    panel.go("backups");
    makeOne();
    alice.say(garden, "after").granted();
    ServerState was = panel.session().state().get();
    Files.delete(backups().getFirst().resolve("derby/service.properties"));

    select(0);
    panel.click("backup-restore");
    panel.click("restore-do");
    panel.await("it is over", () -> panel.shows("restore-outcome"));

    assertThat(panel.text("restore-outcome"))
        .contains("service.properties is missing")
        .endsWith("Everything is as it was.");
    assertThat(panel.session().state().get()).isEqualTo(was);
    panel.screenshot("backups-not-restored");
    panel.click("restore-close");
    assertThat(alice.texts(garden)).containsExactly("after");
    panel.go("rooms");
    panel.await("the garden", () -> panel.rows("room-table") == 1);
  }

  @Test
  void aServerThatIsStoppedIsBackedUpAndADamagedOneRestored() throws Exception {
    Chat alice = person("alice");
    String garden = alice.createRoom(Map.of("name", "The garden"));
    alice.say(garden, "before").granted();
    panel.click("server-stop");
    panel.await("stopped", () -> panel.session().state().get() instanceof ServerState.Stopped);
    panel.go("backups");
    panel.await("said", () -> panel.text("backup-plan").contains("does not run"));
    panel.screenshot("backups-stopped");

    makeOne();
    assertThat(panel.session().state().get()).isInstanceOf(ServerState.Stopped.class);
    panel.go("home");
    Files.delete(data().database().resolve("derby").resolve("service.properties"));
    panel.click("server-start");
    panel.await("failed", () -> panel.session().state().get() instanceof ServerState.Failed);
    panel.click("server-backups");
    panel.await("the backup", () -> panel.rows("backup-table") == 1);
    panel.screenshot("backups-failed");
    select(0);
    panel.click("backup-restore");
    panel.click("restore-do");
    panel.await("it is over", () -> panel.shows("restore-outcome"));
    panel.click("restore-close");

    assertThat(alice.at(panel.address()).texts(garden)).containsExactly("before");
  }

  @Test
  void settingsAreWrittenIntoTheConfiguration() throws Exception {
    panel.admin();
    String before = Files.readString(data().configuration());
    ServerState was = panel.session().state().get();
    panel.go("backups");
    panel.await("the plan", () -> panel.text("backup-plan").startsWith("The next backup"));
    panel.click("backup-settings");
    panel.screenshot("backups-settings");
    panel.retype("settings-keep", 1, "0");
    assertThat(panel.text("settings-keep-word")).contains("from 1 to 1,000");
    assertThat(disabled("settings-save")).isTrue();
    panel.retype("settings-keep", 1, "3");
    panel.type("settings-folder", data().database().toString());
    panel.await("refused", () -> panel.text("settings-folder-word").contains("own data"));
    assertThat(disabled("settings-save")).isTrue();
    panel.screenshot("backups-settings-refused");
    panel.click("settings-choose");
    panel.await("a folder", () -> !panel.shows("settings-folder-word"));
    assertThat(panel.text("settings-folder-doubt")).contains("if the disk fails, both are gone");
    panel.resize(860, 600);
    panel.screenshot("backups-settings-860");
    panel.click("settings-daily");
    panel.click("settings-save");

    panel.await(
        "it runs again",
        () -> panel.session().state().get() instanceof ServerState.Running now && !now.equals(was));
    Path chosen = folder.resolve("chosen");
    assertThat(Files.readString(data().configuration()))
        .isEqualTo(before + "backups: { daily: false, keep: 3, folder: '%s' }\n".formatted(chosen));
    panel.await("by themselves", () -> panel.text("backup-plan").startsWith("No backups are made"));
    assertThat(panel.text("backup-place")).isEqualTo(chosen.toString());
    panel.resize(1000, 700);
    makeOne();
    assertThat(chosen).isNotEmptyDirectory();
  }
}
