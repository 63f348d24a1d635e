package org.hearth.server.servers.room.server;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.LogSet;
import org.hearth.ringlogs.Positioned;
import org.hearth.ringlogs.Reply;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomOutput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.PolicySigning;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomServerOptions;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.sweep.StateSweep;
import org.hearth.server.store.Store;

/// A Room Server that runs on a store, and what is said to it and asked of it.
public final class RunningRooms implements AutoCloseable {
  public static final ServerName SERVER = ServerName.parse("hearth.test");

  public static final Duration PATIENCE = Duration.ofSeconds(30);

  private final RoomServer server;
  private final LogSet logs;
  private final Told told;

  public RunningRooms(Store store) {
    this(store, SERVER, RoomServerOptions.standard());
  }

  public RunningRooms(Store store, ServerName name, RoomServerOptions options) {
    server =
        new RoomServer(
            store,
            name,
            TestKeys.of(name),
            InstantSource.system(),
            new SplittableRandom(1),
            options);
    logs = new LogSet(server.logs());
    told = start(store);
  }

  /// A server whose events are made so.
  public RunningRooms(Store store, LocalEvents localEvents) {
    server =
        new RoomServer(
            store,
            SERVER,
            localEvents,
            InstantSource.system(),
            new SplittableRandom(1),
            RoomServerOptions.standard(),
            PolicySigning.ofNobody());
    logs = new LogSet(server.logs());
    told = start(store);
  }

  private Told start(Store store) {
    Told reader = new Told(store.head());
    server.output().register(reader);
    logs.start(store.head());
    server.start();
    return reader;
  }

  public PeerQueries peerQueries() {
    return server.peerQueries();
  }

  public RoomQueries queries() {
    return server.queries();
  }

  /// What the log of the output has told.
  public List<Positioned<RoomOutput>> told() {
    try {
      server.output().awaitReader(told.name(), server.output().head(), PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (told.entries) {
      return List.copyOf(told.entries);
    }
  }

  public RoomServer server() {
    return server;
  }

  /// The job that drops states, to be carried out at once.
  public StateSweep sweep() {
    return server.sweep();
  }

  public RoomReply submit(RoomInput command) {
    return await(submitted(command));
  }

  /// Sends an event and does not wait for it.
  public Reply<RoomReply> send(RoomId room, EventDraft draft) {
    return submitted(new RoomInput.SendEvent(room, draft, null));
  }

  /// Has a command carried out and does not wait for it.
  public Reply<RoomReply> submitted(RoomInput command) {
    try {
      return server.input().writer("Tests").submit(command, PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  public static RoomReply await(Reply<RoomReply> reply) {
    try {
      return reply.await(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  public RoomReply.Received receive(RoomInput.ReceiveEvents command) {
    return switch (submit(command)) {
      case RoomReply.Received received -> received;
      case RoomReply.Done done -> throw new AssertionError(done);
      case RoomReply.Prepared prepared -> throw new AssertionError(prepared);
      case RoomReply.ToBeSigned unsigned -> throw new AssertionError(unsigned);
      case RoomReply.Refused refused -> throw new AssertionError(refused);
    };
  }

  /// Events that have just happened.
  public RoomReply.Received live(List<Pdu> events) {
    return receive(command(events, List.of(), Map.of(), Set.of(), Arrival.LIVE));
  }

  public RoomReply.Received live(Pdu... events) {
    return live(List.of(events));
  }

  public static RoomInput.ReceiveEvents command(
      List<Pdu> events,
      List<Pdu> outliers,
      Map<EventId, List<EventId>> states,
      Set<EventId> unobtainable,
      Arrival arrival) {
    Pdu any = (events.isEmpty() ? outliers : events).getFirst();
    RoomVersion version = any.version();
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    for (List<Pdu> each : List.of(events, outliers)) {
      each.forEach(event -> signers.put(event.eventId(), Set.of(event.sender().server())));
    }
    return new RoomInput.ReceiveEvents(
        any.roomId(), version.id(), arrival, events, outliers, states, signers, unobtainable);
  }

  public Map<StateKey, EventId> state(RoomId room) {
    return ids(queries().currentState(room).orElseThrow());
  }

  public static Map<StateKey, EventId> ids(RoomState state) {
    Map<StateKey, EventId> ids = new HashMap<>();
    state
        .events(List.copyOf(state.positions().keySet()))
        .forEach(each -> ids.put(each.pdu().stateKeyPair().orElseThrow(), each.id()));
    return ids;
  }

  public static Map<StateKey, EventId> ids(Map<StateKey, Pdu> state) {
    Map<StateKey, EventId> ids = new HashMap<>();
    state.forEach((key, event) -> ids.put(key, event.eventId()));
    return ids;
  }

  @Override
  public void close() {
    server.stop();
    try {
      logs.drainAndStop(PATIENCE);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    server.close();
  }

  /// Keeps all entries.
  private static final class Told implements LogReader<RoomOutput> {
    private final List<Positioned<RoomOutput>> entries = new ArrayList<>();
    private volatile LogPosition position;

    Told(LogPosition start) {
      position = start;
    }

    @Override
    public String name() {
      return "told";
    }

    @Override
    public LogPosition position() {
      return position;
    }

    @Override
    public void onBatch(List<Positioned<RoomOutput>> batch) {
      synchronized (entries) {
        entries.addAll(batch);
      }
      position = batch.getLast().position();
    }
  }
}
