package org.hearth.server.services.activity;

import java.lang.System.Logger.Level;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreState;
import org.hearth.server.store.Table;

/// Keeps what happened, the newest of it: of failed sign-ins fewer, so that whoever guesses
/// passwords pushes nothing else out.
///
/// Who tells it something does not wait for the database: a thread of its own writes one after the
/// other. What comes while a thousand wait is counted and not kept.
///
/// **thread**: any.
public final class Activity implements Box, Happenings {
  /// The name in the wiring.
  public static final String BOX = "Activity";

  /// How many rows are kept, but for failed sign-ins.
  public static final int MOST = 8_000;

  /// How many rows of failed sign-ins are kept.
  public static final int MOST_FAILED = 2_000;

  static final Table TABLE =
      new Table(
          "activity",
          "the newest 8,000, and the newest 2,000 failed sign-ins",
          "the unit of an insert deletes the oldest one beyond");

  private static final System.Logger LOG = System.getLogger(Activity.class.getName());
  private static final int MOST_WAITING = 1_000;
  private static final long PATIENCE_AT_END_SECONDS = 5;

  private final Store store;
  private final InstantSource clock;
  private final int most;
  private final int mostFailed;
  private final AtomicLong lost = new AtomicLong();
  private final AtomicBoolean unknownTold = new AtomicBoolean();

  /// Of the writing thread only: the numbers of the rows that are kept, oldest first.
  private final Deque<Long> kept = new ArrayDeque<>();

  private final Deque<Long> keptFailed = new ArrayDeque<>();
  private long last;
  private boolean known;

  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MOST_WAITING),
          Thread.ofPlatform().daemon().name("activity").factory(),
          (_, _) -> lost.incrementAndGet());

  /// An activity in that database, with the standard bounds.
  public Activity(Store store, InstantSource clock) {
    this(store, clock, MOST, MOST_FAILED);
  }

  Activity(Store store, InstantSource clock, int most, int mostFailed) {
    this.store = store;
    this.clock = clock;
    this.most = most;
    this.mostFailed = mostFailed;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Notes what happens";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVICE;
  }

  @Override
  public List<Table> tables() {
    return List.of(TABLE);
  }

  @Override
  public void note(Happening happening) {
    Instant now = clock.instant();
    thread.execute(() -> write(now, happening));
  }

  /// Logs what fails, by whatever error: an executor would end its thread by it.
  private void write(Instant time, Happening happening) {
    try {
      learn();
      boolean failed = happening.kind() == Kind.SIGN_IN_FAILED;
      Deque<Long> numbers = failed ? keptFailed : kept;
      long number = last + 1;
      List<RowChange> changes = new ArrayList<>(List.of(insert(number, time, happening)));
      boolean full = numbers.size() >= (failed ? mostFailed : most);
      if (full) {
        changes.add(deletion(numbers.getFirst()));
      }
      store.committer().commit(BOX, changes, List.of());
      last = number;
      numbers.addLast(number);
      if (full) {
        numbers.removeFirst();
      }
      long unwritten = lost.getAndSet(0);
      if (unwritten > 0) {
        LOG.log(Level.WARNING, "{0} happenings came too fast to be kept", unwritten);
      }
    } catch (RuntimeException | Error e) {
      known = false; // It may have been committed nevertheless.
      // What has become of the store is told already, and that it is so is what happened.
      Level level = store.state() instanceof StoreState.Failed ? Level.DEBUG : Level.WARNING;
      LOG.log(level, "What happened could not be kept: " + happening, e);
    }
  }

  private void learn() {
    if (known) {
      return;
    }
    kept.clear();
    keptFailed.clear();
    last = 0;
    store
        .reads()
        .read(connection -> {
          try (PreparedStatement statement =
                  connection.prepareStatement("SELECT number, kind FROM activity ORDER BY number");
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              last = rows.getLong(1);
              boolean failed = rows.getString(2).equals(Kind.SIGN_IN_FAILED.name());
              (failed ? keptFailed : kept).addLast(last);
            }
          }
          return last;
        });
    known = true;
  }

  /// What happened, the newest of it.
  ///
  /// @param number what is known already; 0 for nothing
  /// @param limit how many at most
  /// @return oldest first
  public List<Noted> after(long number, int limit) {
    return store
        .reads()
        .select(
            "SELECT number, happened_millis, kind, subject, done_by FROM activity"
                + " WHERE number > ? ORDER BY number DESC FETCH FIRST ? ROWS ONLY",
            statement -> {
              statement.setLong(1, number);
              statement.setInt(2, limit);
            },
            this::noted)
        .stream()
        .flatMap(Optional::stream)
        .toList()
        .reversed();
  }

  /// When something of these kinds happened last.
  ///
  /// @return empty if nothing of them is kept
  public Optional<Instant> last(Set<Kind> kinds) {
    String places = String.join(", ", Collections.nCopies(kinds.size(), "?"));
    return store
        .reads()
        .first(
            "SELECT happened_millis FROM activity WHERE kind IN ("
                + places
                + ")"
                + " ORDER BY number DESC FETCH FIRST ROW ONLY",
            statement -> {
              int index = 1;
              for (Kind kind : kinds) {
                statement.setString(index++, kind.name());
              }
            },
            row -> Instant.ofEpochMilli(row.getLong(1)));
  }

  /// What kinds of things were noted since the server started last, that start among them.
  ///
  /// @return empty if no start is noted
  public Set<Kind> sinceLastStart() {
    return store
        .reads()
        .select(
            "SELECT DISTINCT kind FROM activity WHERE number >="
                + " (SELECT MAX(number) FROM activity WHERE kind = ?)",
            statement -> statement.setString(1, Kind.SERVER_STARTED.name()),
            row -> Kind.of(row.getString(1)))
        .stream()
        .flatMap(Optional::stream)
        .collect(Collectors.toUnmodifiableSet());
  }

  /// One that this version knows nothing of keeps nobody from the others.
  private Optional<Noted> noted(ResultSet row) throws SQLException {
    String name = row.getString(3);
    Optional<Kind> kind = Kind.of(name);
    if (kind.isEmpty() && !unknownTold.getAndSet(true)) {
      LOG.log(
          Level.WARNING,
          "{0} in the list of what happened is of a newer version, like what else of it is left out",
          name);
    }
    long number = row.getLong(1);
    Instant time = Instant.ofEpochMilli(row.getLong(2));
    String subject = row.getString(4);
    String by = row.getString(5);
    return kind.map(each -> new Noted(number, time, new Happening(each, subject, by)));
  }

  /// Writes what waits, and takes nothing more.
  @Override
  public void stop() throws InterruptedException {
    thread.shutdown();
    if (!thread.awaitTermination(PATIENCE_AT_END_SECONDS, TimeUnit.SECONDS)) {
      LOG.log(Level.WARNING, "What happened last is not kept: the database is too slow");
    }
  }

  private static RowChange insert(long number, Instant time, Happening happening) {
    return RowChange.of(
        TABLE,
        "INSERT INTO activity (number, happened_millis, kind, subject, done_by)"
            + " VALUES (?, ?, ?, ?, ?)",
        (statement, _) -> {
          statement.setLong(1, number);
          statement.setLong(2, time.toEpochMilli());
          statement.setString(3, happening.kind().name());
          statement.setString(4, happening.subject());
          statement.setString(5, happening.by());
        });
  }

  private static RowChange deletion(long number) {
    return RowChange.of(
        TABLE,
        "DELETE FROM activity WHERE number = ?",
        (statement, _) -> statement.setLong(1, number));
  }
}
