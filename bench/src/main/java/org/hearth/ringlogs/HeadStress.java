package org.hearth.ringlogs;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/// Claim: who sees an entry available sees a head that is not before it. An overtaken reader reads
/// the store up to the head and then holds that it has seen all that was available.
///
/// r1 is the cursor, read first; r2 the head.
@JCStressTest
@Outcome(id = "-1, 0", expect = ACCEPTABLE, desc = "before")
@Outcome(id = "-1, 1", expect = ACCEPTABLE, desc = "the head is set first")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "after")
@Outcome(id = "0, 0", expect = FORBIDDEN, desc = "the entry would be lost to an overtaken reader")
@State
public class HeadStress {
  private final Broadcast<long[]> log = EnvelopeStress.open();

  @Actor
  public void publisher() {
    EnvelopeStress.publish(log, 1);
  }

  @Actor
  public void reader(JJ_Result result) {
    result.r1 = log.cursor();
    result.r2 = log.head().value();
  }
}
