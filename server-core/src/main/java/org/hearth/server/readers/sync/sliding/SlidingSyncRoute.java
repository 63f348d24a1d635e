package org.hearth.server.readers.sync.sliding;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.VolatileLog.VolatilePosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyLimit;
import org.hearth.server.http.BodyWriter;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.http.connection.StopSignal;
import org.hearth.server.logs.Presence;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.RecentEvents;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.sections.Acknowledgements;
import org.hearth.server.readers.sync.sections.Filter;
import org.hearth.server.readers.sync.sections.SentMembers;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.WaitingSync;
import org.hearth.server.readers.tokens.Snapshots;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.readers.tokens.SyncToken;
import org.hearth.server.servers.presence.PresenceClient;

/// `POST …/org.matrix.simplified_msc3575/sync`: reads the request, finds its connection, and waits
/// while there is nothing to tell.
///
/// **Thread:** any. **Source:** [MSC4186][sliding].
///
/// [sliding]: https://github.com/matrix-org/matrix-spec-proposals/pull/4186
public final class SlidingSyncRoute implements RouteGroup {
  /// Where clients of today look for it.
  static final String PATH = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";

  /// An answer that looks into more rooms waits for its turn among the large ones.
  private static final int FEW_ROOMS = 20;

  private final SyncUsers users;
  private final Optional<PresenceClient> presence;
  private final Snapshots snapshots;
  private final Acknowledgements acknowledgements;
  private final RecentEvents recent;
  private final Parts parts;
  private final RoomOrders orders;
  private final Bumps bumps;
  private final Connections connections;

  /// Of this run of the server: connections of another are not known.
  private final long run;

  /// Memory for speed.
  ///
  /// @param connectionBytes for what clients have been sent
  /// @param orderBytes for the order of users' rooms
  /// @param memberBytes for whom lazily loading clients have been told of
  public record Budget(long connectionBytes, long orderBytes, long memberBytes) {
    /// Of some hundreds of accounts in some hundreds of rooms, or a few in 10,000.
    public static final Budget STANDARD = new Budget(24L << 20, 8L << 20, 4L << 20);
  }

  /// Who waits, and on what.
  ///
  /// @param presence told who syncs
  public record Waiting(
      SyncUsers users,
      Optional<PresenceClient> presence,
      Snapshots snapshots,
      Acknowledgements acknowledgements,
      RecentEvents recent) {}

  /// @param random names the run
  public SlidingSyncRoute(Waiting waiting, Parts parts, Budget budget, RandomGenerator random) {
    this.users = waiting.users();
    this.presence = waiting.presence();
    this.snapshots = waiting.snapshots();
    this.acknowledgements = waiting.acknowledgements();
    this.recent = waiting.recent();
    this.parts = parts;
    this.orders = new RoomOrders(parts.rooms(), parts.kinds().events(), budget.orderBytes());
    this.bumps = new Bumps(parts.rooms());
    this.connections =
        new Connections(
            new SentMembers(budget.memberBytes()), budget.connectionBytes(), System::nanoTime);
    this.run = random.nextLong(1, 1L << 50);
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST,
        PATH,
        Access.USER_OR_GUEST,
        RateClass.SYNC,
        BodyLimit.STANDARD,
        this::sync);
  }

  /// What an answer follows from. Nothing of it is the body itself, which is not kept through a
  /// wait.
  ///
  /// @param connection another for each request that begins one: a later one replaces it, and whose
  ///   answer is of an earlier one would not be known
  private record Question(String target, SlidingRequest request, Optional<Object> connection) {}

  private Response sync(Request http) {
    Presence as = PresenceClient.asked(http.query("set_presence"));
    Viewer viewer = Viewer.of(http.requester());
    SlidingRequest request = SlidingRequest.of(http);
    Duration timeout =
        WaitingSync.patience(http.queryLong("timeout", 0, Long.MAX_VALUE).orElse(0L));
    Optional<String> pos = http.query("pos").filter(each -> !each.isEmpty());
    request
        .extensions()
        .toDevice()
        .ifPresent(
            asked -> ExtensionsJson.messagesSince(asked, parts, new SyncPoint(snapshots.head())));
    StopSignal stopping = http.stopping();
    return Response.written(
        new Question(
            http.rawTarget(),
            request,
            pos.isEmpty() ? Optional.of(new Object()) : Optional.empty()),
        stream -> {
          // Looked up here: who joins an answer under way goes on with that.
          Connection connection = connection(viewer, request.connection(), pos);
          SyncUsers.Entered entered = users.enter(viewer);
          try (StopSignal.Registration _ = stopping.whenRaised(entered.waiting()::end)) {
            connection.enter(entered.waiting(), request.bytes());
            connections.used(viewer, request.connection(), connection);
            if (presence.isPresent()) {
              presence.get().syncing(viewer.user(), viewer.device(), as, timeout);
            }
            answer(new Asked(request, viewer, connection, timeout), entered, stream);
          } finally {
            connection.leave(entered.waiting());
            connections.used(viewer, request.connection(), connection);
            users.leave(entered);
          }
        });
  }

  /// One request.
  private record Asked(
      SlidingRequest request, Viewer viewer, Connection connection, Duration timeout) {}

  private void answer(Asked asked, SyncUsers.Entered entered, BodyWriter.Stream stream)
      throws InterruptedException {
    acknowledge(asked, entered);
    WaitingSync waiting = entered.waiting();
    Connection connection = asked.connection();
    Step from = connection.base();
    boolean begins = from.number() == 0;
    long until = System.nanoTime() + (begins ? 0 : asked.timeout().toNanos());
    boolean last = begins;
    while (true) {
      waiting.look();
      // A reader that lags is no reason to go back.
      SyncPoint now = snapshots.point().notBefore(from.point().position());
      users.refresh(entered);
      if (tell(asked, entered, from, now, last, stream)) {
        return;
      }
      stream.restart();
      last = !waiting.sleep(until);
    }
  }

  /// Looks once, and writes what there is to tell. Of 10,000 rooms a look takes megabytes: nothing
  /// of it is left while the request sleeps.
  ///
  /// @param last whether it is the answer, also if there is nothing
  /// @return whether that is the answer
  private boolean tell(
      Asked asked,
      SyncUsers.Entered entered,
      Step from,
      SyncPoint now,
      boolean last,
      BodyWriter.Stream stream)
      throws InterruptedException {
    Connection connection = asked.connection();
    if (connection.base().number() != from.number()) {
      // Another request has gone on meanwhile; "a `pos` from an older response MUST NOT be used
      // again".
      throw unknownPos();
    }
    Answer.Written written =
        answer(asked, entered, from, now, stream)
            .write(stream.json(), connections.nextNumber(), run);
    WaitingSync waiting = entered.waiting();
    if (waiting.refusal().isPresent()) {
      throw waiting.refusal().get();
    }
    boolean answered = written.told() || last || waiting.isOver();
    if (answered) {
      connection.answered(from, written.step());
    }
    return answered;
  }

  /// What is looked at before the turn is not kept until it comes: of many rooms who waits for a
  /// turn would hold megabytes.
  private Answer answer(
      Asked asked, SyncUsers.Entered entered, Step from, SyncPoint now, BodyWriter.Stream stream)
      throws InterruptedException {
    if (from.number() != 0 && recent.hasAllAfter(from.point().position())) {
      Optional<Answer> small =
          Optional.of(look(asked, entered, from, now)).filter(each -> each.size() <= FEW_ROOMS);
      if (small.isPresent()) {
        return small.get();
      }
    }
    stream.awaitTurn();
    return look(asked, entered, from, now);
  }

  private Answer look(Asked asked, SyncUsers.Entered entered, Step from, SyncPoint now) {
    Viewer viewer = asked.viewer();
    IgnoredUsers ignored =
        entered.feed().ignored(() -> IgnoredUsers.of(parts.accountData(), viewer.user()));
    Look look =
        new Look(parts, viewer.ignoring(ignored), entered.feed(), asked.connection(), from, now);
    return new Answer(look, bumps, orders, asked.request());
  }

  private void acknowledge(Asked asked, SyncUsers.Entered entered) throws InterruptedException {
    Optional<ExtensionRequest.ToDevice> messages = asked.request().extensions().toDevice();
    if (messages.isEmpty()) {
      return;
    }
    SyncPoint head = new SyncPoint(snapshots.head());
    LogPosition since = ExtensionsJson.messagesSince(messages.get(), parts, head);
    if (!since.equals(LogPosition.ORIGIN)) {
      acknowledgements.take(
          Answer.asked(asked.viewer(), Filter.ALL, Optional.of(new SyncPoint(since))),
          entered.feed());
    }
  }

  /// "Servers MUST reject a `pos` that was not issued to the requesting user and device, responding
  /// with `M_UNKNOWN_POS`." So they are whatever else it is: of the future, of another run,
  /// expired.
  private Connection connection(Viewer viewer, String name, Optional<String> pos) {
    if (pos.isEmpty()) {
      return connections.begin(viewer, name);
    }
    Connection connection =
        connections.find(viewer, name).orElseThrow(SlidingSyncRoute::unknownPos);
    VolatilePosition known;
    try {
      known = SyncToken.parse("pos", pos.get()).point().volatiles().get(Answer.LETTER);
    } catch (MatrixException _) {
      throw unknownPos();
    }
    if (known == null || known.epoch() != run || !connection.comeTo(known.position().value())) {
      throw unknownPos();
    }
    return connection;
  }

  private static MatrixException unknownPos() {
    return new MatrixException(Errcode.UNKNOWN_POS, "The connection is not known any more");
  }
}
