package org.hearth.server.outbound.events;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import org.hearth.server.matrix.checks.DropRule;
import org.hearth.server.matrix.checks.ReceiptChecks;
import org.hearth.server.matrix.checks.Received;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.SignatureKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;

/// Checks 1 to 3 on receipt for many events at once.
///
/// **thread**: any that may wait.
final class EventChecks {
  /// Servers whose keys are asked for at once. Of more, the events of those beyond have no keys.
  static final int MOST_SERVERS = 10_000;

  /// Keys of one server by which an event may be signed; of more, the others are not looked for.
  static final int MOST_KEYS = 8;

  /// How long keys are waited for: longer than whoever finds them takes.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /// Fewer events are not worth a thread.
  private static final int WORTH_A_THREAD = 4;

  private static final ServerKeys NONE = (_, _) -> Optional.empty();

  private final PeerEvents.Keys keys;

  EventChecks(PeerEvents.Keys keys) {
    this.keys = keys;
  }

  /// A lot of events after the checks.
  ///
  /// @param given the ids of those given, in their order; empty for what has no format
  record Lot(CheckedEvents checked, List<Optional<EventId>> given) {}

  /// What is an event of that room, each once.
  ///
  /// @param events which nobody changes from now on
  /// @throws InterruptedException if the caller was interrupted
  CheckedEvents check(RoomId room, RoomVersion version, List<ObjectNode> events)
      throws InterruptedException {
    return checkLot(room, version, events).checked();
  }

  /// The same of an answer to `/backfill`; see [PduFormat#readBackfilled].
  ///
  /// @param events which nobody changes from now on
  /// @throws InterruptedException if the caller was interrupted
  CheckedEvents checkBackfilled(RoomId room, RoomVersion version, List<ObjectNode> events)
      throws InterruptedException {
    return check(room, events, event -> PduFormat.readBackfilled(event, version)).checked();
  }

  /// The same, and which was which.
  ///
  /// @throws InterruptedException if the caller was interrupted
  Lot checkLot(RoomId room, RoomVersion version, List<ObjectNode> events)
      throws InterruptedException {
    return check(room, events, event -> PduFormat.read(event, version));
  }

  private Lot check(
      RoomId room, List<ObjectNode> events, Function<ObjectNode, PduFormat.Reading> reading)
      throws InterruptedException {
    List<DroppedEvent> dropped = new ArrayList<>();
    List<Pdu> read = new ArrayList<>();
    List<Optional<EventId>> given = new ArrayList<>();
    // 1. "Is a valid event, otherwise it is dropped."
    for (PduFormat.Reading each : forEach(events, reading)) {
      given.add(
          each instanceof PduFormat.Valid(Pdu event)
              ? Optional.of(event.eventId())
              : Optional.empty());
      switch (each) {
        case PduFormat.Valid(Pdu event) when event.roomId().equals(room) -> read.add(event);
        case PduFormat.Valid(Pdu event) ->
            dropped.add(
                new DroppedEvent(
                    Optional.of(event.eventId()),
                    DroppedEvent.OTHER_ROOM,
                    "expected an event of %s, found one of %s".formatted(room, event.roomId())));
        case PduFormat.Invalid(var fault) ->
            dropped.add(
                new DroppedEvent(
                    Optional.empty(), DropRule.of(fault.kind()).name(), fault.detail()));
      }
    }

    return new Lot(verify(read, dropped), given);
  }

  /// Checks 2 and 3 of events whose format was checked.
  ///
  /// @throws InterruptedException if the caller was interrupted
  CheckedEvents verify(List<Pdu> events) throws InterruptedException {
    return verify(events, new ArrayList<>());
  }

  private CheckedEvents verify(List<Pdu> events, List<DroppedEvent> dropped)
      throws InterruptedException {
    // 2. "Passes signature checks, otherwise it is dropped."
    // 3. "Passes hash checks, otherwise it is redacted before being processed further."
    ServerKeys found = find(wanted(events));
    List<Received> received = forEach(events, event -> ReceiptChecks.verify(event, found));
    return sort(events, received, dropped);
  }

  /// Those of the events whose keys are at hand, verified; the keys of the others are being looked
  /// for from now on.
  ///
  /// @throws InterruptedException if the caller was interrupted
  PromptCheck verifyAtHand(List<Pdu> events) throws InterruptedException {
    List<Pdu> now = new ArrayList<>();
    List<Pdu> later = new ArrayList<>();
    Map<EventId, ServerKeys> atHand = new HashMap<>();
    for (Pdu event : events) {
      Set<WantedKey> wanted = wanted(List.of(event));
      CompletableFuture<ServerKeys> found =
          wanted.isEmpty() ? CompletableFuture.completedFuture(NONE) : keys.keys(wanted);
      if (found.state() == Future.State.SUCCESS) {
        now.add(event);
        atHand.put(event.eventId(), found.resultNow());
      } else {
        later.add(event);
      }
    }
    List<Received> received =
        forEach(
            now, event -> ReceiptChecks.verify(event, atHand.getOrDefault(event.eventId(), NONE)));
    return new PromptCheck(sort(now, received, new ArrayList<>()), later);
  }

  private static CheckedEvents sort(
      List<Pdu> read, List<Received> received, List<DroppedEvent> dropped) {
    Map<EventId, Pdu> passed = new LinkedHashMap<>();
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    for (int i = 0; i < read.size(); i++) {
      EventId id = read.get(i).eventId();
      switch (received.get(i)) {
        // Of two copies the whole one counts.
        case Received.Intact(Pdu event, var servers) -> {
          passed.put(id, event);
          signers.put(id, servers);
        }
        case Received.Redacted(Pdu event, var servers) -> {
          if (passed.putIfAbsent(id, event) == null) {
            signers.put(id, servers);
          }
        }
        case Received.Dropped(DropRule rule, String detail) ->
            dropped.add(
                new DroppedEvent(
                    Optional.of(id), rule.name(), detail, previousByHash(read.get(i))));
      }
    }
    return new CheckedEvents(List.copyOf(passed.values()), signers, dropped);
  }

  /// The events before that one, if its id is the hash of what says so.
  private static List<EventId> previousByHash(Pdu event) {
    return event.version().eventIds().isHash() ? event.prevEvents() : List.of();
  }

  /// The keys by which the events are signed, each until when it has to be valid.
  private static Set<WantedKey> wanted(List<Pdu> events) {
    Set<ServerName> servers = new HashSet<>();
    Set<WantedKey> wanted = new HashSet<>();
    for (Pdu event : events) {
      long validUntil =
          event.version().has(RoomRule.KEY_VALIDITY_ENFORCED) ? event.originServerTs() : 0;
      for (Map.Entry<ServerName, Set<KeyId>> each : SignatureKeys.wanted(event).entrySet()) {
        ServerName server = each.getKey();
        if (servers.contains(server) || servers.size() < MOST_SERVERS) {
          servers.add(server);
          each.getValue().stream()
              .limit(MOST_KEYS)
              .forEach(key -> wanted.add(new WantedKey(server, key, validUntil)));
        }
      }
    }
    return wanted;
  }

  private ServerKeys find(Set<WantedKey> wanted) throws InterruptedException {
    if (wanted.isEmpty()) {
      return NONE;
    }
    try {
      return keys.keys(wanted).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException _) {
      return NONE;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException("keys cannot be looked for", e.getCause());
    }
  }

  /// Does something with each, on all processors.
  ///
  /// @return what came of each, in the same order
  @SuppressWarnings("ThreadPriorityCheck") // fairness only depends on the scheduler
  private static <A, B> List<B> forEach(List<A> all, Function<A, B> work)
      throws InterruptedException {
    AtomicReferenceArray<B> results = new AtomicReferenceArray<>(all.size());
    AtomicInteger next = new AtomicInteger();
    Runnable loop =
        () -> {
          for (int i = next.getAndIncrement(); i < all.size(); i = next.getAndIncrement()) {
            results.set(i, work.apply(all.get(i)));
            // Tens of thousands of events may come at once, and virtual threads are not put aside
            // for others: requests of users have their turn after each event.
            Thread.yield();
          }
        };
    int threads = Math.min(Runtime.getRuntime().availableProcessors(), all.size() / WORTH_A_THREAD);
    List<FutureTask<Void>> others = new ArrayList<>();
    for (int i = 1; i < threads; i++) {
      FutureTask<Void> other = new FutureTask<>(loop, null);
      others.add(other);
      var _ = Thread.ofVirtual().name("event-checks").start(other);
    }
    loop.run();
    try {
      for (FutureTask<Void> each : others) {
        var _ = each.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("an event cannot be checked", e.getCause());
    }
    List<B> done = new ArrayList<>(all.size());
    for (int i = 0; i < all.size(); i++) {
      done.add(results.get(i));
    }
    return done;
  }
}
