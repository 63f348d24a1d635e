package org.hearth.server.services.profile;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.upkeep.Upkeep;

/// Carries changed profiles into the member events of the users' rooms. A profile is marked in its
/// row until that is done, so it is done also over a crash; what fails is tried again after a
/// minute, and after growing pauses up to an hour.
///
/// **thread**: one of its own, `profile-spreading`, which writes one profile after the other; the
/// requests wait for it a while. A user has one place in its queue, however many requests wait.
final class Spreading {
  private static final System.Logger LOG = System.getLogger(Spreading.class.getName());
  private static final Duration RETRY = Duration.ofMinutes(1);
  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Profiles profiles;
  private final JournalWriter<AccountOutput> journal;
  private final RoomProfiles rooms;
  private final TurnPerKey turns;

  /// When a profile is tried again.
  ///
  /// @param at by [System#nanoTime]
  /// @param pause before it
  private record Retry(long at, Duration pause) {
    static Retry first() {
      return new Retry(System.nanoTime(), Duration.ZERO);
    }

    Retry next() {
      Duration next = pause.isZero() ? RETRY : pause.multipliedBy(2);
      Duration bounded = next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
      return new Retry(System.nanoTime() + bounded.toNanos(), bounded);
    }

    boolean isDue() {
      return System.nanoTime() - at >= 0;
    }
  }

  /// Users whose profiles are yet to be written, and when; of the thread only.
  private final Map<UserId, Retry> pending = new LinkedHashMap<>();

  /// What waits for the thread because of a request. A profile is read after it has left this map:
  /// whoever finds its own user here is served by that.
  private final Map<UserId, Future<Boolean>> queued = new ConcurrentHashMap<>();

  private final Upkeep thread = new Upkeep("profile-spreading");

  /// @param turns the same that writers of profiles take
  Spreading(
      Profiles profiles,
      JournalWriter<AccountOutput> journal,
      RoomProfiles rooms,
      TurnPerKey turns) {
    this.profiles = profiles;
    this.journal = journal;
    this.rooms = rooms;
    this.turns = turns;
  }

  void start() {
    thread.once("profiles that have not spread could not be looked up", this::takeUp);
    thread.every(RETRY, RETRY, "profiles spread later", this::spreadPending);
  }

  /// Ends the thread with the profile that it is at.
  void close() throws InterruptedException {
    if (!thread.end(PATIENCE)) {
      LOG.log(Level.INFO, "changed profiles go on spreading at the next start");
    }
  }

  /// Spreads what the user's profile says now. Returns when it is done, or after a while when it
  /// takes longer or has failed: it then goes on without anybody waiting.
  void awaitSpread(UserId user) {
    Future<Boolean> done =
        queued.computeIfAbsent(
            user,
            _ ->
                thread.ask(() -> {
                  queued.remove(user);
                  return spread(user);
                }));
    try {
      done.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      LOG.log(Level.INFO, "the new profile of {0} takes long to reach all rooms", user);
    } catch (ExecutionException failed) {
      throw new IllegalStateException("spreading does not throw", failed);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void takeUp() {
    profiles.spreading().forEach(each -> pending.put(each, Retry.first()));
    spreadPending();
  }

  private void spreadPending() {
    for (UserId each : List.copyOf(pending.keySet())) {
      Retry retry = pending.get(each);
      if (retry != null && retry.isDue()) {
        var _ = spread(each);
      }
    }
  }

  /// @return whether it is done; false when it has to be tried again
  private boolean spread(UserId user) {
    if (thread.isEnding()) {
      return false; // The profile's row says that this is left to the next start.
    }
    Retry retry = pending.computeIfAbsent(user, _ -> Retry.first());
    try {
      Profile profile = profiles.profile(user);
      rooms.write(user, profile);
      turns.run(
          user,
          () -> {
            // A later change has its own turn, and its own mark.
            if (profiles.profile(user).equals(profile)) {
              journal.commit(List.of(Profiles.hasSpread(user)), List.of());
            }
          });
      pending.remove(user);
      return true;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    } catch (RuntimeException | Error failed) {
      LOG.log(
          Level.WARNING,
          "the profile of " + user + " could not be written into all rooms yet",
          failed);
      pending.put(user, retry.next());
      return false;
    }
  }
}
