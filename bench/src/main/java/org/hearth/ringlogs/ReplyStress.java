package org.hearth.ringlogs;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Claims: what the answering thread did before it answered is visible to who is told of the
/// answer; and who asks to be told is told exactly once, whichever comes first.
///
/// r1 is what was written (a plain field) before the answer, as seen by who is told; r2 how often
/// it was told.
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "told once, of all that was done")
@Outcome(expect = FORBIDDEN, desc = "not told, told twice, or told too early")
@State
public class ReplyStress {
  private final Reply<Integer> reply = Reply.pending();
  private int done;
  private int seen;
  private int told;

  @Actor
  public void answers() {
    done = 1;
    reply.complete(1);
  }

  @Actor
  public void asks() {
    reply.onDone((_, _) -> {
      seen = done;
      told++;
    });
  }

  @Arbiter
  public void after(II_Result result) {
    result.r1 = seen;
    result.r2 = told;
  }
}
