package org.hearth.server.servers.room.read;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.servers.room.state.RoomMemory;
import org.hearth.server.servers.room.state.RoomView;
import org.hearth.server.servers.room.state.StoredEvents;
import org.hearth.server.store.ReadPool;

/// Answers what is to be known of rooms for other servers, from what is committed.
public final class PeerReads implements PeerQueries {
  private final RoomMemory memory;
  private final VisibleEvents visibleEvents;
  private final Timeline timeline;
  private final GraphReads graph;
  private final RoomAcls acls;
  private final Departures departures;

  public PeerReads(ReadPool reads, RoomMemory memory) {
    this.memory = memory;
    this.visibleEvents = new VisibleEvents(memory);
    this.timeline = new Timeline(reads);
    this.graph = new GraphReads(reads, memory.events());
    this.acls = new RoomAcls(memory.events());
    this.departures = new Departures(reads, timeline, memory);
  }

  @Override
  public Set<ServerName> servers(RoomId room) {
    return memory.rooms().find(room).map(view -> view.members().servers()).orElse(Set.of());
  }

  @Override
  public boolean isAllowed(RoomId room, ServerName server) {
    return memory.rooms().find(room).filter(view -> acls.isAllowed(view, server)).isPresent();
  }

  @Override
  public List<RoomEvent> visible(ServerName server, Collection<RoomEvent> events) {
    return visibleEvents.among(
        events,
        room -> {
          OtherServer onlooker = onlooker(server, room);
          HistoryVisibility visibility = new HistoryVisibility(onlooker, room, memory);
          return each ->
              onlooker.isShown(each)
                  && (each.shown().sender().isOn(server)
                      || (onlooker.isIn() && isCurrent(room, each))
                      || visibility.maySee(each));
        });
  }

  private OtherServer onlooker(ServerName server, RoomView room) {
    return new OtherServer(server, room, memory, departures);
  }

  @Override
  public List<RoomEvent> askable(ServerName server, Collection<RoomEvent> events) {
    return visibleEvents.among(
        events,
        room -> {
          OtherServer asking = onlooker(server, room);
          return each ->
              each.shown().position().value() <= asking.lastIn().value() || asking.wasJoined(each);
        });
  }

  @Override
  public boolean isTakenOut(RoomId room, ServerName server) {
    return memory
        .rooms()
        .find(room)
        .filter(view -> onlooker(server, view).isTakenOut())
        .isPresent();
  }

  private static boolean isCurrent(RoomView room, StoredEvents.Stored event) {
    Optional<StateKey> key = event.shown().pdu().stateKeyPair();
    EventRef current = key.isPresent() ? room.current(key.get()) : null;
    return current != null && current.position() == event.number();
  }

  @Override
  public boolean wasJoined(ServerName server, RoomEvent event) {
    RoomView room = visibleEvents.room(event);
    StoredEvents.Stored stored = memory.events().get(event.position().value());
    return onlooker(server, room).wasJoined(stored);
  }

  @Override
  public Optional<RoomEvent> eventNear(
      RoomId room, ServerName server, long timestamp, boolean forwards) {
    return memory
        .rooms()
        .find(room)
        .flatMap(view ->
            new NearestEvent(timeline, memory, view, onlooker(server, view), timestamp, forwards)
                .find());
  }

  @Override
  public void authChain(RoomId room, Collection<EventId> events, Consumer<RoomEvent> each) {
    memory.rooms().find(room).ifPresent(view -> graph.chain(view.info().number(), events, each));
  }
}
