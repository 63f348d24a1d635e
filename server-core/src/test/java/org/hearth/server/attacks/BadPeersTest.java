package org.hearth.server.attacks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.Peer;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.TestClient;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.outbound.SignedPeer;
import org.hearth.server.outbound.TestAuthority;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.readers.federationdelivery.FederationDelivery;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Bad servers of every kind in a room with five good ones, to which what users say comes as soon
/// as if the bad ones were not there; and when these are gone, nothing is left of them.
@Timeout(400)
@Tag("long")
class BadPeersTest {
  private static final int GOOD = 5;

  /// How soon a message is to be at a good server, 99 times of 100.
  private static final Duration SOON = Duration.ofSeconds(1);

  /// Where others are at work too, a message takes as much longer as it does without bad servers.
  private static final int TIMES_AS_LONG = 4;

  /// Bad servers that have to have been asked before it is measured.
  private static final int MOST_AWAITED = 30;

  private static final String SEND = "/_matrix/federation/v1/send/";
  private static final Pattern WORDS = Pattern.compile("\"body\":\"(said [^\"]*)\"");

  /// Of a virtual thread that asks another server or has something for it.
  private static final Pattern ASKING =
      Pattern.compile("\"name\": \"(outbound|delivery|federation|keys)[^\"]*\"");

  @TempDir private Path folder;
  private final TestAuthority authority = new TestAuthority();
  private final List<SignedPeer> good = new ArrayList<>();
  private final List<BadPeer> bad = new ArrayList<>();
  private final Map<String, Long> arrived = new ConcurrentHashMap<>();
  private final AtomicBoolean flooding = new AtomicBoolean(true);
  private final AtomicInteger floods = new AtomicInteger();
  private SignedPeer flooder;
  private FederatedServer server;
  private TestClient alice;
  private RoomId room;
  private int said;

  @BeforeEach
  void start() throws IOException {
    Path file = authority.writeTo(folder.resolve("authority.pem"));
    for (int i = 0; i < GOOD; i++) {
      SignedPeer peer = SignedPeer.start(authority, file);
      int number = i;
      peer.on(SEND, asked -> take(number, asked));
      good.add(peer);
    }
    flooder = SignedPeer.start(authority, file);
    flooder.says(SEND, "{'pdus':{}}");
    server =
        new FederatedServer(
            folder.resolve("data"), good.getFirst().settings(), RateLimits.standard());
    alice = server.register("alice");
    room =
        RoomId.parse(
            alice
                .post("/_matrix/client/v3/createRoom", "{'preset':'public_chat'}")
                .expect(200)
                .text("room_id"));
    good.forEach(each -> server.membership(room, each.user("gwen"), "join"));
  }

  @AfterEach
  void stop() throws IOException {
    flooding.set(false);
    server.close();
    for (BadPeer each : bad) {
      each.close();
    }
    for (SignedPeer each : good) {
      each.close();
    }
    flooder.close();
  }

  private SignedPeer.Said take(int number, SignedPeer.Asked asked) {
    long now = System.nanoTime();
    WORDS
        .matcher(asked.body())
        .results()
        .forEach(each -> arrived.putIfAbsent(number + " " + each.group(1), now));
    return SignedPeer.Said.ok("{'pdus':{}}");
  }

  /// Has Alice say something.
  ///
  /// @return how long it took to each of the good servers, in nanoseconds
  private List<Long> say() {
    String words = "said " + said++;
    long begun = System.nanoTime();
    server.does(
        room,
        "@alice:hearth.test",
        EventTypes.MESSAGE,
        null,
        "{'msgtype':'m.text','body':'%s'}".formatted(words));
    List<Long> took = new ArrayList<>();
    for (int i = 0; i < GOOD; i++) {
      String at = i + " " + words;
      await(good.get(i), at);
      took.add(Objects.requireNonNull(arrived.get(at)) - begun);
    }
    return took;
  }

  private void await(SignedPeer peer, String what) {
    try {
      Eventually.until(what, () -> arrived.containsKey(what));
    } catch (AssertionError e) {
      throw new AssertionError(
          server.box(FederationDelivery.class).destinations().stream()
              .filter(each -> each.name().equals(peer.name()))
              .toList()
              .toString(),
          e);
    }
  }

  private Duration slowest(int messages) {
    List<Long> all = new ArrayList<>();
    for (int i = 0; i < messages; i++) {
      if (i % 10 == 0) {
        showLife();
      }
      all.addAll(say());
    }
    all.sort(null);
    return Duration.ofNanos(all.get(all.size() * 99 / 100));
  }

  /// Bad servers ask something themselves now and then, so as not to be left alone.
  private void showLife() {
    FederationClient federation = server.box(FederationClient.class);
    bad.forEach(each -> federation.signOfLife(each.name()));
  }

  /// Another server sends transactions as fast as it can, in which nothing is as it should be.
  private void flood() {
    String user = flooder.user("mallory");
    server.membership(room, user, "join");
    ObjectNode event =
        server.event(room, user, EventTypes.MESSAGE, null, "{'body':'flood'}").json().deepCopy();
    event.withObject("/signatures/" + flooder.name()).put("ed25519:test", "A".repeat(86));
    TestClient client = server.client().as(Peer.of(flooder.name().value()));
    for (int thread = 0; thread < 4; thread++) {
      int first = thread * 1_000_000;
      Thread.ofVirtual()
          .name("bad peer")
          .start(() -> {
            for (int i = first; flooding.get(); i++) {
              floods.incrementAndGet();
              try {
                var _ = client.put(SEND + "flood" + i, transaction(event, user, i));
              } catch (RuntimeException _) {
                // The connection was closed, which is good.
              }
            }
          });
    }
  }

  private ObjectNode transaction(ObjectNode event, String user, int number) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("origin", flooder.name().value()).put("origin_server_ts", 1);
    var pdus = json.putArray("pdus");
    for (int i = 0; i < 50; i++) {
      pdus.add(event.deepCopy().put("origin_server_ts", 50L * number + i));
    }
    var edus = json.putArray("edus");
    for (int i = 0; i < 100; i++) {
      ObjectNode edu = edus.addObject().put("edu_type", i % 2 == 0 ? "m.typing" : "m.receipt");
      ObjectNode content = edu.putObject("content");
      if (i % 2 == 0) {
        content.put("room_id", room.value()).put("user_id", user).put("typing", i % 4 == 0);
      } else {
        content.putObject("!made-up-%d-%d:x.test".formatted(number, i)).putObject("m.read");
      }
    }
    return json;
  }

  private void join(int ofEachKind) throws IOException {
    for (BadPeer.Kind kind : BadPeer.Kind.values()) {
      for (int i = 0; i < ofEachKind; i++) {
        BadPeer peer = new BadPeer(kind, authority);
        bad.add(peer);
        server.membership(room, peer.user(), "join");
      }
    }
  }

  /// Virtual threads that have to do with other servers.
  private long asking() throws IOException {
    Path dump = folder.resolve("threads.json").toAbsolutePath();
    Files.deleteIfExists(dump);
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
    return ASKING.matcher(Files.readString(dump, UTF_8)).results().count();
  }

  private static int platformThreads() {
    return ManagementFactory.getThreadMXBean().getThreadCount();
  }

  private long openToBad() {
    return bad.stream().mapToLong(BadPeer::open).sum();
  }

  /// All sockets of this process, of the servers as of the bad ones; none where nobody tells them.
  private static long sockets() {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.filter(
              each -> {
                try {
                  return Files.readSymbolicLink(each).toString().startsWith("socket:");
                } catch (IOException _) {
                  return false; // It was closed meanwhile.
                }
              })
          .count();
    } catch (IOException _) {
      return 0;
    }
  }

  private void assertGoodOnesAreToldSoon(int ofEachKind, int messages) throws Exception {
    Duration alone = slowest(messages);
    int threadsBefore = platformThreads();
    long socketsBefore = sockets();

    join(ofEachKind);
    flood();
    var _ = say();
    // Those that hang keep others of those waiting that nothing is known of.
    int most = Math.min(bad.size(), MOST_AWAITED);
    Eventually.until(
        "they were asked", () -> bad.stream().filter(each -> each.asked() > 0).count() >= most);
    Eventually.until("the flood flows", () -> floods.get() > 20);
    Duration beside = slowest(messages);
    long asking = asking();
    long open = openToBad();
    int threads = platformThreads();
    long sockets = sockets();

    Duration bound = alone.multipliedBy(TIMES_AS_LONG);
    assertThat(beside)
        .as("99 of 100 messages, which took %s alone", alone)
        .isLessThan(bound.compareTo(SOON) > 0 ? bound : SOON);
    // One transaction at a time for each, and the thread that has it asked for.
    int peers = bad.size() + GOOD + 1;
    assertThat(asking).as("threads that ask").isLessThanOrEqualTo(3L * peers + 10);
    assertThat(open).as("connections to bad servers").isLessThanOrEqualTo(bad.size());
    assertThat(threads).as("platform threads").isLessThanOrEqualTo(threadsBefore + 40);
    // Both ends of each connection, who listens, and what comes in.
    assertThat(sockets).isLessThanOrEqualTo(socketsBefore + 3L * peers + 100);

    flooding.set(false);
    for (BadPeer each : bad) {
      each.close();
    }
    Eventually.until(
        "nobody asks any more",
        () -> {
          try {
            return asking() <= 2 * GOOD;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    Eventually.until("sockets are closed", () -> sockets() <= socketsBefore + 2 * GOOD + 10);
    assertThat(slowest(10)).isLessThan(bound.compareTo(SOON) > 0 ? bound : SOON);
  }

  @Test
  void oneOfEachKindKeepsNothingFromGoodServers() throws Exception {
    assertGoodOnesAreToldSoon(1, 25);
  }

  @Test
  @Tag("whole")
  void manyOfEachKindKeepNothingFromGoodServers() throws Exception {
    assertGoodOnesAreToldSoon(17, 60);
  }
}
