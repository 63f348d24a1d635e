package org.hearth.ringlogs;

import com.lmax.disruptor.Sequence;
import java.util.Collection;
import org.hearth.ringlogs.LogFigures.ConsumerFigures;

/// What one consumer counts. **Thread**: the consumer writes, any reads; no locks.
final class ConsumerMeter {
  private volatile ConsumerFigures.State state = ConsumerFigures.State.NEW;
  private volatile String lastFailure = "";
  private final Sequence consumed = new Sequence(0);
  private final Sequence fromStore = new Sequence(0);
  private final Sequence lost = new Sequence(0);
  private final Sequence overruns = new Sequence(0);
  private final Sequence unkept = new Sequence(0);
  private final Sequence failures = new Sequence(0);
  private final Tally batchSizes = new Tally();
  private final Tally batchNanos = new Tally();

  void state(ConsumerFigures.State now) {
    if (state != now) {
      state = now;
    }
  }

  ConsumerFigures.State state() {
    return state;
  }

  void batch(int size, long nanos) {
    batchSizes.add(size);
    batchNanos.add(Math.max(0, nanos));
    consumed.set(consumed.get() + size);
  }

  void readFromStore(int entries) {
    fromStore.set(fromStore.get() + entries);
  }

  void lost(long entries) {
    lost.set(lost.get() + entries);
  }

  void overrun() {
    overruns.set(overruns.get() + 1);
  }

  /// A letter that could not be kept.
  void unkept() {
    unkept.set(unkept.get() + 1);
  }

  void failure(Throwable failure) {
    failures.set(failures.get() + 1);
    lastFailure = failure.toString();
  }

  ConsumerFigures snapshot(
      String consumer, LogPosition position, long lag, Collection<String> parkedKeys) {
    return new ConsumerFigures(
        consumer,
        state,
        consumed.get(),
        position,
        lag,
        fromStore.get(),
        lost.get(),
        overruns.get(),
        failures.get(),
        lastFailure,
        unkept.get(),
        parkedKeys.stream().sorted().toList(),
        batchSizes.snapshot(),
        batchNanos.snapshot());
  }
}
