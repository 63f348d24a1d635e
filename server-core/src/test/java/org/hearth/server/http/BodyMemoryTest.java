package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.hearth.server.http.BodyMemory.Standing;
import org.hearth.server.http.peers.Peers;
import org.hearth.server.matrix.checks.FederationPolicy;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.JsonWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The bodies of requests take no more memory than there is for them, whoever sends them.
@Timeout(300)
class BodyMemoryTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final int MIB = 1 << 20;

  private final CountDownLatch entered = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);

  /// Whose last byte does not come is waited for, however slow the computer is.
  private static HttpLimits limits() {
    HttpLimits usual = TestServer.standard().limits();
    return new HttpLimits(
        usual.smallBodyBytes(),
        usual.standardBodyBytes(),
        usual.largeBodyBytes(),
        usual.targetBytes(),
        usual.headerBytes(),
        usual.requests(),
        Duration.ofMinutes(10),
        usual.connections());
  }

  private TestServer server() {
    return new TestServer(TestServer.standard().with(limits()), routes());
  }

  private RouteGroup routes() {
    return routes ->
        routes
            .add(
                HttpMethod.POST,
                "/mine",
                Access.USER,
                RateClass.NONE,
                request -> Response.field("bytes", "" + request.body().length))
            .add(
                HttpMethod.POST,
                "/held",
                Access.USER,
                RateClass.NONE,
                request -> {
                  ObjectNode held = request.json();
                  entered.countDown();
                  boolean inTime = released.await(LONG.toSeconds(), TimeUnit.SECONDS);
                  return Response.field("members", held.size() + " " + inTime);
                })
            .add(
                HttpMethod.POST,
                "/sleeps",
                Access.USER,
                RateClass.NONE,
                request -> {
                  int members = request.json().size();
                  return Response.written(stream -> {
                    stream.restart();
                    entered.countDown();
                    boolean inTime = released.await(LONG.toSeconds(), TimeUnit.SECONDS);
                    JsonWriter json = stream.json().object();
                    json.name("members").value(members + " " + inTime).endObject();
                  });
                })
            .add(
                HttpMethod.POST,
                "/anybody",
                Access.NONE,
                RateClass.NONE,
                request -> Response.field("bytes", "" + request.body().length))
            .add(
                HttpMethod.GET,
                "/read",
                Access.NONE,
                RateClass.NONE,
                request -> Response.field("bytes", "" + request.body().length));
  }

  /// A request of which the last byte never comes.
  private static Socket unfinished(TestServer server, String head, int bytes) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    OutputStream out = socket.getOutputStream();
    out.write(
        (head + "Host: a\r\nContent-Length: " + bytes + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    byte[] piece = new byte[64 << 10];
    for (int left = bytes - 1; left > 0; left -= piece.length) {
      out.write(piece, 0, Math.min(left, piece.length));
    }
    out.flush();
    return socket;
  }

  /// The first line of the answer that comes first; nothing if a connection ends before.
  private static String firstAnswer(List<Socket> all) throws Exception {
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<String>> reading =
          all.stream().<Callable<String>>map(each -> () -> firstLine(each)).toList();
      return readers.invokeAny(reading);
    }
  }

  private static String firstLine(Socket socket) {
    try {
      String line =
          new BufferedReader(
                  new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
              .readLine();
      return line == null ? "" : line;
    } catch (IOException _) {
      return ""; // It was ended with bytes that nobody had read.
    }
  }

  /// A request that announces a chunk, of which one byte comes.
  private static Socket begun(TestServer server, String head, int chunk) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket
        .getOutputStream()
        .write(
            (head + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n{".formatted(chunk))
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static void isRefused(ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOfSatisfying(
            MatrixException.class, e -> assertThat(e.is(Errcode.LIMIT_EXCEEDED)).isTrue());
  }

  private static long usedBytes() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @Test
  void whatNobodyWantsIsNotKept() throws IOException {
    try (TestServer server = server()) {
      assertThat(server.client().get("/read").expect(200).text("bytes")).isEqualTo("0");
      List<Socket> all = new ArrayList<>();
      long before = usedBytes();
      for (int i = 0; i < 100; i++) {
        // Refused, and read on for a moment so that the client hears of it.
        all.add(unfinished(server, "POST /nowhere HTTP/1.1\r\n", Entity.LINGERING_BYTES));
      }

      assertThat(usedBytes() - before).isLessThan(100L * MIB);

      for (Socket each : all) {
        each.close();
      }
    }
  }

  @Test
  void bodiesOfReadingRequestsAreNotTaken() {
    try (TestServer server = server()) {
      assertThat(server.client().send("GET", "/read", new byte[100]).expect(200).text("bytes"))
          .isEqualTo("0");
    }
  }

  @Test
  void whoHasNotSaidWhoHeIsMaySendLittle() {
    try (TestServer server = server()) {
      server.client().send("POST", "/anybody", new byte[64 << 10]).expect(200);
      server.client().send("POST", "/anybody", new byte[(64 << 10) + 1]).expect(413, "M_TOO_LARGE");
    }
  }

  @Test
  void oneUserCannotTakeTheRoomOfAll() throws Exception {
    String head = "POST /mine HTTP/1.1\r\nAuthorization: Bearer alice\r\n";
    try (TestServer server = server()) {
      List<Socket> all = new ArrayList<>();
      for (int i = 0; i < BodyMemory.MOST_ARRIVED / 4 / MIB + 1; i++) {
        all.add(unfinished(server, head, MIB));
      }

      // Who comes later is refused, or one who has sent nothing for a while gives way.
      assertThat(firstAnswer(all)).matches("|.* 429 .*");
      TestClient alice = server.client().as("alice");
      server.client().as("admin").send("POST", "/mine", new byte[MIB]).expect(200);
      for (Socket each : all) {
        each.close();
      }
      while (alice.send("POST", "/mine", new byte[MIB]).status() != 200) {
        Thread.onSpinWait();
      }
    }
  }

  /// "Text" of one MiB becomes a tree of more than 20.
  @Test
  void whatIsReadAsJsonWaitsUntilThereIsRoom() throws Exception {
    byte[] tree =
        ("{\"a\":[" + "{\"\":0},".repeat(130_000) + "0]}").getBytes(StandardCharsets.UTF_8);
    try (TestServer server = server();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      TestClient alice = server.client().as("alice");
      Future<TestClient.Answer> first = clients.submit(() -> alice.send("POST", "/held", tree));
      assertThat(entered.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();

      Future<TestClient.Answer> second = clients.submit(() -> alice.send("POST", "/mine", tree));
      server.client().as("admin").send("POST", "/mine", tree).expect(200);

      assertThat(second.isDone()).isFalse();
      released.countDown();
      first.get().expect(200);
      second.get().expect(200);
    } finally {
      released.countDown();
    }
  }

  @Test
  void whoSleepsHoldsNoBody() throws Exception {
    byte[] tree =
        ("{\"a\":[" + "{\"\":0},".repeat(130_000) + "0]}").getBytes(StandardCharsets.UTF_8);
    try (TestServer server = server();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      TestClient alice = server.client().as("alice");
      Future<TestClient.Answer> first = clients.submit(() -> alice.send("POST", "/sleeps", tree));
      assertThat(entered.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();

      alice.send("POST", "/mine", tree).expect(200);

      released.countDown();
      assertThat(first.get().expect(200).text("members")).isEqualTo("1 true");
    } finally {
      released.countDown();
    }
  }

  /// Four accounts of one address, eight requests each.
  @Test
  void whatIsAnnouncedTakesNoRoom() throws IOException {
    try (TestServer server = server()) {
      List<Socket> all = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        String head = "POST /mine HTTP/1.1\r\nAuthorization: Bearer some" + i / 8 + "\r\n";
        all.add(begun(server, head, MIB));
      }

      TestClient alice = server.client().as("alice");
      for (int i = 0; i < 20; i++) {
        alice.send("POST", "/mine", new byte[100]).expect(200);
      }

      for (Socket each : all) {
        each.close();
      }
    }
  }

  @Test
  void whatStrangersAnnounceTakesNoRoom() throws IOException {
    String head =
        "PUT /signed HTTP/1.1\r\nAuthorization: X-Matrix origin=\"evil.test\","
            + "destination=\"hearth.test\",key=\"ed25519:1\",sig=\"AAAA\"\r\n";
    RouteGroup signed =
        routes ->
            routes.add(
                HttpMethod.PUT,
                "/signed",
                Access.SERVER,
                RateClass.NONE,
                BodyLimit.LARGE,
                _ -> Response.field("bytes", ""));
    Peers peers =
        new Peers(
            ServerName.parse("hearth.test"),
            FederationPolicy.open(List.of()),
            (_, _) -> Optional.empty(),
            _ -> {});
    try (TestServer server =
        new TestServer(
            TestServer.standard().with(limits()),
            peers,
            InstantSource.system(),
            routes(),
            signed)) {
      List<Socket> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        all.add(begun(server, head, 8 * MIB));
      }

      TestClient alice = server.client().as("alice");
      for (int i = 0; i < 20; i++) {
        alice.send("POST", "/mine", new byte[100]).expect(200);
      }
      server.client().send("POST", "/anybody", new byte[100]).expect(200);

      for (Socket each : all) {
        each.close();
      }
    }
  }

  @Test
  void bodiesInLargeChunksAreWhole() {
    try (TestServer server = server();
        RawClient raw = server.raw()) {
      raw.request("POST", "/mine", "Authorization: Bearer alice", "Transfer-Encoding: chunked");
      raw.send("c350\r\n" + "x".repeat(50_000) + "\r\n1\r\nx\r\n0\r\n\r\n");
      assertThat(raw.answer().body()).contains("50001");

      raw.request("POST", "/mine", "Authorization: Bearer alice", "Content-Length: 3").send("abc");
      assertThat(raw.answer().body()).contains("3");
    }
  }

  @Test
  void usersOfOneAddressLeaveHalfOfTheRoom() {
    BodyMemory memory = new BodyMemory(1000, 1000, Duration.ZERO, () -> 0);
    try (BodyMemory.Taken first = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken second = memory.of("bob", "a", Standing.SHOWN);
        BodyMemory.Taken third = memory.of("carol", "a", Standing.SHOWN);
        BodyMemory.Taken other = memory.of("dave", "b", Standing.SHOWN)) {
      first.arriving(250);
      isRefused(() -> first.arriving(1));
      second.arriving(250);

      isRefused(() -> third.arriving(1));
      other.arriving(250);
    }
  }

  @Test
  void strangersLeaveHalfOfTheRoomUntilTheyAreKnown() {
    BodyMemory memory = new BodyMemory(1000, 1000, Duration.ZERO, () -> 0);
    try (BodyMemory.Taken first = memory.of("a", "a", Standing.STRANGER);
        BodyMemory.Taken second = memory.of("b", "b", Standing.STRANGER);
        BodyMemory.Taken third = memory.of("c", "c", Standing.STRANGER);
        BodyMemory.Taken other = memory.of("alice", "d", Standing.SHOWN)) {
      first.arriving(250);
      second.arriving(250);

      isRefused(() -> third.arriving(1));
      other.arriving(250);
      first.known();
      third.arriving(250);
    }
  }

  @Test
  void whoClaimToBeServersLeaveRoomForLogins() {
    BodyMemory memory = new BodyMemory(1000, 1000, Duration.ZERO, () -> 0);
    try (BodyMemory.Taken claim = memory.of("a", "a", Standing.CLAIMED);
        BodyMemory.Taken another = memory.of("b", "b", Standing.CLAIMED);
        BodyMemory.Taken login = memory.of("c", "c", Standing.STRANGER);
        BodyMemory.Taken peer = memory.of("d", "d", Standing.SHOWN)) {
      claim.arriving(250);
      isRefused(() -> another.arriving(1));
      login.arriving(250);
      peer.arriving(250);

      claim.known();
      another.arriving(250);
    }
  }

  @Test
  void whatStrangersReadIsNotTheirsAnyMoreOnceTheyAreKnown() throws InterruptedException {
    BodyMemory memory = new BodyMemory(1000, 100_000, Duration.ZERO, () -> 0);
    byte[] share = new byte[100_000];
    Arrays.fill(share, (byte) '[');
    for (int i = 0; i < 5; i++) {
      try (BodyMemory.Taken one = memory.of("one" + i, "a", Standing.STRANGER);
          BodyMemory.Taken other = memory.of("other" + i, "b", Standing.STRANGER)) {
        one.awaitRoomFor(share);
        other.awaitRoomFor(share);
        one.known();
        other.known();
      }
    }
  }

  @Test
  void ofThoseThatAreLateTheLatestGivesWay() {
    AtomicLong now = new AtomicLong();
    List<String> ended = new ArrayList<>();
    BodyMemory memory = new BodyMemory(400, 1000, Duration.ZERO, now::get);
    try (BodyMemory.Taken late = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken latest = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken next = memory.of("alice", "a", Standing.SHOWN)) {
      latest.begins(() -> ended.add("latest"));
      latest.arriving(50);
      now.addAndGet(Duration.ofSeconds(1).toNanos());
      late.begins(() -> ended.add("late"));
      late.arriving(50);
      now.addAndGet(Duration.ofSeconds(10).toNanos());

      next.arriving(50);

      assertThat(ended).containsExactly("latest");
    }
  }

  @Test
  void whoseBodyHasGivenWayIsNotReadUncounted() {
    AtomicLong now = new AtomicLong();
    BodyMemory memory = new BodyMemory(400, 1000, Duration.ZERO, now::get);
    try (BodyMemory.Taken late = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken next = memory.of("alice", "a", Standing.SHOWN)) {
      late.begins(() -> {});
      late.arriving(100);
      now.addAndGet(Duration.ofSeconds(10).toNanos());
      next.arriving(100);
      late.rests();

      isRefused(() -> late.awaitRoomFor(new byte[] {'1'}));
    }
  }

  @Test
  void piecesThatComeInThePlaceOfOthersEarnTime() {
    AtomicLong now = new AtomicLong();
    int second = StreamedAnswer.AnswerTime.LEAST_BYTES_PER_SECOND;
    BodyMemory memory = new BodyMemory(4L * second, 1000, Duration.ZERO, now::get);
    try (BodyMemory.Taken streamed = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken next = memory.of("alice", "a", Standing.SHOWN)) {
      streamed.begins(() -> {
        throw new AssertionError("it comes fast enough");
      });
      streamed.arriving(second);
      for (int i = 0; i < 10; i++) {
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        streamed.replaced(second);
      }

      isRefused(() -> next.arriving(second));
    }
  }

  @Test
  void whatComesTooSlowlyGivesWayToWhoNeedsTheRoom() {
    AtomicLong now = new AtomicLong();
    AtomicInteger ended = new AtomicInteger();
    int second = StreamedAnswer.AnswerTime.LEAST_BYTES_PER_SECOND;
    BodyMemory memory = new BodyMemory(16L * second, 1000, Duration.ZERO, now::get);
    try (BodyMemory.Taken slow = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken quick = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken next = memory.of("alice", "a", Standing.SHOWN)) {
      slow.begins(ended::incrementAndGet);
      slow.arriving(2 * second);
      quick.begins(() -> {
        throw new AssertionError("it comes fast enough");
      });
      quick.arriving(second);
      now.addAndGet(BodyMemory.GRACE.toNanos());
      quick.arriving(second);

      isRefused(() -> next.arriving(second));
      now.addAndGet(1);
      next.arriving(second);

      assertThat(ended).hasValue(1);
      isRefused(() -> slow.arriving(1));
      next.arriving(second);
      isRefused(() -> next.arriving(1));
    }
  }

  @Test
  void whoseClientIsNotWaitedForDoesNotGiveWay() {
    AtomicLong now = new AtomicLong();
    BodyMemory memory = new BodyMemory(1000, 1000, Duration.ZERO, now::get);
    try (BodyMemory.Taken whole = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken next = memory.of("alice", "a", Standing.SHOWN)) {
      whole.begins(() -> {
        throw new AssertionError("it has come");
      });
      whole.arriving(250);
      whole.rests();
      now.addAndGet(Duration.ofMinutes(1).toNanos());

      isRefused(() -> next.arriving(1));
    }
  }

  /// The last byte of each never comes, so that their room is needed for ever.
  @Test
  void aUserWhoseRoomIsFullOfSlowBodiesHasItAgain() throws IOException {
    String head = "POST /mine HTTP/1.1\r\nAuthorization: Bearer alice\r\n";
    try (TestServer server = server()) {
      List<Socket> all = new ArrayList<>();
      for (int i = 0; i < BodyMemory.MOST_ARRIVED / 4 / MIB; i++) {
        all.add(unfinished(server, head, MIB));
      }

      TestClient alice = server.client().as("alice");
      while (alice.send("POST", "/mine", new byte[MIB]).status() != 200) {
        Thread.onSpinWait();
      }

      for (Socket each : all) {
        each.close();
      }
    }
  }

  @Test
  void whoWaitsTooLongIsAskedToComeAgain() throws InterruptedException {
    BodyMemory memory = new BodyMemory(1000, 4 * 640, Duration.ofMillis(1), () -> 0);
    byte[] ten = "[1,2,3,4,5,6,7,8,9,0]".getBytes(StandardCharsets.UTF_8);
    try (BodyMemory.Taken second = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken other = memory.of("bob", "b", Standing.SHOWN)) {
      try (BodyMemory.Taken first = memory.of("alice", "a", Standing.SHOWN)) {
        first.awaitRoomFor(ten);

        assertThatThrownBy(() -> second.awaitRoomFor(ten))
            .isInstanceOfSatisfying(
                MatrixException.class, e -> assertThat(e.is(Errcode.LIMIT_EXCEEDED)).isTrue());
        other.awaitRoomFor(ten);
      }
      second.awaitRoomFor(ten);
    }
  }

  @Test
  void whatIsLargerThanAShareTakesAllOfIt() throws InterruptedException {
    BodyMemory memory = new BodyMemory(1000, 4 * 64, Duration.ofMillis(1), () -> 0);
    byte[] ten = "[1,2,3,4,5,6,7,8,9,0]".getBytes(StandardCharsets.UTF_8);
    try (BodyMemory.Taken first = memory.of("alice", "a", Standing.SHOWN);
        BodyMemory.Taken second = memory.of("alice", "a", Standing.SHOWN)) {
      first.awaitRoomFor(ten);

      assertThatThrownBy(() -> second.awaitRoomFor("[".getBytes(StandardCharsets.UTF_8)))
          .isInstanceOf(MatrixException.class);
      second.awaitRoomFor(new byte[0]);
    }
  }
}
