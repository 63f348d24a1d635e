package org.hearth.server.servers.room;

import com.fasterxml.jackson.databind.node.LongNode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.hearth.server.matrix.checks.PolicyAnswer;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;

/// Has events signed by policy servers, as often as these can be asked at a time. The Room Server
/// says which events of which rooms that are; it never waits for one.
///
/// **bound**: [#MOST_OF_ROOM] events of this server are being signed for a room, since each leaves
/// a branch of the room's graph when others come meanwhile, and [#MOST_WAITING] wait; a policy
/// server is asked about [#MOST_OF_SERVER] events at a time. So one that is slow holds up the rooms
/// that use it, and no others.
///
/// **thread**: any that may wait: of requests, or a box's own.
///
/// **source**: [Policy Servers](https://spec.matrix.org/v1.19/server-server-api/#policy-servers)
public final class PolicySigning {
  static final int MOST_OF_ROOM = 4;
  static final int MOST_OF_SERVER = 32;
  static final int MOST_WAITING = 64;

  /// How long a place is waited for.
  static final Duration PATIENCE = Duration.ofSeconds(15);

  /// Of several events so many are asked about at a time.
  static final int MOST_BESIDE_EACH_OTHER = 8;

  /// What a place and an answer take at most.
  private static final Duration LONGEST = Duration.ofSeconds(45);

  private static final Duration LATER = Duration.ofSeconds(10);
  private static final int BAD_GATEWAY = 502;
  private static final Pattern ERRCODE = Pattern.compile("[A-Z0-9_.]{1,100}");

  /// Statuses of the specified answers, of which a client understands what it should.
  private static final Set<Integer> PASSED_ON = Set.of(400, 403, 404, 429);

  /// What means something else to a client if its own server says it: that it is logged out, or
  /// that it may no longer use the account.
  private static final Set<String> ABOUT_ACCOUNTS =
      Set.of(
          Errcode.MISSING_TOKEN.code(),
          Errcode.UNKNOWN_TOKEN.code(),
          Errcode.UNAUTHORIZED.code(),
          Errcode.USER_LOCKED.code(),
          Errcode.USER_SUSPENDED.code(),
          Errcode.USER_DEACTIVATED.code());

  private final Requests requests;
  private final PlacesPerKey<RoomId> rooms = new PlacesPerKey<>(MOST_OF_ROOM, MOST_WAITING);
  private final PlacesPerKey<ServerName> servers = new PlacesPerKey<>(MOST_OF_SERVER, MOST_WAITING);

  /// Asks policy servers.
  @FunctionalInterface
  public interface Requests {
    /// Asks one to sign an event, and waits for the answer.
    ///
    /// @param urgent whether a user waits for it
    /// @throws InterruptedException if the caller was interrupted
    PolicyAnswer ask(PolicyServer policy, Pdu event, boolean urgent) throws InterruptedException;
  }

  public PolicySigning(Requests requests) {
    this.requests = requests;
  }

  /// For a server that asks no others: what a policy server has to sign is not sent.
  public static PolicySigning ofNobody() {
    return new PolicySigning(
        (_, _, _) -> new PolicyAnswer.None("this server does not ask other servers"));
  }

  /// Waits until an event of this server may be signed for the room.
  ///
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too many wait
  PlacesPerKey<RoomId>.Place begin(RoomId room) throws InterruptedException {
    return rooms.take(room, PATIENCE).orElseThrow(() -> MatrixException.limitExceeded(LATER));
  }

  /// Has an event signed.
  ///
  /// @param urgent whether a user waits for it, so that also a server is asked that could not be
  ///   reached lately
  /// @return the event with the policy server's signature
  /// @throws MatrixException the policy server's refusal: "If the Policy Server returned an error,
  ///   that error SHOULD be provided to the client verbatim. The event the client was attempting to
  ///   send SHOULD be discarded and not processed/sent any further."
  public Pdu sign(PolicyServer policy, Pdu event, boolean urgent) throws InterruptedException {
    return switch (ask(policy, event, urgent)) {
      case PolicyAnswer.Signed(Pdu signed) -> signed;
      case PolicyAnswer.Refused refused -> throw error(policy, refused);
      case PolicyAnswer.None(String why) ->
          throw new MatrixException(
              BAD_GATEWAY,
              Errcode.UNKNOWN,
              "The room's policy server %s did not sign the event, because %s"
                  .formatted(policy.name(), why));
    };
  }

  private static MatrixException error(PolicyServer policy, PolicyAnswer.Refused refused) {
    String error =
        refused.error().isEmpty()
            ? "The room's policy server %s does not allow the event".formatted(policy.name())
            : refused.error();
    if (!PASSED_ON.contains(refused.status())
        || !ERRCODE.matcher(refused.errcode()).matches()
        || ABOUT_ACCOUNTS.contains(refused.errcode())) {
      return MatrixException.forbidden(error);
    }
    return new MatrixException(
        refused.status(),
        refused.errcode(),
        error,
        refused.errcode().equals(Errcode.LIMIT_EXCEEDED.code())
            ? Map.of("retry_after_ms", LongNode.valueOf(LATER.toMillis()))
            : Map.of());
  }

  /// Has events of others signed, some beside each other.
  ///
  /// @param patience after which nothing more is begun
  /// @return what came of each; those without an answer were not asked about in time
  public Map<EventId, PolicyAnswer> signAll(
      PolicyServer policy, Collection<Pdu> events, Duration patience) throws InterruptedException {
    Asking asking = new Asking(policy, events, System.nanoTime() + patience.toNanos());
    int threads = Math.min(MOST_BESIDE_EACH_OTHER, events.size());
    CountDownLatch ended = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      var _ =
          Thread.ofVirtual()
              .name("policy-server " + policy.name())
              .start(() -> {
                try {
                  asking.run();
                } finally {
                  ended.countDown();
                }
              });
    }
    var _ = ended.await(patience.plus(LONGEST).toNanos(), TimeUnit.NANOSECONDS);
    return asking.answers();
  }

  /// Asks about events, one after the other, on several threads.
  private final class Asking {
    private final PolicyServer policy;
    private final Deque<Pdu> left;
    private final long end;
    private final Map<EventId, PolicyAnswer> answers = new HashMap<>();

    Asking(PolicyServer policy, Collection<Pdu> events, long end) {
      this.policy = policy;
      this.left = new ArrayDeque<>(events);
      this.end = end;
    }

    void run() {
      try {
        Optional<Pdu> next = next();
        while (next.isPresent()) {
          Pdu event = next.get();
          PolicyAnswer answer = ask(policy, event, false);
          synchronized (this) {
            answers.put(event.eventId(), answer);
          }
          next = next();
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }

    private synchronized Optional<Pdu> next() {
      return System.nanoTime() < end ? Optional.ofNullable(left.poll()) : Optional.empty();
    }

    synchronized Map<EventId, PolicyAnswer> answers() {
      return Map.copyOf(answers);
    }
  }

  private PolicyAnswer ask(PolicyServer policy, Pdu event, boolean urgent)
      throws InterruptedException {
    Optional<PlacesPerKey<ServerName>.Place> place = servers.take(policy.name(), PATIENCE);
    if (place.isEmpty()) {
      return new PolicyAnswer.None("it is being asked about too many events");
    }
    try (PlacesPerKey<ServerName>.Place _ = place.get()) {
      return requests.ask(policy, event, urgent);
    }
  }
}
