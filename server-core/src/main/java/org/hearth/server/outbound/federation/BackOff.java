package org.hearth.server.outbound.federation;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;

/// Which servers are left alone for a while, because they could not be reached.
///
/// After a failure a server is tried again when [#FIRST] has passed, and twice as long after each
/// further one, up to [#LONGEST]; each wait is a fifth longer or shorter by chance. When it is due,
/// one request tries and the others wait for what becomes of it. A success, or a sign of life, ends
/// it at once.
///
/// **thread**: any; the map and the order of the units are guarded by this. Who is told something
/// does not wait for the database.
final class BackOff {
  static final int MOST = 10_000;
  static final Duration FIRST = Duration.ofMinutes(1);
  static final Duration LONGEST = Duration.ofDays(1);
  static final Duration KEPT = Duration.ofDays(30);

  static final Table TABLE =
      new Table(
          "federation_destination",
          "10,000 servers that could not be reached",
          "deleted by a sign of life; the unit of a failure deletes the one tried longest ago beyond, and who was not tried for 30 days");

  private static final System.Logger LOG = System.getLogger(BackOff.class.getName());
  private static final int LONGEST_ERROR_TEXT = 300;

  /// When to ask again while somebody else tries.
  private static final Duration MEANWHILE = Duration.ofSeconds(10);

  private final Store store;
  private final int most;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final UnitOwner owner = new UnitOwner(FederationClient.BOX);

  /// The one that failed longest ago first.
  private final SequencedMap<ServerName, State> failing = new LinkedHashMap<>();

  /// Servers that are due and being tried.
  private final Set<ServerName> tried = new HashSet<>();

  private long changes;

  /// @param number of the change that made this state; no two states have the same
  private record State(FailingServer server, Instant failed, Duration interval, long number) {}

  /// Whether a request may be sent.
  sealed interface Turn {}

  /// Not now.
  ///
  /// @param because what the last failure was
  record Later(Instant until, String because) implements Turn {}

  /// It may. Whoever gets one says what became of it, once.
  final class Attempt implements Turn {
    private final ServerName name;
    private final long number;
    private final boolean due;

    private Attempt(ServerName name, long number, boolean due) {
      this.name = name;
      this.number = number;
      this.due = due;
    }

    /// The server answered.
    void answered() {
      over(this);
      signOfLife(name);
    }

    /// The server could not be reached.
    void failed(String why) {
      over(this);
      note(this, why);
    }

    /// It turned out that this says nothing about the server.
    void undecided() {
      over(this);
    }
  }

  BackOff(Store store, InstantSource clock, RandomGenerator random) {
    this(store, MOST, clock, random);
  }

  /// @param most servers that are remembered
  BackOff(Store store, int most, InstantSource clock, RandomGenerator random) {
    this.store = store;
    this.most = most;
    this.clock = clock;
    this.random = random;
    load();
  }

  /// Whether that server may be asked now.
  synchronized Turn begin(ServerName name) {
    State state = failing.get(name);
    if (state == null) {
      return new Attempt(name, 0, false);
    }
    Instant now = clock.instant();
    if (now.isBefore(state.server().nextTry())) {
      return new Later(state.server().nextTry(), state.server().lastError());
    }
    if (!tried.add(name)) {
      return new Later(now.plus(MEANWHILE), state.server().lastError());
    }
    return new Attempt(name, state.number(), true);
  }

  /// Whether that server may be asked, whatever happened before.
  synchronized Attempt beginAnyway(ServerName name) {
    State state = failing.get(name);
    return new Attempt(name, state == null ? 0 : state.number(), false);
  }

  /// The server answered, or sent a valid request of its own.
  synchronized void signOfLife(ServerName name) {
    if (failing.remove(name) != null) {
      submit(List.of(deletion(name)));
    }
  }

  /// Those who could not be reached, the one that failed longest ago first.
  synchronized List<FailingServer> failing() {
    return failing.values().stream()
        .map(State::server)
        .sorted(Comparator.comparing(FailingServer::failingSince))
        .toList();
  }

  synchronized Optional<FailingServer> failing(ServerName name) {
    return Optional.ofNullable(failing.get(name)).map(State::server);
  }

  private synchronized void over(Attempt attempt) {
    if (attempt.due) {
      tried.remove(attempt.name);
    }
  }

  /// Of those who failed at the same time the first counts.
  private synchronized void note(Attempt attempt, String why) {
    State before = failing.get(attempt.name);
    if ((before == null ? 0 : before.number()) != attempt.number) {
      return;
    }
    Instant now = clock.instant();
    Duration interval =
        before == null ? FIRST : shorter(before.interval().multipliedBy(2), LONGEST);
    FailingServer server =
        new FailingServer(
            attempt.name,
            before == null ? now : before.server().failingSince(),
            now.plus(interval.multipliedBy(random.nextLong(80, 121)).dividedBy(100)),
            why.length() > LONGEST_ERROR_TEXT ? why.substring(0, LONGEST_ERROR_TEXT) : why);
    State state = new State(server, now, interval, ++changes);
    List<RowChange> rows = new ArrayList<>(List.of(deletion(attempt.name), insertion(state)));
    failing.remove(attempt.name); // So that it becomes the last.
    failing.put(attempt.name, state);
    while (failing.size() > most
        || failing.firstEntry().getValue().failed().isBefore(now.minus(KEPT))) {
      rows.add(deletion(failing.pollFirstEntry().getKey()));
    }
    submit(rows);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private void submit(List<RowChange> rows) {
    try {
      store
          .committer()
          .submit(new UnitOfWork(owner, rows, List.of(), Outcome.of(_ -> {}, this::notKept)));
    } catch (StorageException e) {
      notKept(e);
    }
  }

  /// What is in memory goes on counting; a restart may try too early.
  private void notKept(StorageException failure) {
    LOG.log(
        Level.WARNING,
        "Which servers could not be reached is not stored: {0}",
        failure.getMessage());
  }

  private synchronized void load() {
    // A clock that was wrong must not keep anybody away for years.
    Instant latest = clock.instant().plus(LONGEST.multipliedBy(2));
    for (State each :
        store
            .reads()
            .select(
                "SELECT server_name, failing_since_millis, failed_millis, next_try_millis,"
                    + " interval_millis, last_error FROM federation_destination"
                    + " ORDER BY failed_millis",
                row ->
                    new State(
                        new FailingServer(
                            ServerName.parse(row.getString(1)),
                            Instant.ofEpochMilli(row.getLong(2)),
                            Instant.ofEpochMilli(row.getLong(4)),
                            row.getString(6)),
                        Instant.ofEpochMilli(row.getLong(3)),
                        Duration.ofMillis(row.getLong(5)),
                        0))) {
      FailingServer server = each.server();
      FailingServer sane =
          server.nextTry().isAfter(latest)
              ? new FailingServer(server.name(), server.failingSince(), latest, server.lastError())
              : server;
      failing.put(server.name(), new State(sane, each.failed(), each.interval(), ++changes));
    }
  }

  private static RowChange deletion(ServerName name) {
    return RowChange.of(
        TABLE,
        "DELETE FROM federation_destination WHERE server_name = ?",
        (statement, _) -> statement.setString(1, name.value()));
  }

  private static RowChange insertion(State state) {
    return RowChange.of(
        TABLE,
        "INSERT INTO federation_destination (server_name, failing_since_millis, failed_millis,"
            + " next_try_millis, interval_millis, last_error) VALUES (?, ?, ?, ?, ?, ?)",
        (statement, _) -> {
          statement.setString(1, state.server().name().value());
          statement.setLong(2, state.server().failingSince().toEpochMilli());
          statement.setLong(3, state.failed().toEpochMilli());
          statement.setLong(4, state.server().nextTry().toEpochMilli());
          statement.setLong(5, state.interval().toMillis());
          statement.setString(6, state.server().lastError());
        });
  }
}
