package org.hearth.server.writers.federationsend;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.ringlogs.LogException;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.checks.PolicyServer;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.DroppedEvent;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.events.PromptCheck;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.staging.PeerRejections;
import org.hearth.server.services.staging.Staging;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Unavailable;

/// Has events judged: checks 2 and 3 by [PeerEvents], 4 to 6 by the Room Server.
///
/// **thread**: any that may wait; each event is in one turn or job at a time.
///
/// **source**: [checks performed on receipt of a
/// PDU](https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu)
final class Judging implements RoomWork.Work {
  private static final System.Logger LOG = System.getLogger(Judging.class.getName());

  private final ServerName here;
  private final RoomQueries rooms;
  private final PeerQueries peers;
  private final PeerEvents events;
  private final RoomClient client;
  private final Staging staging;
  private final OutsideEnds outside;
  private final PeerRejections rejections;

  private final LargeAnswers largeAnswers = new LargeAnswers();

  Judging(FederationSend.Needs needs) {
    this.here = needs.here();
    this.rooms = needs.rooms();
    this.peers = needs.peers();
    this.events = needs.events();
    this.client = needs.client();
    this.staging = needs.staging();
    this.outside = new OutsideEnds(needs);
    this.rejections = needs.staging().rejections();
  }

  /// What is being found out about events.
  private static final class Sorting {
    private final List<StagedPdu> done = new ArrayList<>();
    private final List<StagedPdu> open = new ArrayList<>();
    private final Set<EventId> settled = new HashSet<>();
    private boolean unavailable;

    Judged result() {
      return new Judged(done, open, settled, unavailable);
    }
  }

  /// The version of a room in which somebody of this server is; empty for all others.
  private Optional<RoomVersion> version(RoomId room) {
    return peers.servers(room).contains(here)
        ? rooms.room(room).map(each -> each.version())
        : Optional.empty();
  }

  @Override
  public Judged judge(RoomId room, List<StagedPdu> batch) throws InterruptedException {
    return judged(
        room,
        batch,
        false,
        (version, loaded, sorting) -> {
          Map<EventId, Pdu> unverified = new LinkedHashMap<>();
          for (StagedPdu each : loaded) {
            if (each.signers() == null) {
              unverified.putIfAbsent(each.id(), event(each));
            }
          }
          PromptCheck check = events.verifyAtHand(List.copyOf(unverified.values()));
          receive(room, version, sort(loaded, check.checked(), sorting), sorting);
        });
  }

  @Override
  public Judged complete(RoomId room, List<StagedPdu> batch) throws InterruptedException {
    ServerName origin = batch.getFirst().origin();
    return judged(
        room,
        batch,
        true,
        (version, loaded, sorting) -> {
          Map<EventId, Pdu> unverified = new LinkedHashMap<>();
          for (StagedPdu each : loaded) {
            if (each.signers() == null) {
              unverified.putIfAbsent(each.id(), event(each));
            }
          }
          CheckedEvents checked = events.verify(List.copyOf(unverified.values()));
          Map<EventId, StagedPdu> verified = new LinkedHashMap<>();
          sort(loaded, checked, sorting).forEach(each -> verified.put(each.id(), each));
          Completion completion =
              new Completion(
                  room,
                  version,
                  servers(room, origin, loaded),
                  !peers.servers(room).contains(origin),
                  events,
                  rooms,
                  client,
                  largeAnswers);
          verified.values().forEach(each -> completion.add(event(each), each.signers()));
          completion.run();
          sorting.unavailable = completion.isCrowded();
          completion
              .verdicts()
              .forEach((id, verdict) -> {
                StagedPdu staged = verified.get(id);
                if (staged != null) {
                  sort(staged, verdict, sorting);
                } else if (verdict instanceof EventVerdict.Rejected(String rule, String detail)) {
                  rejections.note(origin, room, Optional.of(id), rule, detail);
                }
                if (isSettled(verdict)) {
                  sorting.settled.add(id);
                }
              });
        });
  }

  /// What is done in a turn or a job.
  private interface Way {
    void go(RoomVersion version, List<StagedPdu> loaded, Sorting sorting)
        throws InterruptedException;
  }

  private Judged judged(RoomId room, List<StagedPdu> batch, boolean mayWait, Way way)
      throws InterruptedException {
    Sorting sorting = new Sorting();
    try {
      boolean isOnItsWay = staging.arriving().version(room).isPresent();
      Optional<RoomVersion> version = version(room);
      if (version.isEmpty() && isOnItsWay) {
        sorting.unavailable = true;
      } else if (version.isEmpty()) {
        end(room, batch, mayWait, sorting);
      } else {
        List<StagedPdu> loaded = new ArrayList<>();
        for (StagedPdu each : batch) {
          if (!peers.isAllowed(room, each.origin())) {
            reject(each, "DROPPED", "its server is not allowed in the room");
            sorting.done.add(each);
          } else if (load(each, version.get())) {
            loaded.add(each);
          } else {
            sorting.done.add(each);
          }
        }
        way.go(version.get(), loaded, sorting);
      }
    } catch (StorageException | LogException e) {
      // The store or the log takes nothing now, or the room is parked until a person has looked.
      LOG.log(Level.DEBUG, "events of {0} are judged later: {1}", room, e.getMessage());
      sorting.unavailable = Unavailable.is(e);
    }
    Set<StagedPdu> known = new HashSet<>(sorting.done);
    known.addAll(sorting.open);
    for (StagedPdu each : batch) {
      if (known.add(each)) {
        sorting.open.add(each);
      }
    }
    return sorting.result();
  }

  /// Nobody of this server is in the room, or all have left since the events were staged.
  private void end(RoomId room, List<StagedPdu> batch, boolean mayWait, Sorting sorting)
      throws InterruptedException {
    for (StagedPdu each : batch) {
      Optional<ObjectNode> json = staging.event(each.staged()).map(MatrixJson::restoreObject);
      Optional<RoomVersion> version = json.flatMap(event -> outside.version(room, event));
      if (version.isEmpty()) {
        sorting.done.add(each);
      } else if (mayWait) {
        CheckedEvents checked = events.check(room, version.get(), List.of(json.get()));
        end(each, checked, sorting);
      } else {
        sorting.open.add(each);
      }
    }
  }

  private void end(StagedPdu staged, CheckedEvents checked, Sorting sorting)
      throws InterruptedException {
    for (DroppedEvent each : checked.dropped()) {
      if (!each.lacksKeys()) {
        reject(staged, each.rule(), each.detail());
        sorting.done.add(staged);
      }
    }
    for (Pdu each : checked.events()) {
      outside.end(each, staged.origin()).ifPresent(refusal -> reject(staged, "DROPPED", refusal));
      sorting.done.add(staged);
    }
  }

  /// Has the event in memory.
  ///
  /// @return false if there is none any more, or none of that version
  private boolean load(StagedPdu staged, RoomVersion version) {
    Pdu held = staged.event();
    if (held != null) {
      return held.version().equals(version);
    }
    Optional<byte[]> stored = staging.event(staged.staged());
    if (stored.isEmpty()) {
      return false;
    }
    try {
      // A room that was on its way may have come here with another version than it was said to
      // have.
      Pdu event = Pdu.parse(stored.get(), version);
      if (!event.eventId().equals(staged.id())) {
        return false;
      }
      staged.hold(event, 0);
      return true;
    } catch (MatrixException e) {
      LOG.log(
          Level.ERROR,
          "The staged event {0} is none of room version {1}: {2}",
          staged.id(),
          version,
          e.getMessage());
      return false;
    }
  }

  private static Pdu event(StagedPdu staged) {
    Pdu event = staged.event();
    if (event == null) {
      throw new IllegalStateException(staged.id() + " is not in memory");
    }
    return event;
  }

  /// Notes what checks 2 and 3 say of events.
  ///
  /// @return those that have passed, now or before
  private List<StagedPdu> sort(List<StagedPdu> loaded, CheckedEvents checked, Sorting sorting) {
    Map<EventId, Pdu> passed = new HashMap<>();
    checked.events().forEach(each -> passed.put(each.eventId(), each));
    Map<EventId, DroppedEvent> dropped = new HashMap<>();
    for (DroppedEvent each : checked.dropped()) {
      each.event().ifPresent(id -> dropped.put(id, each));
    }
    List<StagedPdu> verified = new ArrayList<>();
    for (StagedPdu each : loaded) {
      Pdu event = passed.get(each.id());
      DroppedEvent drop = dropped.get(each.id());
      if (each.signers() != null) {
        verified.add(each);
      } else if (event != null) {
        each.verified(event, checked.signers().getOrDefault(each.id(), Set.of()));
        verified.add(each);
      } else if (drop == null || drop.lacksKeys()) {
        sorting.open.add(each);
      } else {
        reject(each, drop.rule(), drop.detail());
        sorting.done.add(each);
      }
    }
    return verified;
  }

  /// Asks the Room Server about events as they have come.
  private void receive(RoomId room, RoomVersion version, List<StagedPdu> verified, Sorting sorting)
      throws InterruptedException {
    if (verified.isEmpty()) {
      return;
    }
    Map<EventId, Pdu> pdus = new LinkedHashMap<>();
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    for (StagedPdu each : verified) {
      Set<ServerName> by = each.signers();
      pdus.put(each.id(), event(each));
      signers.put(each.id(), by == null ? Set.of() : by);
    }
    RoomReply reply =
        client.ask(
            new RoomInput.ReceiveEvents(
                room,
                version.id(),
                RoomInput.Arrival.LIVE,
                List.copyOf(pdus.values()),
                List.of(),
                Map.of(),
                signers,
                Set.of()));
    if (reply instanceof RoomReply.Received(_, var judged)) {
      Map<EventId, EventVerdict> verdicts = new HashMap<>();
      judged.forEach(each -> verdicts.put(each.event(), each.verdict()));
      Map<EventId, ServerName> waiting = waitingForPolicy(judged);
      for (StagedPdu each : verified) {
        EventVerdict verdict = verdicts.get(each.id());
        if (verdict != null) {
          sort(each, verdict, sorting);
          Optional.ofNullable(waiting.get(each.id())).ifPresent(each::waitsFor);
          if (isSettled(verdict)) {
            sorting.settled.add(each.id());
          }
        }
      }
    } else {
      LOG.log(Level.DEBUG, "events of {0} are refused: {1}", room, reply);
    }
  }

  /// The events that need nothing but the signature of a policy server, with its name: also those
  /// that follow others of these.
  ///
  /// @param judged each after those that it refers to
  private static Map<EventId, ServerName> waitingForPolicy(List<RoomReply.Judged> judged) {
    Map<EventId, ServerName> waiting = new HashMap<>();
    for (RoomReply.Judged each : judged) {
      switch (each.verdict()) {
        case EventVerdict.NotSigned(PolicyServer policy) ->
            waiting.put(each.event(), policy.name());
        case EventVerdict.Incomplete(var previous, var auth, var state) -> {
          List<EventId> all = Stream.of(previous, auth, state).flatMap(Set::stream).toList();
          if (waiting.keySet().containsAll(all)) {
            waiting.put(each.event(), waiting.get(all.getFirst()));
          }
        }
        case EventVerdict.Accepted _,
            EventVerdict.Known _,
            EventVerdict.SoftFailed _,
            EventVerdict.Rejected _,
            EventVerdict.Dropped _ -> {}
      }
    }
    return waiting;
  }

  /// Whether the Room Server knows the event since then.
  private static boolean isSettled(EventVerdict verdict) {
    return switch (verdict) {
      case EventVerdict.Accepted _, EventVerdict.SoftFailed _, EventVerdict.Rejected _ -> true;
      case EventVerdict.Known _,
          EventVerdict.Incomplete _,
          EventVerdict.NotSigned _,
          EventVerdict.Dropped _ ->
          false;
    };
  }

  private void sort(StagedPdu event, EventVerdict verdict, Sorting sorting) {
    switch (verdict) {
      case EventVerdict.Accepted _, EventVerdict.Known _ -> sorting.done.add(event);
      case EventVerdict.SoftFailed(String rule, String detail) -> {
        reject(event, "SOFT_FAILED: " + rule, detail);
        sorting.done.add(event);
      }
      case EventVerdict.Rejected(String rule, String detail) -> {
        reject(event, rule, detail);
        sorting.done.add(event);
      }
      case EventVerdict.Dropped(String detail) -> {
        reject(event, "DROPPED", detail);
        sorting.done.add(event);
      }
      case EventVerdict.Incomplete(var previous, var auth, var state) -> {
        event.missing(Stream.of(previous, auth, state).flatMap(Set::stream));
        sorting.open.add(event);
      }
      case EventVerdict.NotSigned(PolicyServer policy) -> {
        event.waitsFor(policy.name());
        sorting.open.add(event);
      }
    }
  }

  private void reject(StagedPdu event, String rule, String detail) {
    rejections.note(event.origin(), event.staged().room(), Optional.of(event.id()), rule, detail);
  }

  /// Whom to ask: who has handed the events over, then those whose users have sent them, then
  /// others in the room.
  private List<ServerName> servers(RoomId room, ServerName origin, List<StagedPdu> loaded) {
    Set<ServerName> inRoom = peers.servers(room);
    Set<ServerName> asked = new LinkedHashSet<>();
    asked.add(origin);
    loaded.stream()
        .map(each -> event(each).sender().server())
        .filter(inRoom::contains)
        .forEach(asked::add);
    inRoom.stream().limit(Completion.MOST_SERVERS + 1L).forEach(asked::add);
    asked.remove(here);
    return asked.stream().limit(Completion.MOST_SERVERS).toList();
  }
}
