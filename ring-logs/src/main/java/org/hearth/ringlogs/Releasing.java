package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import java.util.List;
import org.hearth.ringlogs.ParkedKeys.Stopped;
import org.jspecify.annotations.Nullable;

/// Gives a reader what was parked again. An entry of which no letter holds the bytes is read from
/// the store.
///
/// **Thread**: its follower's.
///
/// @param rereading null if the log has no store
record Releasing<E>(
    LogReader<E> reader,
    LogSpec<E> spec,
    @Nullable Rereading<E> rereading,
    ParkedKeys<E> parked,
    Recovery recovery)
    implements ParkedKeys.Again {

  @Override
  public boolean rereads() {
    return true;
  }

  @Override
  public void handle(DeadLetter letter) throws Exception {
    give(new Positioned<>(letter.position(), entry(letter)));
  }

  private void give(Positioned<E> entry) throws Exception {
    reader.onRelease(List.of(entry));
  }

  private E entry(DeadLetter letter) throws Exception {
    if (letter.entry().version() != EncodedEntry.TEXT) {
      return letter.entry().decode(spec.codec());
    }
    LogPosition position = letter.position();
    if (rereading != null
        && rereading.next(before(position), position)
            instanceof Rereading.Part.Entries<E>(var entries, _)
        && !entries.isEmpty()) {
      return entries.getFirst().entry();
    }
    throw new IllegalStateException(
        "of the entry at %s only a text is left; it can be discarded".formatted(position));
  }

  @Override
  public @Nullable Stopped handleRest(
      DeadLetter.Label letter, LogPosition upTo, boolean discardFirst) throws Exception {
    LogPosition after = before(letter.position());
    if (rereading == null) {
      @Nullable Exception failure = tellLost(after, upTo);
      return failure == null ? null : new Stopped(letter.position(), failure);
    }
    boolean discard = discardFirst;
    while (upTo.isAfter(after)) {
      switch (rereading.next(after, upTo)) {
        case Rereading.Part.Entries<E>(var entries, var reached) -> {
          for (Positioned<E> each : ofKey(letter.partitionKey(), entries)) {
            @Nullable Exception failure = discard ? null : recovery.attempt(() -> give(each));
            discard = false;
            if (failure != null) {
              return new Stopped(each.position(), failure);
            }
          }
          after = reached;
        }
        case Rereading.Part.Damaged<E>(var position, var failure) -> {
          parkUnreadable(position, failure);
          after = position;
        }
        case Rereading.Part.Gone<E>(var gone) -> {
          @Nullable Exception failure = tellLost(after, gone);
          if (failure != null) {
            return new Stopped(after.plus(1), failure);
          }
          after = gone;
        }
      }
    }
    return null;
  }

  private @Nullable Exception tellLost(LogPosition after, LogPosition upTo) {
    return recovery.attempt(() -> reader.onLost(after, upTo));
  }

  private List<Positioned<E>> ofKey(String key, List<Positioned<E>> entries) {
    return entries.stream().filter(each -> parked.keyOf(each).equals(key)).toList();
  }

  private void parkUnreadable(LogPosition position, Exception failure) throws AlertException {
    if (!parked.hasRoom()) {
      throw new IllegalStateException(
          "the entry at %s cannot be read, and there is no room to park it".formatted(position),
          failure);
    }
    parked.parkUnreadable(position, failure);
  }

  private static LogPosition before(LogPosition position) {
    return new LogPosition(position.value() - 1);
  }
}
