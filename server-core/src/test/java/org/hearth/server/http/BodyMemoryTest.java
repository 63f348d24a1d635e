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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
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
    return new TestServer(
        TestServer.standard().with(limits()),
        routes ->
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
                    request -> Response.field("bytes", "" + request.body().length)));
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

  /// The first line of the answer that comes first.
  private static String firstAnswer(List<Socket> all) throws IOException {
    while (true) {
      for (Socket each : all) {
        if (each.getInputStream().available() > 0) {
          return new BufferedReader(
                  new InputStreamReader(each.getInputStream(), StandardCharsets.US_ASCII))
              .readLine();
        }
      }
      Thread.onSpinWait();
    }
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
  void oneUserCannotTakeTheRoomOfAll() throws IOException {
    String head = "POST /mine HTTP/1.1\r\nAuthorization: Bearer alice\r\n";
    try (TestServer server = server()) {
      List<Socket> all = new ArrayList<>();
      for (int i = 0; i < BodyMemory.MOST_ARRIVED / 4 / MIB + 1; i++) {
        all.add(unfinished(server, head, MIB));
      }

      assertThat(firstAnswer(all)).contains(" 429 ");
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

  @Test
  void whoWaitsTooLongIsAskedToComeAgain() throws InterruptedException {
    BodyMemory memory = new BodyMemory(1000, 4 * 640, Duration.ofMillis(1));
    byte[] ten = "[1,2,3,4,5,6,7,8,9,0]".getBytes(StandardCharsets.UTF_8);
    try (BodyMemory.Taken second = memory.of("alice");
        BodyMemory.Taken other = memory.of("bob")) {
      try (BodyMemory.Taken first = memory.of("alice")) {
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
    BodyMemory memory = new BodyMemory(1000, 4 * 64, Duration.ofMillis(1));
    byte[] ten = "[1,2,3,4,5,6,7,8,9,0]".getBytes(StandardCharsets.UTF_8);
    try (BodyMemory.Taken first = memory.of("alice");
        BodyMemory.Taken second = memory.of("alice")) {
      first.awaitRoomFor(ten);

      assertThatThrownBy(() -> second.awaitRoomFor("[".getBytes(StandardCharsets.UTF_8)))
          .isInstanceOf(MatrixException.class);
      second.awaitRoomFor(new byte[0]);
    }
  }
}
