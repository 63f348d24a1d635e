package org.hearth.ringlogs;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import com.lmax.disruptor.Sequence;
import java.util.concurrent.TimeUnit;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/// Claim: no wake-up is lost, although who raises the signal takes no lock while it sees no waiter.
///
/// The change is written with release order only, as the Disruptor writes a cursor: the fence in
/// [Signal#raise] has to order it.
@JCStressTest
@Outcome(id = "true", expect = ACCEPTABLE, desc = "the waiter saw the change")
@Outcome(id = "false", expect = FORBIDDEN, desc = "it slept through it")
@State
public class SignalStress {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(2);

  private final Signal signal = new Signal();
  private final Sequence cursor = new Sequence();

  @Actor
  public void changer() {
    cursor.set(0);
    signal.raise();
  }

  @Actor
  public void waiter(Z_Result result) {
    try {
      result.r1 = signal.await(() -> cursor.get() >= 0, PATIENCE);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
