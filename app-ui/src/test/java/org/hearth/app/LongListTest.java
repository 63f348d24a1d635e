package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javafx.application.Platform;
import javafx.scene.control.TableView;
import javafx.stage.Stage;
import org.hearth.server.admin.Person;
import org.hearth.server.admin.RoomSummary;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;
import org.testfx.util.WaitForAsyncUtils;

/// A server with ten thousand people, or as many rooms.
class LongListTest extends WithPanel {
  private static final int MANY = 10_000;
  private static final String PASSWORD = "a good password";
  private static final long LONGEST_PAUSE_MILLIS = 1_000;

  @Start
  void open(Stage stage) {
    panel =
        Panel.onServer(
            stage, folder.resolve("data"), Panel.ANY_PORT + "rate-limits: { enabled: false }\n");
  }

  @Test
  void tenThousandPeopleArriveAreSearchedAndSortedWithoutAPause() throws Exception {
    panel.admin();
    new Rows(folder.resolve("data")).addPeople(MANY);

    try (Pauses pauses = new Pauses()) {
      panel.go("people");
      panel.await("the first", () -> panel.rows("people-table") > 0);
      panel.await("all", () -> panel.text("people-count").equals("10,000 accounts"));
      assertThat(panel.rows("people-table")).isEqualTo(MANY);
      panel.clickHead("people-table", "Id");
      panel.clickHead("people-table", "Id");
      panel.await("the last first", () -> first().userId().equals("@p09999:home.example"));

      panel.type("people-search", "person 777");
      panel.await("those of that name", () -> panel.text("people-count").equals("11 accounts"));
      assertThat(first().displayName()).contains("Person 7779");
      panel.retype("people-search", 10, "@p04242");
      panel.await("the one of that id", () -> panel.text("people-count").equals("1 account"));
      panel.robot().clickOn("#people-search").eraseText(7);
      panel.await("all again", () -> panel.text("people-count").equals("10,000 accounts"));

      assertThat(pauses.longestMillis())
          .as("the longest that the window stood still, in ms")
          .isLessThan(LONGEST_PAUSE_MILLIS);
    }
    panel.screenshot("people-many");
  }

  @Test
  void tenThousandRoomsArriveAreSearchedAndSortedWithoutAPause() throws Exception {
    panel.admin().createPerson("alice", PASSWORD, false);
    makeRooms(Chat.signIn(panel.address(), "alice", PASSWORD));

    try (Pauses pauses = new Pauses()) {
      panel.go("rooms");
      panel.await("the first", () -> panel.rows("room-table") > 0);
      panel.await("all", () -> panel.text("room-count").equals("10,000 rooms"));
      panel.clickHead("room-table", "Room");
      panel.await("the last first", () -> nameOfFirst().equals("Room 9999"));

      panel.type("room-search", "room 777");
      panel.await("those of that name", () -> panel.text("room-count").equals("11 rooms"));
      panel.robot().clickOn("#room-search").eraseText(8);
      panel.await("all again", () -> panel.text("room-count").equals("10,000 rooms"));

      assertThat(pauses.longestMillis())
          .as("the longest that the window stood still, in ms")
          .isLessThan(LONGEST_PAUSE_MILLIS);
    }
    panel.screenshot("rooms-ten-thousand");
  }

  /// `Room 0` and on, by several at once.
  private static void makeRooms(Chat alice) throws Exception {
    try (ExecutorService makers = Executors.newFixedThreadPool(16)) {
      List<Future<String>> rooms = new ArrayList<>();
      for (int i = 0; i < MANY; i++) {
        Map<String, Object> wish = Map.of("name", "Room " + i);
        rooms.add(makers.submit(() -> alice.createRoom(wish)));
      }
      for (Future<String> room : rooms) {
        room.get();
      }
    }
  }

  private Person first() {
    TableView<Person> table = panel.robot().lookup("#people-table").queryTableView();
    return table.getItems().getFirst();
  }

  private String nameOfFirst() {
    TableView<RoomSummary> table = panel.robot().lookup("#room-table").queryTableView();
    return table.getItems().getFirst().name().orElseThrow();
  }

  /// Measures how long the JavaFX thread takes to come to something that it is asked to do: in time
  /// of its own on a processor, so that a busy machine makes no pauses. What it waits for in our
  /// code counts, too, where it is seen waiting at one look after the other.
  private static final class Pauses implements AutoCloseable {
    private static final int TICK_MILLIS = 20;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor();
    private final Thread window;
    private final AtomicLong longestNanos = new AtomicLong();
    private final AtomicLong longestWaiting = new AtomicLong();
    private final ScheduledFuture<?> ticking;

    /// Of the ticking thread: looks at which the window waited, the last of them in a row.
    private long waiting;

    Pauses() throws Exception {
      window = WaitForAsyncUtils.asyncFx(Thread::currentThread).get();
      ticking = ticks.scheduleWithFixedDelay(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void tick() {
      waiting = isWaitingForUs() ? waiting + 1 : 0;
      longestWaiting.accumulateAndGet(waiting, Math::max);
      long asked = THREADS.getThreadCpuTime(window.threadId());
      Platform.runLater(() ->
          longestNanos.accumulateAndGet(THREADS.getCurrentThreadCpuTime() - asked, Math::max));
    }

    private boolean isWaitingForUs() {
      return window.getState() != Thread.State.RUNNABLE
          && Arrays.stream(window.getStackTrace())
              .anyMatch(each -> each.getClassName().startsWith("org.hearth."));
    }

    long longestMillis() {
      return Math.max(
          TimeUnit.NANOSECONDS.toMillis(longestNanos.get()), TICK_MILLIS * longestWaiting.get());
    }

    @Override
    public void close() {
      ticking.cancel(false);
      ticks.shutdown();
    }
  }
}
