package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javafx.application.Platform;
import javafx.scene.control.TableView;
import javafx.stage.Stage;
import org.hearth.server.admin.Person;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.framework.junit5.Start;

/// A server with ten thousand people.
@ExtendWith(ApplicationExtension.class)
class LongListTest {
  private static final int PEOPLE = 10_000;
  private static final long LONGEST_PAUSE_MILLIS = 1_000;

  @TempDir Path folder;

  @SuppressWarnings("NullAway.Init")
  private Panel panel;

  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"));
  }

  @AfterEach
  void stop() {
    panel.close();
  }

  @Test
  void tenThousandPeopleArriveAreSearchedAndSortedWithoutAPause() throws Exception {
    panel.admin();
    new Rows(folder.resolve("data")).addPeople(PEOPLE);

    try (Pauses pauses = new Pauses()) {
      panel.go("people");
      panel.await("the first", () -> panel.rows("people-table") > 0);
      panel.await("all", () -> panel.text("people-count").equals("10,000 accounts"));
      assertThat(panel.rows("people-table")).isEqualTo(PEOPLE);
      panel.clickHead("people-table", "Id");
      panel.clickHead("people-table", "Id");
      panel.await("the last first", () -> first().userId().equals("@p09999:home.example"));
      panel.screenshot("people-many");

      panel.type("people-search", "person 777");
      panel.await("those of that name", () -> panel.text("people-count").equals("11 accounts"));
      assertThat(first().displayName()).contains("Person 7779");
      panel.robot().clickOn("#people-search").eraseText(10).write("@p04242");
      panel.await("the one of that id", () -> panel.text("people-count").equals("1 account"));
      panel.robot().clickOn("#people-search").eraseText(7);
      panel.await("all again", () -> panel.text("people-count").equals("10,000 accounts"));

      assertThat(pauses.longestMillis())
          .as("the longest that the window stood still, in ms")
          .isLessThan(LONGEST_PAUSE_MILLIS);
    }
  }

  private Person first() {
    TableView<Person> table = panel.robot().lookup("#people-table").queryTableView();
    return table.getItems().getFirst();
  }

  /// Measures how long the JavaFX thread takes to come to something that it is asked to do.
  private static final class Pauses implements AutoCloseable {
    private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor();
    private final AtomicLong longestNanos = new AtomicLong();
    private final ScheduledFuture<?> ticking;

    Pauses() {
      ticking = ticks.scheduleWithFixedDelay(this::tick, 0, 20, TimeUnit.MILLISECONDS);
    }

    private void tick() {
      long asked = System.nanoTime();
      Platform.runLater(() -> longestNanos.accumulateAndGet(System.nanoTime() - asked, Math::max));
    }

    long longestMillis() {
      return TimeUnit.NANOSECONDS.toMillis(longestNanos.get());
    }

    @Override
    public void close() {
      ticking.cancel(false);
      ticks.shutdown();
    }
  }
}
