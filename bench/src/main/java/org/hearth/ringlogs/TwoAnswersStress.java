package org.hearth.ringlogs;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/// Claim: of two answers one counts, for all who are told, and an answered command is counted once:
/// a log that drains waits for as many answers as it accepted commands.
///
/// r1 is the answer told to who asked before, r2 to who asks after, r3 how often the log was told.
@JCStressTest
@Outcome(
    id = {"1, 1, 1", "2, 2, 1"},
    expect = ACCEPTABLE,
    desc = "one of the two, for all")
@Outcome(expect = FORBIDDEN, desc = "both, none, or counted twice")
@State
public class TwoAnswersStress {
  private final AtomicInteger counted = new AtomicInteger();
  private final AtomicInteger first = new AtomicInteger();
  private final Reply<Integer> reply = new Reply<>(counted::incrementAndGet);

  /// Asks before there is an answer.
  public TwoAnswersStress() {
    reply.onDone((answer, _) -> first.addAndGet(answer == null ? 10 : answer));
  }

  @Actor
  public void one() {
    reply.complete(1);
  }

  @Actor
  public void two() {
    reply.complete(2);
  }

  @Arbiter
  public void after(III_Result result) {
    result.r1 = first.get();
    reply.onDone((answer, _) -> result.r2 = answer == null ? 10 : answer);
    result.r3 = counted.get();
  }
}
