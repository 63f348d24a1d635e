package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogReader.LostDataException;
import org.jspecify.annotations.Nullable;

/// Gives entries to one [LogReader], whatever it takes, and parks the keys of those it cannot
/// handle.
///
/// **Thread**: its follower's.
final class Delivery<E> {
  private final LogReader<E> reader;
  private final Recovery recovery;
  private final ParkedKeys<E> parked;
  private final ConsumerMeter meter;
  private final Runnable serveRequests;

  /// @param serveRequests lets people release keys while this waits for one to be released
  Delivery(
      LogReader<E> reader,
      Recovery recovery,
      ParkedKeys<E> parked,
      ConsumerMeter meter,
      Runnable serveRequests) {
    this.reader = reader;
    this.recovery = recovery;
    this.parked = parked;
    this.meter = meter;
    this.serveRequests = serveRequests;
  }

  /// Gives entries to the reader; those of parked keys to the dead letters.
  ///
  /// @throws LostDataException if the reader's data has gone back
  void deliver(List<Positioned<E>> entries) throws AlertException, LostDataException {
    long start = System.nanoTime();
    List<Positioned<E>> open = new ArrayList<>(entries.size());
    for (Positioned<E> each : entries) {
      if (!isHeldBack(each)) {
        open.add(each);
      }
    }
    giveTogether(open);
    meter.batch(entries.size(), System.nanoTime() - start);
  }

  private boolean isHeldBack(Positioned<E> each) throws AlertException {
    if (parked.isEmpty()) {
      return false;
    }
    String key = parked.keyOf(each);
    if (!parked.isParked(key)) {
      return false;
    }
    parked.holdBack(key, each.position(), each.entry());
    return true;
  }

  private void giveTogether(List<Positioned<E>> entries) throws AlertException, LostDataException {
    Recovery.Stall stall = recovery.new Stall("its reader");
    List<Positioned<E>> left = entries;
    while (!left.isEmpty()) {
      Exception failure = give(left);
      if (failure == null) {
        stall.over();
        return;
      }
      left = notKept(left);
      if (recovery.isUnavailable(failure)) {
        stall.pause(failure);
      } else {
        stall.over();
        giveOneByOne(left);
        return;
      }
    }
    stall.over();
  }

  private void giveOneByOne(List<Positioned<E>> entries) throws AlertException, LostDataException {
    for (Positioned<E> each : entries) {
      if (!isHeldBack(each) && !giveOne(each)) {
        // One rebuild makes up for the rest of the batch, too: a reader that fails on every entry
        // does not rebuild for each.
        tellLost(new LogPosition(each.position().value() - 1), entries.getLast().position());
        return;
      }
    }
  }

  /// @return whether that is settled; if not, the reader has to rebuild
  private boolean giveOne(Positioned<E> entry) throws AlertException, LostDataException {
    Recovery.Stall stall = recovery.new Stall("its reader");
    boolean failedBefore = false;
    boolean settled = true;
    List<Positioned<E>> left = List.of(entry);
    while (!left.isEmpty()) {
      Exception failure = give(left);
      if (failure == null) {
        break;
      }
      left = notKept(left);
      if (left.isEmpty()) {
        break;
      }
      if (recovery.isUnavailable(failure)) {
        stall.pause(failure);
      } else if (!failedBefore) {
        failedBefore = true;
      } else if (reader.rebuilds()) {
        settled = false;
        break;
      } else if (parked.hasRoom()) {
        parked.park(parked.keyOf(entry), entry.position(), entry.entry(), failure);
        break;
      } else {
        waitForRoom(stall, failure);
      }
    }
    stall.over();
    return settled;
  }

  /// Parks the place of an entry that the store cannot read, as soon as there is room.
  void parkUnreadable(LogPosition position, Exception failure) throws AlertException {
    Recovery.Stall stall = recovery.new Stall("fewer parked keys");
    while (!parked.hasRoom()) {
      waitForRoom(stall, failure);
    }
    stall.over();
    parked.parkUnreadable(position, failure);
  }

  private void waitForRoom(Recovery.Stall stall, Exception failure) throws AlertException {
    stall.pause(failure);
    serveRequests.run();
  }

  private @Nullable Exception give(List<Positioned<E>> entries) throws LostDataException {
    List<Positioned<E>> given = List.copyOf(entries);
    @Nullable Exception failure = recovery.attempt(() -> reader.onBatch(given));
    if (failure instanceof LostDataException lost) {
      throw lost;
    }
    return failure;
  }

  /// Of entries whose handling failed, those that the reader did not keep after all.
  private List<Positioned<E>> notKept(List<Positioned<E>> entries) throws AlertException {
    LogPosition kept = recovery.insist("the position of its reader", reader::position);
    return entries.stream().filter(each -> each.position().isAfter(kept)).toList();
  }

  /// @throws IllegalStateException if the reader has failed for good: what it keeps has a hole
  void tellLost(LogPosition after, LogPosition upTo) throws AlertException {
    recovery.persist(
        "its reader to make up for what is lost",
        () -> reader.onLost(after, upTo),
        FailureHandling.MOST_REBUILDS);
    meter.lost(upTo.value() - after.value());
  }
}
