package org.hearth.server.writers.federationbackfill;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.Box;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.Fetched;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FailingServer;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.outbound.federation.PeerRequests;
import org.hearth.server.servers.room.EventStatus;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;

/// Asks other servers for history that is not here, when somebody here reads on to where it is
/// missing.
///
/// **thread**: any that may wait; [#stop] one.
///
/// **bound**: [#MOST_AT_ONCE] rooms at a time and [#MOST_SLOW] that have taken longer than
/// [#QUICKLY], [#MOST_OF_SERVER] of one server, and [#MOST_WAITING] that wait for that; for each
/// [#MOST_SERVERS] servers within [#TIME]; nobody waits longer than [#PATIENCE]. What was asked in
/// vain is not asked again for [#LIFE_IN_VAIN], of [#MOST_REMEMBERED] rooms.
public final class FederationBackfill implements Box {
  /// The name in the wiring.
  public static final String BOX = "FederationBackfill";

  private static final System.Logger LOG = System.getLogger(FederationBackfill.class.getName());

  /// Where the history goes on that is asked for at once, of as many as there may be.
  private static final int MOST_FROM = 20;

  private static final int MOST_SERVERS = 4;

  /// Answers are large in memory.
  private static final int MOST_AT_ONCE = 4;

  /// Rooms whose servers are slow, perhaps on purpose, keep nobody from the others.
  private static final int MOST_SLOW = 8;

  private static final Duration QUICKLY = Duration.ofSeconds(10);

  /// A server that is slow on purpose keeps nobody from the others.
  private static final int MOST_OF_SERVER = 2;

  /// Events that are asked for at once.
  private static final int MOST_EVENTS = 50;

  private static final int MOST_WAITING = 100;
  private static final int MOST_REMEMBERED = 10_000;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration TIME = Duration.ofMinutes(1);
  private static final Duration TIME_TO_NAME_ONE = Duration.ofSeconds(5);
  private static final Duration LIFE_IN_VAIN = Duration.ofMinutes(2);
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);

  /// What came of asking.
  public enum Outcome {
    /// Nothing is missing that can be had.
    NOTHING,
    /// More of the history is here.
    MORE,
    /// It is still being asked for, or its turn has not come.
    UNDER_WAY
  }

  /// A moment near which an event is looked for.
  ///
  /// @param timestamp milliseconds since 1970
  /// @param forwards the first at or after the moment, else the last at or before it
  /// @param nearestHere the time of the event that is here; empty for none
  /// @param depthOfNext of the event that is here before which others are missing: what is missing
  ///   is less deep
  public record Moment(
      long timestamp, boolean forwards, OptionalLong nearestHere, long depthOfNext) {
    /// Whether an event of that time is nearer than what is here.
    boolean isNearer(long other) {
      return forwards
          ? other >= timestamp && (nearestHere.isEmpty() || other < nearestHere.getAsLong())
          : other <= timestamp && (nearestHere.isEmpty() || other > nearestHere.getAsLong());
    }
  }

  /// What it asks.
  public record Needs(
      RoomQueries rooms,
      PeerQueries peers,
      RoomClient client,
      PeerEvents events,
      FederationClient federation) {}

  /// What is done for all who want the same at the same time, and remembered if it is in vain.
  private sealed interface Task {
    RoomId room();

    /// The history before what is here.
    ///
    /// @param from the events that are missing
    record Before(RoomId room, Set<EventId> from) implements Task {}

    /// An event near a moment.
    record Near(RoomId room, Moment moment) implements Task {}
  }

  /// A task, to be known again.
  private record Vain(RoomId room, int hash) {
    static Vain of(Task task) {
      return new Vain(task.room(), task.hashCode());
    }
  }

  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;
  private final PeerEvents events;
  private final FederationClient federation;
  private final HistoryServers servers;
  private final HistoryIntake intake;
  private final RandomGenerator random;
  private final Map<RoomId, CompletableFuture<Boolean>> underWay = new ConcurrentHashMap<>();
  private final Places places = new Places(MOST_AT_ONCE, MOST_SLOW, QUICKLY, System::nanoTime);

  /// How often each server is being asked.
  private final Map<ServerName, Integer> busy = new ConcurrentHashMap<>();

  /// What led to nothing: the hash of what is missing may be of much.
  private final Cache<Vain, Boolean> inVain =
      Caffeine.newBuilder().maximumSize(MOST_REMEMBERED).expireAfterWrite(LIFE_IN_VAIN).build();

  private volatile boolean stopping;

  /// @param here this server
  /// @param random to choose among many gaps
  public FederationBackfill(
      ServerName here, Needs needs, InstantSource clock, RandomGenerator random) {
    this.here = here;
    this.rooms = needs.rooms();
    this.peers = needs.peers();
    this.events = needs.events();
    this.federation = needs.federation();
    this.random = random;
    this.servers =
        new HistoryServers(
            here,
            rooms,
            peers,
            () ->
                federation.failing().stream()
                    .filter(each -> each.nextTry().isAfter(clock.instant()))
                    .map(FailingServer::name)
                    .collect(Collectors.toSet()));
    this.intake = new HistoryIntake(rooms, needs.client(), events);
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Fetches history";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.WRITER;
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX);
  }

  /// Fetches more of a room's history, if some is missing that others may have; returns when it is
  /// here, or after a while. One fetch serves all who ask for it.
  public Outcome fetchBefore(RoomId room) throws InterruptedException {
    Set<EventId> missing = rooms.missingPrevious(room);
    return missing.isEmpty() ? Outcome.NOTHING : await(new Task.Before(room, missing));
  }

  /// Fetches the event nearest to a moment, if others know a nearer one than is here.
  public Outcome fetchNear(RoomId room, Moment moment) throws InterruptedException {
    return await(new Task.Near(room, moment));
  }

  private Outcome await(Task task) throws InterruptedException {
    if (inVain.getIfPresent(Vain.of(task)) != null || !peers.servers(task.room()).contains(here)) {
      return Outcome.NOTHING;
    }
    if (stopping || underWay.size() >= MOST_WAITING) {
      return Outcome.UNDER_WAY;
    }
    CompletableFuture<Boolean> begun = new CompletableFuture<>();
    CompletableFuture<Boolean> running = underWay.putIfAbsent(task.room(), begun);
    if (running == null) {
      running = begun;
      var _ = Thread.ofVirtual().name("backfill " + task.room()).start(() -> run(task, begun));
    }
    try {
      return running.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          ? Outcome.MORE
          : Outcome.NOTHING;
    } catch (TimeoutException _) {
      return Outcome.UNDER_WAY;
    } catch (ExecutionException e) {
      throw new IllegalStateException("it does not fail", e.getCause());
    }
  }

  private void run(Task task, CompletableFuture<Boolean> done) {
    Outcome outcome = Outcome.UNDER_WAY;
    try {
      Optional<Places.Place> place = places.take(System.nanoTime() + TIME.toNanos());
      if (place.isPresent()) {
        outcome = fetch(task, place.get());
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.log(Level.WARNING, "history of " + task.room() + " could not be fetched", e);
      outcome = Outcome.NOTHING;
    } finally {
      if (outcome == Outcome.NOTHING) {
        inVain.put(Vain.of(task), true);
      }
      underWay.remove(task.room());
      done.complete(outcome == Outcome.MORE);
    }
  }

  private Outcome fetch(Task task, Places.Place place) throws InterruptedException {
    try (place) {
      return fetch(task);
    } catch (InterruptedException e) {
      if (place.isGivenUp()) {
        // Others have waited for its servers long enough.
        return Outcome.NOTHING;
      }
      throw e;
    }
  }

  /// @return [Outcome#UNDER_WAY] if not all could be asked now who might have it
  private Outcome fetch(Task task) throws InterruptedException {
    Optional<RoomVersion> version = rooms.room(task.room()).map(each -> each.version());
    if (version.isEmpty()) {
      return Outcome.NOTHING;
    }
    Outcome outcome = Outcome.NOTHING;
    long end = System.nanoTime() + TIME.toNanos();
    for (ServerName server : servers.best(task.room(), MOST_SERVERS)) {
      if (stopping || System.nanoTime() - end > 0) {
        return Outcome.UNDER_WAY;
      }
      boolean free = busy.merge(server, 1, Integer::sum) <= MOST_OF_SERVER;
      try {
        if (free && fetch(task, server, version.get(), end)) {
          return Outcome.MORE;
        }
      } finally {
        busy.computeIfPresent(server, (_, times) -> times == 1 ? null : times - 1);
      }
      outcome = free ? outcome : Outcome.UNDER_WAY;
    }
    return outcome;
  }

  /// @return whether there is more than before
  private boolean fetch(Task task, ServerName server, RoomVersion version, long end)
      throws InterruptedException {
    return switch (task) {
      case Task.Before(RoomId room, Set<EventId> from) ->
          fetchBefore(server, room, version, from, end);
      case Task.Near(RoomId room, Moment moment) -> fetchNear(server, room, version, moment, end);
    };
  }

  private boolean fetchBefore(
      ServerName server, RoomId room, RoomVersion version, Set<EventId> missing, long end)
      throws InterruptedException {
    // What is here and has its place was rejected, and is asked for no more.
    List<EventId> from =
        new ArrayList<>(
            missing.stream()
                .filter(each -> rooms.status(each).filter(EventStatus::placed).isEmpty())
                .toList());
    Collections.shuffle(from, random);
    from = from.subList(0, Math.min(from.size(), MOST_FROM));
    if (from.isEmpty()
        || !(events.backfill(server, room, version, from, MOST_EVENTS)
            instanceof Fetched.Got(CheckedEvents got))) {
      return false;
    }
    List<Pdu> before = before(room, from, got);
    return !before.isEmpty()
        && intake.take(
            server, room, version, new CheckedEvents(before, got.signers(), got.dropped()), end);
  }

  /// Of the events those that are asked for and those before them: each names those before it, also
  /// one that cannot be had because nobody vouches for it any more. How deep an event is says its
  /// maker, so that nobody's word makes history of it.
  private List<Pdu> before(RoomId room, List<EventId> from, CheckedEvents got) {
    Map<EventId, List<EventId>> previous = new HashMap<>();
    got.dropped()
        .forEach(each -> each.event().ifPresent(id -> previous.put(id, each.prevEvents())));
    got.events().forEach(each -> previous.put(each.eventId(), each.prevEvents()));
    Set<EventId> before = new HashSet<>(from);
    Deque<EventId> open = new ArrayDeque<>(from);
    while (!open.isEmpty()) {
      previous.getOrDefault(open.pop(), List.of()).stream().filter(before::add).forEach(open::add);
    }
    return got.events().stream()
        .filter(each -> before.contains(each.eventId()))
        .filter(each -> mayCount(room, each))
        .toList();
  }

  /// What is history is judged by the state then, and not by that now. So that nobody who has lost
  /// the power to redact does it by making up history, a redaction of a live event has to be one
  /// that its sender could send now.
  private boolean mayCount(RoomId room, Pdu event) {
    if (!event.isRedaction()) {
      return true;
    }
    Optional<RoomEvent> target =
        event
            .redacts()
            .flatMap(rooms::event)
            .filter(each -> each.room().equals(room) && each.place() > 0);
    return target.isEmpty()
        || target.get().sender().equals(event.sender())
        || rooms
            .powerLevels(room)
            .filter(levels -> levels.userLevel(event.sender()) >= levels.redact())
            .isPresent();
  }

  /// "After the local homeserver receives the response, it should determine, using the
  /// `origin_server_ts` property, whether the returned event is closer to the requested timestamp
  /// than the closest event that it could find locally. If so, it should try to backfill this event
  /// via the `/event/{event_id}` endpoint".
  private boolean fetchNear(
      ServerName server, RoomId room, RoomVersion version, Moment moment, long end)
      throws InterruptedException {
    Optional<EventId> named = name(server, room, moment);
    if (named.isEmpty()
        || rooms.status(named.get()).filter(EventStatus::placed).isPresent()
        || !(events.event(server, room, version, named.get())
            instanceof Fetched.Got(CheckedEvents got))) {
      return false;
    }
    List<Pdu> nearer =
        got.events().stream()
            .filter(each -> moment.isNearer(each.originServerTs()))
            .filter(each -> each.depth() < moment.depthOfNext())
            .filter(each -> mayCount(room, each))
            .toList();
    return !nearer.isEmpty()
        && intake.take(
            server, room, version, new CheckedEvents(nearer, got.signers(), got.dropped()), end);
  }

  private Optional<EventId> name(ServerName server, RoomId room, Moment moment)
      throws InterruptedException {
    FederationReply reply =
        federation.send(
            FederationRequest.get(
                    server,
                    "/_matrix/federation/v1/timestamp_to_event/%s?ts=%d&dir=%s"
                        .formatted(
                            PeerRequests.encoded(room.value()),
                            moment.timestamp(),
                            moment.forwards() ? "f" : "b"))
                .withAnswer(64 << 10, TIME_TO_NAME_ONE));
    if (!(reply instanceof FederationReply.Answer(_, ObjectNode body))) {
      return Optional.empty();
    }
    JsonNode time = body.path("origin_server_ts");
    return time.isIntegralNumber() && time.canConvertToLong() && moment.isNearer(time.longValue())
        ? Optional.of(body.path("event_id"))
            .filter(JsonNode::isTextual)
            .flatMap(each -> Identifiers.read(EventId::parse, each.textValue()))
        : Optional.empty();
  }

  /// Begins nothing more, and waits for what is under way.
  @Override
  public void stop() throws InterruptedException {
    stopping = true;
    try {
      CompletableFuture.allOf(underWay.values().toArray(CompletableFuture<?>[]::new))
          .get(PATIENCE_AT_END.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      LOG.log(Level.INFO, "history that is being fetched is fetched another time: {0}", e);
    }
  }
}
