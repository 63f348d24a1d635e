package org.hearth.server.outbound;

import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Places for what many want at the same time, such as questions to other servers: so many in all,
/// and of these a share for each who has to do with it. Whoever takes up a share keeps nobody from
/// the rest, and who waits for one holds none.
///
/// **bound**: so many places, and so many who wait, of whom only so many have to do with one.
/// **thread**: any.
public final class SharedPlaces {
  private final int atOnce;
  private final int mostWaiting;
  private final int mostWaitingOfOne;

  /// Guarded by this, as are the next three.
  private int taken;

  private final Map<String, Integer> takenOf = new HashMap<>();
  private final Map<String, Integer> waitingOf = new HashMap<>();

  /// Whoever came first is first.
  private final Set<Claim> waiting = new LinkedHashSet<>();

  /// @param atOnce places
  /// @param mostWaiting who comes when so many wait does not wait
  public SharedPlaces(int atOnce, int mostWaiting) {
    this(atOnce, mostWaiting, mostWaiting);
  }

  /// @param mostWaitingOfOne of whom as many wait for the same share at most
  public SharedPlaces(int atOnce, int mostWaiting, int mostWaitingOfOne) {
    this.atOnce = atOnce;
    this.mostWaiting = mostWaiting;
    this.mostWaitingOfOne = mostWaitingOfOne;
  }

  /// What one may take up.
  ///
  /// @param of a user, an address or a server
  /// @param most of the places
  public record Share(String of, int most) {}

  /// A place, until it is closed. Closing it again does nothing.
  public interface Place extends AutoCloseable {
    @Override
    void close();
  }

  private final class Claim implements Place {
    private final List<Share> shares;
    private final CountDownLatch granted = new CountDownLatch(1);
    private boolean holds;

    Claim(List<Share> shares) {
      this.shares = shares;
    }

    @Override
    public void close() {
      synchronized (SharedPlaces.this) {
        if (holds) {
          holds = false;
          giveBack(shares);
        }
      }
    }
  }

  /// Waits for a place.
  ///
  /// @param shares all have room for it when it is given; each of another
  /// @return empty if there was none in time
  public Optional<Place> take(List<Share> shares, Duration patience) throws InterruptedException {
    Claim claim = new Claim(List.copyOf(shares));
    if (!enter(claim)) {
      return Optional.empty();
    }
    try {
      var _ = claim.granted.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      if (!withdraw(claim)) {
        claim.close();
      }
      throw e;
    }
    return withdraw(claim) ? Optional.empty() : Optional.of(claim);
  }

  /// @return false if the claim does not even wait
  private synchronized boolean enter(Claim claim) {
    if (isFree(claim)) {
      grant(claim);
      return true;
    }
    if (waiting.size() >= mostWaiting
        || claim.shares.stream().anyMatch(each -> count(waitingOf, each) >= mostWaitingOfOne)) {
      return false;
    }
    raise(waitingOf, claim.shares);
    return waiting.add(claim);
  }

  /// @return false if it was granted
  private synchronized boolean withdraw(Claim claim) {
    boolean waited = waiting.remove(claim);
    if (waited) {
      lower(waitingOf, claim.shares);
    }
    return waited;
  }

  private static int count(Map<String, Integer> counts, Share share) {
    return counts.getOrDefault(share.of(), 0);
  }

  private static void raise(Map<String, Integer> counts, List<Share> shares) {
    shares.forEach(each -> counts.merge(each.of(), 1, Integer::sum));
  }

  private static void lower(Map<String, Integer> counts, List<Share> shares) {
    shares.forEach(
        each -> counts.computeIfPresent(each.of(), (_, count) -> count == 1 ? null : count - 1));
  }

  private boolean isFree(Claim claim) {
    return taken < atOnce
        && claim.shares.stream().allMatch(each -> count(takenOf, each) < each.most());
  }

  private void grant(Claim claim) {
    taken++;
    raise(takenOf, claim.shares);
    claim.holds = true;
    claim.granted.countDown();
  }

  private void giveBack(List<Share> shares) {
    taken--;
    lower(takenOf, shares);
    for (Iterator<Claim> next = waiting.iterator(); next.hasNext() && taken < atOnce; ) {
      Claim claim = next.next();
      if (isFree(claim)) {
        next.remove();
        lower(waitingOf, claim.shares);
        grant(claim);
      }
    }
  }

  /// How many wait.
  synchronized int waiting() {
    return waiting.size();
  }

  /// How many have places.
  synchronized int holders() {
    return takenOf.size();
  }
}
