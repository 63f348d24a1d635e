package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Attacks on the server as it is launched, each of which once ended it, locked others out or got
/// more than it should. The attackers have other loopback addresses than everybody else.
@Tag("long")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class AttackTest {
  private static final int REQUESTS = 100;
  private static final int PATIENCE_MILLIS = 60_000;
  private static final int CONNECT_MILLIS = 2_000;

  /// More than one address may have, and than may be open.
  private static final int DRIPPING = 5_000;

  private static final String LIMITED =
      "registration: { mode: open }\nrate-limits: { enabled: true }\n";

  @TempDir Path temp;

  /// Sockets of an attacker that stay open.
  private static final class Sockets implements AutoCloseable {
    private final List<Socket> open = new ArrayList<>();

    /// Connects from an address until the server takes no more, or so many times.
    void connect(HearthProcess server, String from, int times) throws IOException {
      for (int i = 0; i < times; i++) {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
        open.add(socket);
        try {
          socket.connect(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), server.address().getPort()),
              CONNECT_MILLIS);
        } catch (IOException _) {
          return; // Nobody is let in: that is what was to be reached.
        }
      }
    }

    /// Sends one byte of a request line on each.
    ///
    /// @return how many of them the server has not closed
    long drip() {
      return open.stream().filter(socket -> hasTaken(socket, (byte) 'G')).count();
    }

    private static boolean hasTaken(Socket socket, byte letter) {
      try {
        socket.getOutputStream().write(letter);
        return true;
      } catch (IOException _) {
        return false;
      }
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  private static MatrixHttp.Answer send(MatrixHttp client, String room, String id, String body) {
    return client.put(
        Crowd.path(room) + "/send/m.room.message/" + id,
        object().put("msgtype", "m.text").put("body", body));
  }

  /// Asks on a connection that was not open before.
  private static void assertAnswersOnANewConnection(HearthProcess server) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket
          .getOutputStream()
          .write(
              "GET /_matrix/client/versions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(
              new BufferedReader(
                      new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                  .readLine())
          .isEqualTo("HTTP/1.1 200 OK");
    }
  }

  private static void assertRuns(HearthProcess server) throws Exception {
    HearthProcess.Ended status = server.hearth("status");
    assertThat(status.said()).containsPattern("State +running");
    assertThat(status.code()).as(status.said()).isZero();
  }

  @Test
  void socketsThatDripLeaveOthersTheirTurn() throws Exception {
    try (HearthProcess server = HearthProcess.start(temp.resolve("data"));
        Sockets attacker = new Sockets()) {
      MatrixHttp alice = MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);
      String room = Crowd.makeRoom(alice);

      attacker.connect(server, "127.0.0.2", DRIPPING);
      long open = DRIPPING;
      for (int i = 0; i < REQUESTS; i++) {
        if (i % 10 == 0) {
          open = attacker.drip();
        }
        send(alice, room, "t" + i, "x").granted();
        assertAnswersOnANewConnection(server);
      }

      assertThat(open).isLessThan(DRIPPING);
      assertRuns(server);
    }
  }

  @Test
  void heldDescriptorsComeBackToEverybody() throws Exception {
    List<String> launcher =
        new ArrayList<>(List.of("sh", "-c", "ulimit -n 1024 && exec \"$@\"", "sh"));
    launcher.addAll(HearthProcess.server());
    try (HearthProcess server = HearthProcess.start(launcher, temp.resolve("data"))) {
      MatrixHttp alice = MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);
      String room = Crowd.makeRoom(alice);

      try (Sockets attackers = new Sockets()) {
        for (int address = 2; address < 10; address++) {
          attackers.connect(server, "127.0.0." + address, 300);
        }
        assertAnswersOnANewConnection(server);
        send(alice, room, "1", "meanwhile").granted();
      }

      MatrixHttp.at(server.address()).register("bob", Crowd.PASSWORD);
      assertAnswersOnANewConnection(server);
      send(alice, room, "2", "afterwards").granted();
      assertRuns(server);
      server.kill();
      server.restart();
      assertThat(Timeline.of(alice, room).bodies())
          .containsExactlyInAnyOrder("meanwhile", "afterwards");
    }
  }

  @Test
  void manyFirstSyncsAtOnceAreAllAnsweredInTheEnd() throws Exception {
    int syncs = 20;
    try (HearthProcess server = HearthProcess.start(temp.resolve("data"))) {
      MatrixHttp alice = MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);
      List<String> rooms = Stream.generate(() -> Crowd.makeRoom(alice)).limit(20).toList();
      // A first sync is of 12 MB: built whole, all of them together do not fit into the memory.
      String large = "x".repeat(60_000);
      for (String room : rooms) {
        for (int i = 0; i < 10; i++) {
          send(alice, room, "t" + i, large).granted();
        }
      }
      List<String> devices = new ArrayList<>();
      for (int i = 0; i < syncs; i++) {
        devices.add(
            alice.logIn("alice", Crowd.PASSWORD).granted().path("access_token").textValue());
      }

      try (HttpClient client = HttpClient.newHttpClient();
          ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<Long>> answers =
            devices.stream()
                .map(token -> all.submit(() -> lengthOfFirstSync(client, server.address(), token)))
                .toList();
        for (int i = 0; i < REQUESTS; i++) {
          send(alice, rooms.getFirst(), "meanwhile" + i, "x").granted();
        }
        assertThat(lengths(answers)).allMatch(length -> length > 10_000_000);
      }
      assertRuns(server);
    }
  }

  private static List<Long> lengths(List<Future<Long>> answers)
      throws InterruptedException, ExecutionException {
    List<Long> lengths = new ArrayList<>();
    for (Future<Long> each : answers) {
      lengths.add(each.get());
    }
    return lengths;
  }

  /// Asks until it is answered, as an app does that is told to come again.
  private static long lengthOfFirstSync(HttpClient client, URI server, String token)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server + "/_matrix/client/v3/sync"))
            .header("Authorization", "Bearer " + token)
            .build();
    while (true) {
      HttpResponse<InputStream> answer =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = answer.body()) {
        if (answer.statusCode() == 200) {
          return body.transferTo(OutputStream.nullOutputStream());
        }
      }
      assertThat(answer.statusCode()).isIn(429, 503);
      String seconds = answer.headers().firstValue("Retry-After").orElseThrow();
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(Long.parseLong(seconds)));
    }
  }

  @Test
  void aFloodOfWrongPasswordsLocksNobodyElseOut() throws Exception {
    try (HearthProcess server =
        HearthProcess.start(HearthProcess.server(), temp.resolve("data"), LIMITED)) {
      MatrixHttp anybody = MatrixHttp.at(server.address());
      // What she asks for with a device tells where she is.
      anybody.register("alice", Crowd.PASSWORD).get("/account/whoami").granted();

      List<Integer> statuses = wrongLogins(server.address(), 200);

      assertThat(statuses).containsOnly(403, 429);
      assertThat(statuses.stream().filter(status -> status == 403).count()).isLessThanOrEqualTo(5);
      anybody.logIn("alice", Crowd.PASSWORD).granted();
      assertRuns(server);
    }
  }

  private static List<Integer> wrongLogins(URI server, int times) throws Exception {
    try (HttpClient attacker =
            HttpClient.newBuilder().localAddress(InetAddress.getByName("127.0.0.2")).build();
        ExecutorService all = Executors.newFixedThreadPool(8)) {
      List<Future<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        ObjectNode body =
            object().put("type", "m.login.password").put("user", "alice").put("password", "no" + i);
        HttpRequest request =
            HttpRequest.newBuilder(URI.create(server + "/_matrix/client/v3/login"))
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build();
        answers.add(
            all.submit(
                () -> attacker.send(request, HttpResponse.BodyHandlers.discarding()).statusCode()));
      }
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> each : answers) {
        statuses.add(each.get());
      }
      return statuses;
    }
  }

  @Test
  void aTokenForOneAccountMakesOneHoweverManyAskAtOnce() throws Exception {
    try (HearthProcess server =
        HearthProcess.start(
            HearthProcess.shortJava(HearthProcess.PROGRAM),
            temp.resolve("data"),
            "registration: { mode: token }\nrate-limits: { enabled: false }\n")) {
      assertThat(server.hearth("token", "create", "once").code()).isZero();
      MatrixHttp anybody = MatrixHttp.at(server.address());
      String session = anybody.post("/register", object()).json().path("session").textValue();

      List<Future<MatrixHttp.Answer>> answers = new ArrayList<>();
      try (ExecutorService all = Executors.newFixedThreadPool(16)) {
        for (int i = 0; i < 16; i++) {
          ObjectNode body = object().put("username", "user" + i).put("password", Crowd.PASSWORD);
          body.putObject("auth")
              .put("type", "m.login.registration_token")
              .put("token", "once")
              .put("session", session);
          answers.add(all.submit(() -> anybody.post("/register", body)));
        }
      }

      int made = 0;
      for (Future<MatrixHttp.Answer> each : answers) {
        made += each.get().status() == 200 ? 1 : 0;
      }
      assertThat(made).isEqualTo(1);
      assertThat(server.hearth("user", "list").said().lines()).hasSize(1);
    }
  }

  @Test
  void aFlippedBitInTheKeyStartsNoOtherServer() throws Exception {
    assertRefusesAfter(
        data -> {
          Path key = data.resolve("keys/signing.key");
          byte[] bytes = Files.readAllBytes(key);
          bytes[bytes.length / 2] ^= 1;
          Files.write(key, bytes);
        },
        "signing.key is damaged");
  }

  @Test
  void aDatabaseThatIsGoneIsNotMadeAnew() throws Exception {
    assertRefusesAfter(
        data -> {
          try (Stream<Path> all = Files.walk(data.resolve("database"))) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
              Files.delete(each);
            }
          }
        },
        "restore");
  }

  @FunctionalInterface
  private interface Damage {
    void to(Path data) throws IOException;
  }

  private void assertRefusesAfter(Damage damage, String words) throws Exception {
    List<String> launcher = HearthProcess.shortJava(HearthProcess.PROGRAM);
    try (HearthProcess server = HearthProcess.start(launcher, temp.resolve("data"))) {
      MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);
      server.kill();
      damage.to(server.dataFolder());

      assertThatThrownBy(server::restart).hasMessageContainingAll("the server ended", words);
    }
  }
}
