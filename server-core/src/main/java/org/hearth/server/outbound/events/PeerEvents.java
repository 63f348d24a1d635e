package org.hearth.server.outbound.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.hearth.server.matrix.checks.DropRule;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.jspecify.annotations.Nullable;

/// Asks other servers for events of a room, and checks what has come: checks 1 to 3 on receipt. The
/// Room Server judges the rest.
///
/// **thread**: any that may wait; none of a log. **errors**: nothing that a peer sends makes it
/// throw.
///
/// **source**: [Retrieving events][events], [Backfilling and retrieving missing events][backfill],
/// [Retrieving event authorisation information][auth].
///
/// [events]: https://spec.matrix.org/v1.19/server-server-api/#retrieving-events
/// [backfill]: https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events
/// [auth]: https://spec.matrix.org/v1.19/server-server-api/#retrieving-event-authorisation-information
public final class PeerEvents {
  /// Events that [#missing] and [#backfill] ask for at most.
  public static final int MOST_EVENTS = 100;

  /// Events that [#missing] and [#backfill] name at most; the others are not told of.
  public static final int MOST_NAMED = 100;

  private static final String V1 = "/_matrix/federation/v1/";
  private static final int AROUND_BYTES = 64 << 10;

  /// A peer may write an event with more white space and escapes than it has bytes.
  private static final int EVENT_BYTES = PduFormat.MAX_EVENT_BYTES + (16 << 10);

  private static final int CHAIN_BYTES = 16 << 20;
  private static final int STATE_BYTES = 32 << 20;
  private static final int IDS_BYTES = 8 << 20;
  private static final Duration SHORT = Duration.ofSeconds(20);
  private static final Duration LONG = Duration.ofSeconds(60);

  private final FederationClient client;
  private final EventChecks checks;

  /// Finds the keys of servers.
  @FunctionalInterface
  public interface Keys {
    /// Completes with what can be found within a time of its own.
    CompletableFuture<ServerKeys> keys(Set<WantedKey> wanted);
  }

  /// @param keys those of all servers, this one among them
  public PeerEvents(FederationClient client, Keys keys) {
    this.client = client;
    this.checks = new EventChecks(keys);
  }

  /// Checks 1 to 3 of what has come in whatever way. Events of another room are dropped.
  ///
  /// @param events as they have come; nobody changes them from now on
  /// @throws InterruptedException if the caller was interrupted
  public CheckedEvents check(RoomId room, RoomVersion version, List<ObjectNode> events)
      throws InterruptedException {
    return checks.check(room, version, events);
  }

  /// Checks 2 and 3 of events whose format was checked.
  ///
  /// @throws InterruptedException if the caller was interrupted
  public CheckedEvents verify(List<Pdu> events) throws InterruptedException {
    return checks.verify(events);
  }

  /// Checks 2 and 3 of those of the events whose keys are at hand, so that none waits for those of
  /// another. The keys of the others are being looked for from now on.
  ///
  /// @throws InterruptedException if the caller was interrupted
  public PromptCheck verifyAtHand(List<Pdu> events) throws InterruptedException {
    return checks.verifyAtHand(events);
  }

  /// Asks for one event.
  ///
  /// @return that event alone, or none
  /// @throws InterruptedException if the caller was interrupted
  public Fetched event(ServerName server, RoomId room, RoomVersion version, EventId event)
      throws InterruptedException {
    FederationRequest request =
        FederationRequest.get(server, V1 + "event/" + encoded(event.value()))
            .withAnswer(EVENT_BYTES + AROUND_BYTES, SHORT);
    // "A transaction containing a single PDU which is the event requested."
    return switch (fetch(request, "pdus", 1, room, version)) {
      case Fetched.Got(CheckedEvents got) -> new Fetched.Got(only(event, got));
      case Fetched.NotGot not -> not;
    };
  }

  private static CheckedEvents only(EventId event, CheckedEvents got) {
    List<DroppedEvent> dropped = new ArrayList<>(got.dropped());
    List<Pdu> asked = new ArrayList<>();
    for (Pdu each : got.events()) {
      if (each.eventId().equals(event)) {
        asked.add(each);
      } else {
        dropped.add(
            new DroppedEvent(
                Optional.of(each.eventId()), DroppedEvent.NOT_ASKED, "asked for " + event));
      }
    }
    return new CheckedEvents(asked, got.signers(), dropped);
  }

  /// Asks for events between those that are here and those whose previous events are not: "a
  /// breadth-first walk of the `prev_events` for the `latest_events`, ignoring any events in
  /// `earliest_events` and stopping at the `limit`".
  ///
  /// @param earliest "the latest event IDs that the sender already has"; at most [#MOST_NAMED]
  /// @param latest "the event IDs to retrieve the previous events for"; at most [#MOST_NAMED]
  /// @param limit at most [#MOST_EVENTS]
  /// @throws InterruptedException if the caller was interrupted
  public Fetched missing(
      ServerName server,
      RoomId room,
      RoomVersion version,
      Collection<EventId> earliest,
      Collection<EventId> latest,
      int limit,
      long minDepth)
      throws InterruptedException {
    int most = Math.clamp(limit, 1, MOST_EVENTS);
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    name(earliest, body.putArray("earliest_events"));
    name(latest, body.putArray("latest_events"));
    body.put("limit", most);
    body.put("min_depth", Math.max(0, minDepth));
    FederationRequest request =
        FederationRequest.post(server, V1 + "get_missing_events/" + encoded(room.value()), body)
            .withAnswer(most * EVENT_BYTES + AROUND_BYTES, LONG);
    return fetch(request, "events", most, room, version);
  }

  private static void name(Collection<EventId> events, ArrayNode into) {
    events.stream().limit(MOST_NAMED).forEach(each -> into.add(each.value()));
  }

  /// Asks for events and those before them.
  ///
  /// @param from at most [#MOST_NAMED]
  /// @param limit at most [#MOST_EVENTS], those of `from` among them
  /// @throws InterruptedException if the caller was interrupted
  public Fetched backfill(
      ServerName server, RoomId room, RoomVersion version, Collection<EventId> from, int limit)
      throws InterruptedException {
    int most = Math.clamp(limit, 1, MOST_EVENTS);
    String named =
        from.stream()
            .limit(MOST_NAMED)
            .map(each -> "v=" + encoded(each.value()) + "&")
            .collect(Collectors.joining());
    FederationRequest request =
        FederationRequest.get(
                server, V1 + "backfill/" + encoded(room.value()) + "?" + named + "limit=" + most)
            .withAnswer(most * EVENT_BYTES + AROUND_BYTES, LONG);
    return fetch(request, "pdus", most, events -> checks.checkBackfilled(room, version, events));
  }

  /// Asks what authorises an event, and what authorises that, and so on.
  ///
  /// @throws InterruptedException if the caller was interrupted
  public Fetched eventAuth(ServerName server, RoomId room, RoomVersion version, EventId event)
      throws InterruptedException {
    FederationRequest request =
        FederationRequest.get(
                server, V1 + "event_auth/" + encoded(room.value()) + "/" + encoded(event.value()))
            .withAnswer(CHAIN_BYTES, LONG);
    return fetch(request, "auth_chain", Integer.MAX_VALUE, room, version);
  }

  /// Asks for the state before an event, and for what authorises it. What is known is sent again:
  /// ask for [#stateIds] first.
  ///
  /// @throws InterruptedException if the caller was interrupted
  public FetchedState state(ServerName server, RoomId room, RoomVersion version, EventId at)
      throws InterruptedException {
    FederationRequest request =
        FederationRequest.get(server, V1 + "state/" + encoded(room.value()) + at(at))
            .withAnswer(STATE_BYTES, LONG);
    FederationReply reply = client.send(request);
    if (!(reply instanceof FederationReply.Answer(_, ObjectNode body))) {
      return new FetchedState.NotGot(reply);
    }
    if (!(body.get("pdus") instanceof ArrayNode pdus)
        || !(body.get("auth_chain") instanceof ArrayNode chain)) {
      return new FetchedState.NotGot(
          new FederationReply.Unintelligible("it has no lists pdus and auth_chain"));
    }
    List<DroppedEvent> dropped = new ArrayList<>();
    List<ObjectNode> all = objects(pdus, Integer.MAX_VALUE, dropped);
    int inState = all.size();
    all.addAll(objects(chain, Integer.MAX_VALUE, dropped));
    EventChecks.Lot lot = checks.checkLot(room, version, all);
    Set<EventId> state = new LinkedHashSet<>();
    for (Optional<EventId> each : lot.given().subList(0, inState)) {
      each.filter(lot.checked().signers()::containsKey).ifPresent(state::add);
    }
    return new FetchedState.Got(List.copyOf(state), with(lot.checked(), dropped));
  }

  /// Asks which events are the state before an event, and which authorise them.
  ///
  /// @throws InterruptedException if the caller was interrupted
  public FetchedIds stateIds(ServerName server, RoomId room, EventId at)
      throws InterruptedException {
    FederationRequest request =
        FederationRequest.get(server, V1 + "state_ids/" + encoded(room.value()) + at(at))
            .withAnswer(IDS_BYTES, LONG);
    FederationReply reply = client.send(request);
    if (!(reply instanceof FederationReply.Answer(_, ObjectNode body))) {
      return new FetchedIds.NotGot(reply);
    }
    Optional<List<EventId>> state = ids(body.get("pdu_ids"));
    Optional<List<EventId>> chain = ids(body.get("auth_chain_ids"));
    return state.isPresent() && chain.isPresent()
        ? new FetchedIds.Got(state.get(), chain.get())
        : new FetchedIds.NotGot(new FederationReply.Unintelligible("it has no lists of event ids"));
  }

  private static Optional<List<EventId>> ids(@Nullable JsonNode list) {
    if (!(list instanceof ArrayNode)) {
      return Optional.empty();
    }
    Set<EventId> ids = new LinkedHashSet<>();
    try {
      for (JsonNode each : list) {
        ids.add(EventId.parse(each.asText("")));
      }
    } catch (InvalidIdentifierException _) {
      return Optional.empty();
    }
    return Optional.of(List.copyOf(ids));
  }

  private interface Check {
    CheckedEvents check(List<ObjectNode> events) throws InterruptedException;
  }

  private Fetched fetch(
      FederationRequest request, String name, int most, RoomId room, RoomVersion version)
      throws InterruptedException {
    return fetch(request, name, most, events -> checks.check(room, version, events));
  }

  private Fetched fetch(FederationRequest request, String name, int most, Check check)
      throws InterruptedException {
    FederationReply reply = client.send(request);
    if (!(reply instanceof FederationReply.Answer(_, ObjectNode body))) {
      return new Fetched.NotGot(reply);
    }
    if (!(body.get(name) instanceof ArrayNode list)) {
      return new Fetched.NotGot(new FederationReply.Unintelligible("it has no list " + name));
    }
    List<DroppedEvent> dropped = new ArrayList<>();
    List<ObjectNode> events = objects(list, most, dropped);
    return new Fetched.Got(with(check.check(events), dropped));
  }

  /// The first so many of a list; who gives more than was asked for has given the rest in vain.
  private static List<ObjectNode> objects(ArrayNode list, int most, List<DroppedEvent> dropped) {
    List<ObjectNode> objects = new ArrayList<>();
    for (int i = 0; i < Math.min(list.size(), most); i++) {
      if (list.get(i) instanceof ObjectNode object) {
        objects.add(object);
      } else {
        dropped.add(
            new DroppedEvent(
                Optional.empty(), DropRule.NOT_JSON.name(), "expected an object as an event"));
      }
    }
    return objects;
  }

  private static CheckedEvents with(CheckedEvents checked, List<DroppedEvent> dropped) {
    List<DroppedEvent> all = new ArrayList<>(checked.dropped());
    all.addAll(dropped);
    return new CheckedEvents(checked.events(), checked.signers(), all);
  }

  private static String at(EventId event) {
    return "?event_id=" + encoded(event.value());
  }

  private static String encoded(String id) {
    return URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
