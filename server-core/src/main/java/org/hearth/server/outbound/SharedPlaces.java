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
/// **bound**: so many places, and so many who wait. **thread**: any.
public final class SharedPlaces {
  private final int atOnce;
  private final int mostWaiting;

  /// Guarded by this, as are the next two.
  private int taken;

  private final Map<String, Integer> takenOf = new HashMap<>();

  /// Whoever came first is first.
  private final Set<Claim> waiting = new LinkedHashSet<>();

  /// @param atOnce places
  /// @param mostWaiting who comes when so many wait does not wait
  public SharedPlaces(int atOnce, int mostWaiting) {
    this.atOnce = atOnce;
    this.mostWaiting = mostWaiting;
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
    return waiting.size() < mostWaiting && waiting.add(claim);
  }

  /// @return false if it was granted
  private synchronized boolean withdraw(Claim claim) {
    return waiting.remove(claim);
  }

  private boolean isFree(Claim claim) {
    return taken < atOnce
        && claim.shares.stream().allMatch(each -> takenOf.getOrDefault(each.of(), 0) < each.most());
  }

  private void grant(Claim claim) {
    taken++;
    claim.shares.forEach(each -> takenOf.merge(each.of(), 1, Integer::sum));
    claim.holds = true;
    claim.granted.countDown();
  }

  private void giveBack(List<Share> shares) {
    taken--;
    shares.forEach(
        each -> takenOf.computeIfPresent(each.of(), (_, count) -> count == 1 ? null : count - 1));
    for (Iterator<Claim> next = waiting.iterator(); next.hasNext() && taken < atOnce; ) {
      Claim claim = next.next();
      if (isFree(claim)) {
        next.remove();
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
