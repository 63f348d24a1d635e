package org.hearth.server.readers.sync.sections;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.store.Unavailable;

/// What could not be told in one answer, because it could not be read.
///
/// One damaged row must not keep a user from all other news for ever, and no token may pass what
/// was not told. So what fails is left out alone, and the token says up to where the client has it
/// ([SyncPoint#heldBack]): each later request tries again from there. A failure that is not of one
/// room fails the whole request: the store's, and more failures than a token holds.
///
/// **Thread:** one request's.
public final class HeldBackNews {
  /// One damaged page of the database has the rows of dozens of rooms. More than these fail the
  /// request: a token names no more.
  static final int MOST = 100;

  private static final System.Logger LOGGER = System.getLogger(HeldBackNews.class.getName());

  /// What was complained about of late: a room that fails does so at each wake-up of its users.
  private static final int MOST_COMPLAINTS = 100;

  private final Complaints complaints;
  private final Map<SyncPoint.HeldBack, LogPosition> heldBack = new HashMap<>();

  HeldBackNews(Complaints complaints) {
    this.complaints = complaints;
  }

  /// Which failures are in the log already: each once in ten minutes, in whatever way it is met.
  ///
  /// **Thread:** any; one for all requests.
  public static final class Complaints {
    private final Cache<String, Boolean> recent =
        Caffeine.newBuilder()
            .maximumSize(MOST_COMPLAINTS)
            .expireAfterWrite(Duration.ofMinutes(10))
            .build();

    void complain(String what, RuntimeException failure) {
      if (recent.asMap().putIfAbsent(what, true) == null) {
        LOGGER.log(
            Level.ERROR, "syncs go on without %s: it cannot be read".formatted(what), failure);
      }
    }
  }

  /// Does what tells of a room or a section.
  ///
  /// @param name the room's id or the section's name
  /// @param known up to where the client has it; empty if it has nothing
  /// @return false if it failed and is held back
  public boolean attempt(String name, Optional<LogPosition> known, Runnable telling) {
    try {
      telling.run();
      return true;
    } catch (RuntimeException e) {
      failed(name, known, e);
      return false;
    }
  }

  /// Writes what tells of a room; what was written of it is taken back if it fails and is held
  /// back.
  ///
  /// @param writing returns whether it has written anything
  /// @return whether anything was written
  public boolean write(
      JsonWriter json, RoomId room, Optional<LogPosition> known, BooleanSupplier writing) {
    json.mark();
    try {
      boolean written = writing.getAsBoolean();
      json.keep();
      return written;
    } catch (RuntimeException e) {
      if (!json.takeBack()) {
        throw e;
      }
      failed(room.value(), known, e);
      return false;
    }
  }

  /// Holds back a room or a section that could not be told.
  ///
  /// @throws RuntimeException the failure, if it is not of that room or section alone
  public void failed(String name, Optional<LogPosition> known, RuntimeException failure) {
    if (failure instanceof MatrixException || Unavailable.is(failure) || heldBack.size() == MOST) {
      throw failure;
    }
    complaints.complain(name, failure);
    heldBack.put(SyncPoint.HeldBack.of(name), known.orElse(LogPosition.ORIGIN));
  }

  /// Notes that a section has more than one answer tells: the client has it up to there.
  void toldUpTo(String name, LogPosition last) {
    heldBack.put(SyncPoint.HeldBack.of(name), last);
  }

  /// Reads what the answer can do without.
  ///
  /// @param name for the log
  /// @param otherwise in place of what cannot be read
  <T> T orElse(String name, Supplier<T> read, T otherwise) {
    try {
      return read.get();
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
      complaints.complain(name, e);
      return otherwise;
    }
  }

  /// Whether that room was left out.
  public boolean has(RoomId room) {
    return heldBack.containsKey(SyncPoint.HeldBack.of(room));
  }

  /// What was held back, and up to where the client has it.
  public Map<SyncPoint.HeldBack, LogPosition> positions() {
    return heldBack;
  }
}
