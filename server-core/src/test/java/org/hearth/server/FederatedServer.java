package org.hearth.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.server.admin.Admin;
import org.hearth.server.box.Box;
import org.hearth.server.box.Time;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.Peer;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.http.peers.Peers;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.auth.AuthEventSelection;
import org.hearth.server.matrix.checks.FederationPolicy;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.event.EventDraft;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.EventSignatures;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.device.DeviceEdus;
import org.hearth.server.servers.device.DeviceServer;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.servers.room.server.RoomServer;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.staging.PeerRejections;
import org.hearth.server.services.staging.Staging;
import org.hearth.server.writers.federationmembership.resident.ResidentRoutes;
import org.jspecify.annotations.Nullable;

/// A whole server whom other servers may ask, each of which has the key that [TestKeys] gives it;
/// and what users of other servers do in its rooms, as if their servers had sent it.
public final class FederatedServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String CONFIGURATION =
      """
      server-name: hearth.test
      registration: { mode: open }
      """;

  private final Composition composition;
  private final HttpServer http;
  private final LogWriter<DeviceInput, LogPosition> edus;
  private long clock = 1_700_000_000_000L;

  /// @param settings further lines of the configuration
  public FederatedServer(Path folder, String settings) throws IOException {
    this(folder, settings, RateLimits.off());
  }

  /// One that limits how often others ask.
  ///
  /// @param settings further lines of the configuration
  public FederatedServer(Path folder, String settings, RateLimits limits) throws IOException {
    DataFolder data = new DataFolder(folder);
    WholeServer.prepare(data);
    Configuration configuration =
        ConfigurationReader.parse(folder.resolve("hearth.yaml"), CONFIGURATION + settings);
    composition =
        Composition.open(
            data,
            configuration,
            Time.of(InstantSource.system()),
            new SecureRandom(),
            () -> {},
            _ -> {},
            _ -> {});
    edus = box(DeviceServer.class).input().writer("Tests");
    http =
        HttpServer.start(
            HttpOptions.standard(List.of(Listener.loopback(0))).with(limits),
            routes(),
            new HttpServer.Callers(
                box(AccountService.class).authenticator(),
                new Peers(
                    Peer.HERE,
                    FederationPolicy.open(List.of()),
                    (server, _) -> Optional.of(TestKeys.of(server).verifyKey()),
                    _ -> {})),
            InstantSource.system(),
            _ -> {});
  }

  /// The server's own, but that the events of other servers are checked by the keys of the tests,
  /// and that they sign invites at once.
  private List<RouteGroup> routes() {
    List<RouteGroup> routes = new ArrayList<>(composition.boxes().routes());
    routes.removeIf(ResidentRoutes.class::isInstance);
    RoomServer rooms = box(RoomServer.class);
    ServerKeys keys =
        (server, key) ->
            Optional.of(TestKeys.of(server))
                .filter(each -> each.id().equals(key))
                .map(each -> new PublishedKey.Current(each.verifyKey(), Long.MAX_VALUE));
    routes.add(
        new ResidentRoutes(
            new ResidentRoutes.Needs(
                Peer.HERE,
                () -> TestKeys.of(Peer.HERE),
                rooms.queries(),
                rooms.peerQueries(),
                rooms.client("Tests"),
                new PeerEvents(
                    box(FederationClient.class), _ -> CompletableFuture.completedFuture(keys)),
                this::invite)));
    return routes;
  }

  private static Pdu signed(Pdu event, ServerName server) {
    return Pdu.parse(
        EventSignatures.sign(event.json(), event.version(), server, TestKeys.of(server)),
        event.version());
  }

  /// A box of that class.
  public <B extends Box> B box(Class<B> type) {
    return composition.boxes().all().stream()
        .filter(type::isInstance)
        .map(type::cast)
        .findAny()
        .orElseThrow();
  }

  public TestClient client() {
    return TestClient.of(http);
  }

  /// Another server.
  public TestClient peer(String name) {
    return client().as(Peer.of(name));
  }

  /// A new user's client.
  public TestClient register(String name) {
    return client()
        .as(
            client()
                .post(
                    "/_matrix/client/v3/register",
                    "{'username': '%s', 'password': '%s', 'auth': {'type': 'm.login.dummy'}, 'device_id': 'PHONE', 'initial_device_display_name': 'The telephone'}"
                        .formatted(name, WholeServer.PASSWORD))
                .expect(200)
                .text("access_token"));
  }

  /// The client of a user who was registered before.
  public TestClient login(String name) {
    return client()
        .as(
            client()
                .post(
                    "/_matrix/client/v3/login",
                    "{'type':'m.login.password','identifier':{'type':'m.id.user','user':'%s'},'password':'%s'}"
                        .formatted(name, WholeServer.PASSWORD))
                .expect(200)
                .text("access_token"));
  }

  public Admin admin() {
    return composition.admin();
  }

  public PeerRejections rejections() {
    return box(Staging.class).rejections();
  }

  public RoomQueries rooms() {
    return box(RoomServer.class).queries();
  }

  /// An event by a user of another server, after all that is in the room.
  ///
  /// @param stateKey null for what is not state
  public Pdu event(
      RoomId room, String user, String type, @Nullable String stateKey, String content) {
    return event(room, user, type, stateKey, content, rooms().forwardExtremities(room));
  }

  /// An event by a user of another server, after others, which need not be here.
  ///
  /// @param stateKey null for what is not state
  public Pdu event(
      RoomId room,
      String user,
      String type,
      @Nullable String stateKey,
      String content,
      List<EventId> after) {
    RoomVersion version = rooms().room(room).orElseThrow().version();
    UserId sender = UserId.parse(user);
    ObjectNode said =
        MatrixJson.parseObject(content.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("type", type);
    json.put("sender", user);
    json.put("room_id", room.value());
    json.set("content", said);
    json.put("origin_server_ts", clock++);
    if (stateKey != null) {
      json.put("state_key", stateKey);
    }
    long depth = 0;
    var previous = json.putArray("prev_events");
    for (EventId each : after) {
      previous.add(each.value());
      depth = Math.max(depth, rooms().event(each).map(known -> known.pdu().depth()).orElse(100L));
    }
    json.put("depth", depth + 1);
    RoomState state = rooms().currentState(room).orElseThrow();
    var auth = json.putArray("auth_events");
    state
        .events(
            AuthEventSelection.keysFor(version, type, sender, Optional.ofNullable(stateKey), said))
        .forEach(each -> auth.add(each.id().value()));
    return Pdu.parse(
        EventSignatures.hashAndSign(json, version, sender.server(), TestKeys.of(sender.server())),
        version);
  }

  /// A user of this server invites one of another, whose server has signed that.
  public void invite(RoomId room, String sender, String invited) {
    ObjectNode content = JsonNodeFactory.instance.objectNode().put("membership", "invite");
    EventDraft draft =
        EventDraft.state(room, UserId.parse(sender), StateKey.member(invited), content);
    invite(new RoomInput.PrepareEvent(room, draft));
  }

  private void invite(RoomInput.PrepareEvent invite) {
    try {
      Pdu prepared = box(RoomServer.class).client("Tests").prepare(invite);
      ServerName invited = UserId.parse(prepared.stateKey().orElseThrow()).server();
      receive(List.of(signed(prepared, invited)), List.of());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// So many users of a hundred other servers join, one after the other.
  ///
  /// @param first the number of the first, of those that the room has had
  public void joinMany(RoomId room, int first, int count) {
    List<Pdu> joins = new ArrayList<>();
    for (int i = first; i < first + count; i++) {
      String user = "@user%d:many%d.test".formatted(i, i % 100);
      ObjectNode json =
          event(room, user, EventTypes.MEMBER, user, "{'membership':'join'}").json().deepCopy();
      if (!joins.isEmpty()) {
        json.putArray("prev_events").add(joins.getLast().eventId().value());
        json.put("depth", joins.getLast().depth() + 1);
      }
      ServerName server = UserId.parse(user).server();
      RoomVersion version = rooms().room(room).orElseThrow().version();
      json.remove("signatures");
      joins.add(
          Pdu.parse(
              EventSignatures.hashAndSign(json, version, server, TestKeys.of(server)), version));
    }
    receive(joins, List.of());
  }

  /// Events as they come from other servers.
  public void receive(List<Pdu> events, List<Pdu> outliers) {
    receive(events, outliers, Map.of());
  }

  /// An event that cites another one that nobody gives.
  public void receiveWithout(Pdu event, EventId missing) {
    receive(List.of(event), List.of(), Map.of(), Set.of(missing));
  }

  /// The same with the states before some of them, as others say.
  public void receive(List<Pdu> events, List<Pdu> outliers, Map<EventId, List<EventId>> states) {
    receive(events, outliers, states, Set.of());
  }

  private void receive(
      List<Pdu> events,
      List<Pdu> outliers,
      Map<EventId, List<EventId>> states,
      Set<EventId> unobtainable) {
    Map<EventId, Set<ServerName>> signers = new HashMap<>();
    for (List<Pdu> each : List.of(events, outliers)) {
      each.forEach(event -> signers.put(event.eventId(), Set.of(event.sender().server())));
    }
    Pdu any = (events.isEmpty() ? outliers : events).getFirst();
    try {
      RoomReply reply =
          box(RoomServer.class)
              .client("Tests")
              .ask(
                  new RoomInput.ReceiveEvents(
                      any.roomId(),
                      any.version().id(),
                      RoomInput.Arrival.LIVE,
                      events,
                      outliers,
                      states,
                      signers,
                      unobtainable));
      if (!(reply instanceof RoomReply.Received)) {
        throw new AssertionError(reply);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// A user of this server comes into a room of others, as if by `send_join`: of what was before,
  /// the state is here with what authorises it, and nothing else.
  public Pdu join(RoomFixture room, String user) {
    List<Pdu> before = room.events().stream().filter(Pdu::isState).toList();
    List<EventId> state = room.state().values().stream().map(Pdu::eventId).toList();
    Pdu join = room.join(UserId.parse(user)).add();
    receive(List.of(join), before, Map.of(join.eventId(), state));
    return join;
  }

  /// What a user of this server is to a room that is not here.
  public void outside(Pdu event, ServerName via) {
    try {
      RoomReply reply =
          box(RoomServer.class)
              .client("Tests")
              .ask(
                  new RoomInput.OutsideMembership(
                      event.roomId(), event.version().id(), event, List.of(), via));
      if (!(reply instanceof RoomReply.Done)) {
        throw new AssertionError(reply);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Something that a user of another server does now.
  public EventId does(
      RoomId room, String user, String type, @Nullable String stateKey, String content) {
    Pdu event = event(room, user, type, stateKey, content);
    receive(List.of(event), List.of());
    return event.eventId();
  }

  public EventId membership(RoomId room, String user, String membership) {
    return does(room, user, EventTypes.MEMBER, user, "{'membership':'" + membership + "'}");
  }

  /// What another server says of devices, as of an EDU that came from it; waits until it is kept.
  ///
  /// @param content in which `'` may stand for `"`
  /// @throws org.hearth.server.matrix.error.MatrixException if the EDU is refused
  public void edu(String origin, String type, String content) {
    DeviceInput command =
        DeviceEdus.read(
                ServerName.parse(origin),
                type,
                MatrixJson.parseObject(content.replace('\'', '"').getBytes(StandardCharsets.UTF_8)))
            .orElseThrow();
    try {
      var _ = edus.submit(command, PATIENCE).await(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// The ids of events as they go from server to server.
  public List<EventId> ids(RoomId room, JsonNode events) {
    RoomVersion version = rooms().room(room).orElseThrow().version();
    List<EventId> ids = new ArrayList<>();
    events.forEach(each -> ids.add(Pdu.parse((ObjectNode) each, version).eventId()));
    return ids;
  }

  public RoomEvent known(EventId event) {
    return rooms().event(event).orElseThrow();
  }

  @Override
  public void close() {
    http.stop(PATIENCE);
    RuntimeException failures = new IllegalStateException("the server could not be closed");
    composition.close(PATIENCE, failures);
    if (failures.getSuppressed().length > 0) {
      throw new UncheckedIOException(new IOException(failures));
    }
  }
}
