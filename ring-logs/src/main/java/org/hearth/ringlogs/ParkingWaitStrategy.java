package org.hearth.ringlogs;

import com.lmax.disruptor.AlertException;
import com.lmax.disruptor.Sequence;
import com.lmax.disruptor.SequenceBarrier;
import com.lmax.disruptor.WaitStrategy;

/// Consumers sleep until there is something for them.
///
/// The Disruptor's own blocking strategies sleep for the publisher only: a consumer that waits for
/// another consumer spins. Here a consumer that others wait for raises the signal too when it has
/// advanced, so one that follows a slow one costs nothing either.
final class ParkingWaitStrategy implements WaitStrategy {
  private final Signal signal;

  ParkingWaitStrategy(Signal signal) {
    this.signal = signal;
  }

  @Override
  public long waitFor(
      long sequence, Sequence cursor, Sequence dependentSequence, SequenceBarrier barrier)
      throws AlertException, InterruptedException {
    // Without dependencies dependentSequence is the cursor.
    long available = dependentSequence.get();
    if (available >= sequence) {
      return available;
    }
    signal.await(() -> {
      barrier.checkAlert();
      return dependentSequence.get() >= sequence;
    });
    return dependentSequence.get();
  }

  @Override
  public void signalAllWhenBlocking() {
    signal.raise();
  }
}
