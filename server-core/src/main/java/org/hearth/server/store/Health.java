package org.hearth.server.store;

import java.io.File;
import java.lang.System.Logger.Level;
import java.nio.file.AccessDeniedException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyFault;
import org.hearth.server.store.derby.PageDumps;
import org.hearth.server.store.derby.ReportedDamage;
import org.jspecify.annotations.Nullable;

/// The state of the store, and its changes.
///
/// `Open` ⇄ `ReadOnly` → `Failed`, and from each to `Closed`. **Thread**: any; the committer and
/// the keeper make most changes.
final class Health {
  private static final System.Logger LOG = System.getLogger(Store.class.getName());
  private static final String INTERNAL = "Derby has met a defect";
  private static final String DAMAGED = "the database is damaged: ";

  /// For Derby to end what is under way.
  private static final Duration PATIENCE_FOR_VERDICT = Duration.ofSeconds(5);

  private static final long LOOK_NANOS = 10_000_000;

  private final AtomicReference<StoreState> state = new AtomicReference<>(new StoreState.Open());

  private final Derby derby;

  /// What Derby had reported before.
  private final long reported = ReportedDamage.count();

  private final AtomicInteger openings = new AtomicInteger();
  private volatile @Nullable Consumer<StoreState.Failed> onFailed;

  /// The end of the store, until it is told.
  private final AtomicReference<StoreState.@Nullable Failed> untold = new AtomicReference<>();

  Health(Derby derby) {
    this.derby = derby;
  }

  StoreState state() {
    return state.get();
  }

  /// @param listener told once when the store fails; quick
  void onFailed(Consumer<StoreState.Failed> listener) {
    onFailed = listener;
    tell();
  }

  private void tell() {
    Consumer<StoreState.Failed> listener = onFailed;
    if (listener != null) {
      StoreState.Failed failed = untold.getAndSet(null);
      if (failed != null) {
        listener.accept(failed);
      }
    }
  }

  boolean isOpen() {
    return state.get() instanceof StoreState.Open;
  }

  /// What to tell who wants to write; null if writing works.
  @Nullable StorageException refusal() {
    return refusal(null);
  }

  /// The same, with what somebody has met because of it.
  @Nullable StorageException refusal(@Nullable Throwable met) {
    return switch (state.get()) {
      case StoreState.Open() -> null;
      case StoreState.ReadOnly(var reason, var detail) -> new StorageException(reason, detail, met);
      case StoreState.Failed failed -> refusal(failed, met);
      case StoreState.Closed() ->
          new StorageException(StorageException.Reason.CLOSED, "the store is closed", met);
    };
  }

  private static StorageException refusal(StoreState.Failed failed, @Nullable Throwable cause) {
    return StorageException.ofFailed((failed.damaged() ? DAMAGED : "") + failed.detail(), cause);
  }

  void open() {
    // Counted first: who sees the store open sees that it was opened.
    openings.incrementAndGet();
    change(new StoreState.Open());
  }

  /// How often the store has been opened again. The database may have been shut down in between.
  int openings() {
    return openings.get();
  }

  void closed() {
    change(new StoreState.Closed());
  }

  /// Notes that writing does not work, by what a write has met.
  ///
  /// @return what to tell those whose units failed by it
  StorageException fault(DerbyFault fault, String doing, Throwable cause) {
    if (DerbyFault.isDamage(cause)) {
      return damaged(cause);
    }
    if (DerbyFault.mayFollowDamage(cause) && awaitVerdict() instanceof StoreState.Failed failed) {
      return refusal(failed, cause);
    }
    String detail = detail(doing, cause);
    StoreState next =
        switch (fault) {
          case DISK_FULL ->
              new StoreState.ReadOnly(
                  StorageException.Reason.DISK_FULL, "the disk is full (" + detail + ")");
          case READ_ONLY ->
              new StoreState.ReadOnly(
                  StorageException.Reason.READ_ONLY,
                  "the file system is read-only (" + detail + ")");
          case STATEMENT, CONFLICT, FAILED ->
              new StoreState.Failed(detail, false, DerbyFault.unopened(cause).map(File::toPath));
        };
    change(next, cause);
    return switch (next) {
      case StoreState.ReadOnly(var reason, var what) -> new StorageException(reason, what, cause);
      case StoreState.Failed failed -> refusal(failed, cause);
      case StoreState.Open(), StoreState.Closed() -> throw new AssertionError(next);
    };
  }

  /// What Java says of a defect in Derby is for the log, not for people.
  private static String detail(String doing, Throwable cause) {
    String why =
        DerbyFault.unopened(cause).isPresent()
            ? Opening.innermost(cause)
            : DerbyFault.isInternal(cause) ? INTERNAL : String.valueOf(cause.getMessage());
    return PageDumps.cut(doing + ": " + why);
  }

  /// Notes that Derby has shut the database down, and nobody has heard why.
  void ended(Throwable cause) {
    change(new StoreState.Failed(detail("the database has ended", cause), false), cause);
  }

  /// Notes that Derby has found files that it cannot have written: who reads finds that, too.
  ///
  /// @param cause of which [DerbyFault#isDamage] says so
  /// @return what to tell who met it
  StorageException damaged(Throwable cause) {
    Optional<AccessDeniedException> unseen = derby.unseen(cause);
    if (unseen.isPresent()) {
      return fault(DerbyFault.FAILED, "reading", unseen.get());
    }
    StoreState.Failed failed = new StoreState.Failed(Opening.innermost(cause), true);
    change(failed, cause);
    return refusal(failed, cause);
  }

  /// Leaves the verdict to whoever has met a damaged page, if this may be because of one.
  void settle(Throwable failure) {
    if (DerbyFault.mayFollowDamage(failure)) {
      var _ = awaitVerdict();
    }
  }

  /// Derby shuts the database down before it tells whoever has met a damaged page, and may tell
  /// that one something else. Its report is the verdict where there is one. Otherwise others, who
  /// find that there is no database any more, or stumble in it, leave the verdict to that one for a
  /// moment.
  private StoreState awaitVerdict() {
    long end = System.nanoTime() + PATIENCE_FOR_VERDICT.toNanos();
    while (!(state.get() instanceof StoreState.Failed) && System.nanoTime() - end < 0) {
      Optional<String> report = ReportedDamage.since(reported);
      if (report.isPresent()) {
        change(new StoreState.Failed(report.get(), true));
        break;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    return state.get();
  }

  void readOnly(StorageException.Reason reason, String detail) {
    change(new StoreState.ReadOnly(reason, detail));
  }

  void failed(String detail) {
    change(new StoreState.Failed(detail, false));
  }

  private void change(StoreState next) {
    change(next, null);
  }

  /// What has failed stays so, and what is closed too. The log has the reason before anybody is
  /// told, since who is told may end the process.
  private void change(StoreState next, @Nullable Throwable cause) {
    StoreState before = state.getAndUpdate(now -> mayFollow(now, next) ? next : now);
    if (!mayFollow(before, next) || before.equals(next)) {
      return;
    }
    Level level =
        next instanceof StoreState.Open || next instanceof StoreState.Closed
            ? Level.INFO
            : Level.ERROR;
    try {
      LOG.log(level, sentence(next), cause == null ? null : PageDumps.without(cause));
    } finally {
      if (next instanceof StoreState.Failed failed) {
        untold.set(failed);
        tell();
      }
    }
  }

  private static String sentence(StoreState state) {
    return switch (state) {
      case StoreState.Open() -> "the database can be written to again";
      case StoreState.ReadOnly(var reason, var detail) ->
          "the database takes no writes (%s): %s".formatted(reason, detail);
      case StoreState.Failed(var detail, var damaged, _) ->
          (damaged ? DAMAGED : "the database has failed: ") + detail;
      case StoreState.Closed() -> "the database is closed";
    };
  }

  private static boolean mayFollow(StoreState now, StoreState next) {
    return switch (now) {
      case StoreState.Open _, StoreState.ReadOnly _ -> true;
      case StoreState.Failed _ -> next instanceof StoreState.Closed;
      case StoreState.Closed _ -> false;
    };
  }
}
