package org.hearth.server.readers.federationdevices;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.servers.device.DeviceEdus;
import org.hearth.server.servers.device.RemoteDeviceQueries;
import org.hearth.server.servers.device.RemoteDeviceQueries.StaleList;
import org.hearth.server.upkeep.Upkeep;
import org.jspecify.annotations.Nullable;

/// Decides which lists are fetched when, and fetches them.
///
/// **bound**: so many requests at once, of these so many to one server, one a user. **thread**:
/// any.
final class Fetching {
  private static final System.Logger LOG = System.getLogger(Fetching.class.getName());

  /// Requests at the same time.
  static final int AT_ONCE = 16;

  /// Of these to one server: others' lists come meanwhile.
  static final int AT_ONCE_A_SERVER = 2;

  /// Lists of one server that are looked at together.
  private static final int LOOK = 20;

  /// A list with as much as is kept, and what is around the keys.
  private static final int ANSWER_BYTES = 2 << 20;

  private static final Duration TIME = Duration.ofSeconds(20);

  /// After which it is looked whether somebody's pause is over.
  private static final Duration INTERVAL = Duration.ofSeconds(2);

  /// No list is fetched more often.
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /// After a failure, and after each more twice as long.
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(2);

  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

  /// A server that says something has a sign of life: then it is tried again after this.
  private static final Duration PAUSE_OF_THE_LIVING = Duration.ofSeconds(5);

  /// Users whose last failure is remembered.
  private static final int MOST_USERS = 10_000;

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration COMMIT_PATIENCE = Duration.ofSeconds(60);

  private final RemoteDeviceQueries devices;
  private final Sending sending;
  private final LogWriter<DeviceInput, LogPosition> input;
  private final InstantSource clock;
  private final Upkeep thread = new Upkeep("device-lists");
  private final AtomicBoolean woken = new AtomicBoolean();

  /// The servers that have lists to be fetched. Guarded by this, as the next.
  private final Map<ServerName, Server> servers = new HashMap<>();

  private final Set<UserId> underWay = new HashSet<>();

  /// The server at which it was looked last. Of the thread `device-lists`.
  private ServerName last = ServerName.parse("a");

  private final Cache<UserId, Pause> pauses = Caffeine.newBuilder().maximumSize(MOST_USERS).build();

  /// Sends a request to another server and waits for what becomes of it.
  @FunctionalInterface
  interface Sending {
    FederationReply send(FederationRequest request) throws InterruptedException;
  }

  /// Until when nothing is asked.
  ///
  /// @param failures one after the other
  private record Pause(int failures, Instant since, Instant until) {
    static final Pause NONE = new Pause(0, Instant.EPOCH, Instant.EPOCH);

    Pause failed(Instant now) {
      Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(failures, 20));
      return new Pause(
          failures + 1, now, now.plus(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause));
    }
  }

  /// A server whose lists are fetched.
  private static final class Server {
    private int requests;
    private Pause pause = Pause.NONE;

    /// The user at whom it was looked last.
    private String user = "";
  }

  Fetching(
      RemoteDeviceQueries devices,
      Sending sending,
      LogWriter<DeviceInput, LogPosition> input,
      InstantSource clock) {
    this.devices = devices;
    this.sending = sending;
    this.input = input;
    this.clock = clock;
  }

  void start() {
    thread.every(Duration.ZERO, INTERVAL, "lists of devices could not be looked for", this::look);
  }

  /// What is under way then comes too late, and is asked for again.
  void stop() throws InterruptedException {
    if (!thread.end(PATIENCE)) {
      LOG.log(Level.WARNING, "lists of devices are still being looked for");
    }
  }

  /// Something is out of date.
  void wake() {
    if (woken.compareAndSet(false, true)) {
      try {
        thread.once("lists of devices could not be looked for", this::look);
      } catch (RejectedExecutionException _) {
        // The end has begun.
      }
    }
  }

  /// That server has said something: it is there.
  synchronized void heardOf(ServerName name) {
    Server server = servers.get(name);
    if (server != null && server.pause.failures() > 0) {
      Instant soon = server.pause.since().plus(PAUSE_OF_THE_LIVING);
      if (soon.isBefore(server.pause.until())) {
        server.pause = new Pause(server.pause.failures(), server.pause.since(), soon);
      }
    }
  }

  // --- deciding

  /// **Thread**: `device-lists`.
  private void look() {
    woken.set(false);
    List<ServerName> all = new ArrayList<>(devices.staleServers());
    Collections.sort(all);
    forgetOthers(new HashSet<>(all));
    // Each time another one is the first, so that none waits for the same others always.
    int at = Collections.binarySearch(all, last);
    Collections.rotate(all, -(at < 0 ? -at - 1 : at + 1));
    for (ServerName each : all) {
      if (mayAsk(each)) {
        look(each);
        last = each;
      }
    }
  }

  private synchronized void forgetOthers(Set<ServerName> stale) {
    servers
        .entrySet()
        .removeIf(each -> each.getValue().requests == 0 && !stale.contains(each.getKey()));
  }

  private synchronized boolean mayAsk(ServerName name) {
    Server server = servers.computeIfAbsent(name, _ -> new Server());
    return underWay.size() < AT_ONCE
        && server.requests < AT_ONCE_A_SERVER
        && !clock.instant().isBefore(server.pause.until());
  }

  private void look(ServerName name) {
    String after;
    synchronized (this) {
      after = servers.computeIfAbsent(name, _ -> new Server()).user;
    }
    List<StaleList> stale = devices.stale(name, after, LOOK);
    String reached = stale.size() < LOOK ? "" : stale.getLast().user().value();
    for (StaleList each : stale) {
      if (!mayAsk(name)) {
        reached = after;
        break;
      }
      if (begin(name, each.user())) {
        var _ = Thread.ofVirtual().name("device-list").start(() -> fetch(name, each));
      }
      after = each.user().value();
    }
    synchronized (this) {
      servers.computeIfAbsent(name, _ -> new Server()).user = reached;
    }
  }

  private synchronized boolean begin(ServerName name, UserId user) {
    Pause pause = pauses.getIfPresent(user);
    if ((pause != null && clock.instant().isBefore(pause.until())) || !underWay.add(user)) {
      return false;
    }
    servers.computeIfAbsent(name, _ -> new Server()).requests++;
    return true;
  }

  // --- fetching

  private void fetch(ServerName name, StaleList list) {
    try {
      fetched(name, list, sending.send(request(name, list.user())));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      // The log is full or stopped, or the store cannot be read.
      LOG.log(Level.DEBUG, "the devices of " + list.user() + " could not be kept", e);
      failed(list.user());
    } finally {
      end(name, list.user());
    }
  }

  private static FederationRequest request(ServerName name, UserId user) {
    String path = URLEncoder.encode(user.value(), StandardCharsets.UTF_8).replace("+", "%20");
    return FederationRequest.get(name, "/_matrix/federation/v1/user/devices/" + path)
        .withAnswer(ANSWER_BYTES, TIME);
  }

  private void fetched(ServerName name, StaleList list, FederationReply reply)
      throws InterruptedException {
    switch (reply) {
      case FederationReply.Answer(_, var body) -> {
        pause(name, Pause.NONE);
        Optional<DeviceInput.ReceiveDeviceList> read =
            DeviceEdus.list(list.user(), list.marks(), body);
        if (read.isEmpty()) {
          failed(list.user());
        } else {
          var _ = input.submit(read.get(), PATIENCE).await(COMMIT_PATIENCE);
          Instant now = clock.instant();
          pauses.put(list.user(), new Pause(0, now, now.plus(PAUSE)));
        }
      }
      case FederationReply.Refused(_, _, _, _, Duration asked) when asked.isPositive() -> {
        Duration pause = asked.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : asked;
        pause(name, new Pause(0, clock.instant(), clock.instant().plus(pause)));
        failed(list.user());
      }
      case FederationReply.Refused _, FederationReply.Unintelligible _ -> {
        pause(name, Pause.NONE);
        failed(list.user());
      }
      // What is too long is one user's list, and says nothing of the server's other users.
      case FederationReply.NotReached(Failure.TooLarge _) -> {
        pause(name, Pause.NONE);
        failed(list.user());
      }
      case FederationReply.NotReached _ -> pause(name, null);
      case FederationReply.LeftAlone(var until, _) ->
          pause(name, new Pause(1, clock.instant(), until));
      case FederationReply.NotAllowed _ ->
          pause(name, new Pause(1, clock.instant(), clock.instant().plus(LONGEST_PAUSE)));
    }
  }

  private void failed(UserId user) {
    Pause before = pauses.getIfPresent(user);
    pauses.put(user, (before == null ? Pause.NONE : before).failed(clock.instant()));
  }

  /// @param pause null after one more failure
  private synchronized void pause(ServerName name, @Nullable Pause pause) {
    Server server = servers.computeIfAbsent(name, _ -> new Server());
    server.pause = pause == null ? server.pause.failed(clock.instant()) : pause;
  }

  private void end(ServerName name, UserId user) {
    synchronized (this) {
      underWay.remove(user);
      Server server = servers.get(name);
      if (server != null) {
        server.requests--;
      }
    }
    wake();
  }
}
