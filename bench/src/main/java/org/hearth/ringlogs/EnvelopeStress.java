package org.hearth.ringlogs;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.hearth.ringlogs.WiringDescription.Node;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/// Claim: who sees a sequence published finds in its place the envelope of that sequence or a later
/// one, with all that the publisher wrote before, although nothing keeps the publisher from
/// overwriting the place meanwhile.
///
/// r1 is the sequence of the envelope in place 0, r2 what its entry holds (a plain field); the ring
/// has two places, the third entry goes to place 0 again.
@JCStressTest
@Outcome(id = "-1, -1", expect = ACCEPTABLE, desc = "nothing is published yet")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the first entry, whole")
@Outcome(id = "2, 3", expect = ACCEPTABLE, desc = "overtaken: the third entry, whole")
@Outcome(expect = Expect.FORBIDDEN, desc = "torn, stale or half-written")
@State
public class EnvelopeStress {
  private final Broadcast<long[]> log = open();

  static Broadcast<long[]> open() {
    Broadcast<long[]> log =
        new Broadcast<>(
            new LogSpec<>("stress", long[].class, 2, _ -> "", new NoCodec()),
            Node.Kind.VOLATILE_LOG,
            new Source.Nowhere<>(),
            new FailureHandling(DeadLetters.inMemory(), _ -> false, InstantSource.system()));
    log.start(LogPosition.ORIGIN);
    return log;
  }

  static void publish(Broadcast<long[]> log, long position) {
    long[] entry = new long[1];
    entry[0] = position;
    log.publish(List.of(new Positioned<>(new LogPosition(position), entry)));
  }

  @Actor
  public void publisher() {
    publish(log, 1);
    publish(log, 2);
    publish(log, 3);
  }

  @Actor
  public void reader(JJ_Result result) {
    if (log.cursor() < 0) {
      result.r1 = -1;
      result.r2 = -1;
      return;
    }
    // The entries weigh nothing, so none goes before its time.
    Broadcast.Envelope<long[]> envelope = Objects.requireNonNull(log.envelope(0));
    result.r1 = envelope.sequence();
    result.r2 = envelope.content().entry()[0];
  }

  /// Never used: nothing is parked here.
  private static final class NoCodec implements EntryCodec<long[]> {
    @Override
    public int version() {
      return 1;
    }

    @Override
    public byte[] encode(long[] entry) {
      return new byte[0];
    }

    @Override
    public long[] decode(int version, byte[] bytes) {
      return new long[0];
    }
  }
}
