package org.hearth.server.readers.push;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.hearth.ringlogs.FollowedLog;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.Alarms;
import org.hearth.server.box.Box;
import org.hearth.server.box.Reading;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.NotificationOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.servers.notification.NotificationQueries;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.store.Outcome;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.store.UnitOwner;

/// The reader that tells push gateways what notifies users, and the endpoints of pushers.
///
/// **bound**: what the tables say, and [Lanes]. **thread**: as [Box] has it; the endpoints any.
///
/// **source**: [Push
/// notifications](https://spec.matrix.org/v1.19/client-server-api/#push-notifications), [Push
/// Gateway API](https://spec.matrix.org/v1.19/push-gateway-api/)
public final class ClientPush implements Box {
  /// The name in the wiring.
  public static final String BOX = "ClientPush";

  private static final System.Logger LOG = System.getLogger(ClientPush.class.getName());

  /// For what is being committed: requests that are under way are ended.
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(10);

  private final Needs needs;
  private final Alarms alarms;
  private final NotificationContent content;
  private final PushGateways gateways;
  private final Deliveries deliveries;
  private final Lanes lanes = new Lanes(this::turn);
  private final Workers workers;
  private final Reading<NotificationOutput> reading;
  private final TurnPerKey turns = new TurnPerKey();

  /// What this box is made of.
  ///
  /// @param log notification-output, not yet started
  public record Needs(
      Store store,
      Pushers pushers,
      RoomQueries rooms,
      NotificationQueries notifications,
      FollowedLog<NotificationOutput> log,
      Outbound outbound,
      InstantSource clock,
      RandomGenerator random) {}

  public ClientPush(Needs needs) {
    this(needs, Alarms.onThread("push-alarms"));
  }

  ClientPush(Needs needs, Alarms alarms) {
    this.needs = needs;
    this.alarms = alarms;
    content = new NotificationContent(needs.rooms(), needs.notifications());
    gateways = new PushGateways(needs.outbound());
    PushQueue queue = new PushQueue(needs.store().reads());
    deliveries =
        new Deliveries(
            needs.pushers(),
            queue,
            content,
            gateways,
            needs.store().committer(),
            needs.clock(),
            needs.random());
    workers = new Workers(needs.pushers(), queue, needs.clock(), alarms, lanes);
    reading =
        Reading.of(
            needs.log(),
            new Intake(workers, queue, needs.notifications(), needs.store().committer()));
    needs.pushers().onGone(workers::reread);
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Wakes phones";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.READER;
  }

  @Override
  public List<RouteGroup> routes() {
    return List.of(this::register);
  }

  @Override
  public List<Reading<?>> readings() {
    return List.of(reading);
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, NotificationQueries.BOX);
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(needs.pushers());
  }

  @Override
  public List<Table> tables() {
    return List.of(Pushers.TABLE, PushQueue.TABLE, PushQueue.INTAKE);
  }

  /// Goes on with what the last run left.
  @Override
  public void start() {
    workers.load();
    workers.all().forEach(Worker::wake);
  }

  @Override
  public void stop() throws InterruptedException {
    alarms.close();
    gateways.stop();
    if (!lanes.stop(PATIENCE_AT_END)) {
      LOG.log(Level.WARNING, "pushers are still at work: some notifications will be sent again");
    }
  }

  private Optional<Boolean> turn(Worker worker) {
    Deliveries.Turn turn = deliveries.take(worker);
    if (turn.gone()) {
      workers.forget(worker);
    } else if (turn.more()) {
      lanes.add(worker);
    }
    return turn.answered();
  }

  // --- endpoints

  private void register(Routes routes) {
    routes.add(
        HttpMethod.GET,
        ClientPaths.v3("/pushers"),
        Access.USER,
        RateClass.DEFAULT,
        request -> Response.json(listed(request.requester().user())));
    routes.add(
        HttpMethod.POST, ClientPaths.v3("/pushers/set"), Access.USER, RateClass.DEFAULT, this::set);
  }

  private ObjectNode listed(UserId user) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode all = json.putArray("pushers");
    needs.pushers().of(user).forEach(each -> all.add(each.toJson()));
    return json;
  }

  private Response set(Request request) {
    UserId user = request.requester().user();
    PusherRequest asked = PusherRequest.parse(request.json(), needs.outbound());
    if (asked.settings().isEmpty()) {
      commit(Pushers.delete(user, asked.appId(), asked.pushkey()), 0, Outcome.ignored());
      workers.reread(user);
      return Response.empty();
    }
    DeviceId device = request.requester().device();
    if (device == null) {
      throw MatrixException.forbidden("A pusher goes with a device, and this token has none");
    }
    List<UserId> others =
        asked.append() ? List.of() : needs.pushers().others(user, asked.appId(), asked.pushkey());
    turns.run(user, () -> set(user, device, asked.settings().get(), asked.append()));
    others.forEach(workers::reread);
    return Response.empty();
  }

  private void set(UserId user, DeviceId device, Pusher.Settings settings, boolean append) {
    List<Pusher> own = needs.pushers().of(user);
    Optional<Long> before =
        own.stream()
            .filter(each ->
                each.settings().appId().equals(settings.appId())
                    && each.settings().pushkey().equals(settings.pushkey()))
            .map(Pusher::id)
            .findFirst();
    if (before.isEmpty() && own.size() >= Pushers.MOST) {
      throw MatrixException.invalidParam("A user has at most " + Pushers.MOST + " pushers");
    }
    List<RowChange> changes = new ArrayList<>();
    if (!append) {
      changes.addAll(Pushers.deleteOfOthers(user, settings.appId(), settings.pushkey()));
    }
    String gateway = Pusher.gateway(settings.url());
    if (before.isPresent()) {
      changes.add(Pushers.update(before.get(), device, settings, needs.clock().instant()));
      commit(changes, 0, Outcome.ignored());
      workers.of(user).stream()
          .filter(each -> each.id() == before.get())
          .forEach(each -> each.setAnew(gateway));
    } else {
      // One whose row cannot be read may be in its place.
      changes.addAll(Pushers.delete(user, settings.appId(), settings.pushkey()));
      changes.add(
          Pushers.insert(user, device, settings, needs.clock().instant(), content.unread(user)));
      // Whoever is told of an event after this position finds the pusher in memory.
      commit(changes, 1, new Adding(id -> workers.add(id.value(), user, gateway)));
    }
  }

  /// Hears that a pusher is durable.
  private record Adding(Consumer<LogPosition> added) implements Outcome {
    @Override
    public void durable(LogPosition first) {
      added.accept(first);
    }

    @Override
    public void committed(LogPosition first) {}

    @Override
    public void failed(StorageException failure) {}
  }

  /// @param positions how many positions the unit takes
  private void commit(List<RowChange> changes, int positions, Outcome outcome) {
    UnitOwner owner = new UnitOwner(BOX);
    var _ =
        needs
            .store()
            .committer()
            .commit(
                new UnitOfWork(owner, owner.generation(), changes, positions, List.of(), outcome));
  }
}
