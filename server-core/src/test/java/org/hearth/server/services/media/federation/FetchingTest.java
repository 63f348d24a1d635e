package org.hearth.server.services.media.federation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.hearth.server.FederatedServer;
import org.hearth.server.outbound.SignedPeer;
import org.hearth.server.outbound.SignedPeer.Said;
import org.hearth.server.services.media.MediaClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Media of a server that says what a test wants.
@Timeout(180)
@Tag("long")
class FetchingTest {
  private static final String NEW = "/_matrix/federation/v1/media/download/";
  private static final String OLD = "/_matrix/media/v3/download/";
  private static final String CLIENT = "/_matrix/client/v1/media/download/";
  private static final String PARTS =
      """
      --b
      Content-Type: application/json

      {}
      --b
      %s

      %s
      --b--
      """
          .replace("\n", "\r\n");

  @TempDir private Path folder;
  private SignedPeer peer;
  private FederatedServer server;
  private MediaClient alice;

  @BeforeEach
  void start() throws IOException {
    peer = SignedPeer.start(Files.createDirectories(folder.resolve("peer")));
    server =
        new FederatedServer(
            folder.resolve("data"),
            peer.settings() + "media: { keep-free: 0, largest-upload: 100000 }\n");
    alice = MediaClient.register(server.client(), "alice");
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    peer.close();
  }

  private static Said parts(String headers, String media) {
    return new Said(200, PARTS.formatted(headers, media), "multipart/mixed; boundary=b");
  }

  private String address(String id) {
    return peer.name() + "/" + id;
  }

  private List<Path> incoming() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("data/media/incoming"))) {
      return files.toList();
    }
  }

  @Test
  void isFetchedOnceWhateverItIsCalled() throws IOException {
    peer.on(
        NEW + "abc",
        _ ->
            parts(
                "Content-Type: text/plain\r\n"
                    + "Content-Disposition: inline; filename=\"../a.txt\"",
                "hello"));

    MediaClient.Answer answer = alice.get(CLIENT + address("abc")).expect(200);
    alice.get(CLIENT + address("abc")).expect(200);

    assertThat(answer.body()).asString().isEqualTo("hello");
    assertThat(answer.header("content-type")).isEqualTo("text/plain");
    assertThat(answer.header("content-disposition")).isEqualTo("inline; filename=\"a.txt\"");
    assertThat(peer.asked(NEW + "abc")).hasSize(1);
    assertThat(peer.asked(OLD)).isEmpty();
    assertThat(incoming()).isEmpty();
  }

  @Test
  void manyWhoAskAtOnceCauseOneFetch() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    peer.on(
        NEW + "abc",
        _ -> {
          assertThat(goOn.await(60, TimeUnit.SECONDS)).isTrue();
          return parts("Content-Type: text/plain", "hello");
        });
    List<Future<byte[]>> all = new ArrayList<>();
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 10; i++) {
        all.add(askers.submit(() -> alice.get(CLIENT + address("abc")).expect(200).body()));
      }
      while (peer.asked(NEW + "abc").isEmpty()) {
        Thread.onSpinWait();
      }
      goOn.countDown();
      for (Future<byte[]> each : all) {
        assertThat(each.get()).asString().isEqualTo("hello");
      }
    }
    assertThat(peer.asked(NEW + "abc")).hasSize(1);
  }

  @Test
  void aServerThatIsSlowKeepsNobodyFromTheOthers() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(16);
    peer.on(
        NEW,
        _ -> {
          asked.countDown();
          assertThat(goOn.await(60, TimeUnit.SECONDS)).isTrue();
          return Said.NOTHING;
        });
    List<MediaClient> users = new ArrayList<>(List.of(alice));
    for (int i = 0; i < 4; i++) {
      users.add(MediaClient.register(server.client(), "user" + i));
    }
    List<Future<MediaClient.Answer>> slow = new ArrayList<>();
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 40; i++) {
        String target = CLIENT + address("slow" + i) + "?timeout_ms=60000";
        MediaClient user = users.get(i % users.size());
        slow.add(askers.submit(() -> user.get(target)));
      }
      assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();

      // Another one is asked, though it is at an address that is blocked.
      alice.get(CLIENT + "127.0.0.1:1/abc").expect(502, "M_UNKNOWN");

      assertThat(peer.asked(NEW)).hasSize(16);
      goOn.countDown();
      for (Future<MediaClient.Answer> each : slow) {
        each.get();
      }
    }
  }

  /// More than may be asked of a site at the same time: they come one after the other. Who does not
  /// wait gets none of them.
  @Test
  void allPicturesOfAPageComeFromOneSite() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(6);
    peer.on(
        NEW,
        _ -> {
          asked.countDown();
          assertThat(goOn.await(60, TimeUnit.SECONDS)).isTrue();
          return parts("Content-Type: text/plain", "hello");
        });
    List<Future<MediaClient.Answer>> all = new ArrayList<>();
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 30; i++) {
        String target = CLIENT + address("avatar" + i) + "?timeout_ms=60000";
        all.add(askers.submit(() -> alice.get(target)));
      }
      assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();

      alice.get(CLIENT + address("another") + "?timeout_ms=0").expect(504, "M_NOT_YET_UPLOADED");

      assertThat(peer.asked(NEW)).hasSize(6);
      goOn.countDown();
      for (Future<MediaClient.Answer> each : all) {
        each.get().expect(200);
      }
    }
  }

  @Test
  void aRedirectIsFollowedUnsigned() {
    peer.on(NEW + "abc", _ -> parts("Location: https://%s/cdn/file".formatted(peer.name()), ""));
    peer.on("/cdn/file", _ -> new Said(200, "from afar", "image/png"));

    MediaClient.Answer answer = alice.get(CLIENT + address("abc")).expect(200);

    assertThat(answer.body()).asString().isEqualTo("from afar");
    assertThat(answer.header("content-type")).isEqualTo("image/png");
  }

  @Test
  void aRedirectLeadsNowhereElse() throws IOException {
    List<String> locations =
        List.of(
            "http://%s/cdn".formatted(peer.name()),
            "https://127.0.0.1:%s/cdn".formatted(peer.name().value().split(":", 2)[1]),
            "https://10.0.0.1/cdn",
            "file:///etc/passwd",
            "//x",
            "nonsense nonsense");
    for (int i = 0; i < locations.size(); i++) {
      String location = locations.get(i);
      peer.on(NEW + "x" + i, _ -> parts("Location: " + location, ""));

      alice.get(CLIENT + address("x" + i)).expect(502, "M_UNKNOWN");
    }
    assertThat(peer.asked("/cdn")).isEmpty();
    assertThat(incoming()).isEmpty();
  }

  /// Gateways and servers at home are not for whatever server is asked.
  @Test
  void aRedirectLeadsToNoHostThatTheOwnerAllowsForOthers() throws Exception {
    AtomicInteger connected = new AtomicInteger();
    String settings =
        """
        federation: { mode: open }
        media: { keep-free: 0 }
        outbound: { blocked-networks: [ 127.0.0.2/32 ], allowed-hosts: [ 127.0.0.2 ], trusted-certificates: [ "%s" ] }
        """
            .formatted(folder.resolve("peer/authority.pem"));
    // At all addresses of this computer.
    try (ServerSocket house = new ServerSocket(0);
        FederatedServer other = new FederatedServer(folder.resolve("other"), settings)) {
      Thread.ofVirtual()
          .start(() -> {
            try (Socket _ = house.accept()) {
              connected.incrementAndGet();
            } catch (IOException _) {
              // The test is over.
            }
          });
      String location = "https://127.0.0.2:%d/cdn".formatted(house.getLocalPort());
      peer.on(NEW + "abc", _ -> parts("Location: " + location, ""));

      MediaClient.register(other.client(), "bob")
          .get(CLIENT + address("abc"))
          .expect(502, "M_UNKNOWN");
    }

    assertThat(peer.asked(NEW + "abc")).hasSize(1);
    assertThat(connected).hasValue(0);
  }

  @Test
  void anOldServerIsAskedTheOldWay() {
    peer.on(
        NEW + "abc", _ -> new Said(404, "{\"errcode\":\"M_UNRECOGNIZED\",\"error\":\"what?\"}"));
    peer.on(OLD + peer.name() + "/abc", _ -> new Said(200, "hello", "text/plain"));

    assertThat(alice.get(CLIENT + address("abc")).expect(200).body()).asString().isEqualTo("hello");

    assertThat(peer.asked(OLD).getFirst().target()).contains("allow_remote=false");
  }

  @Test
  void whatIsNotThereIsAskedForOnce() {
    alice.get(CLIENT + address("nothing")).expect(404, "M_NOT_FOUND");
    alice.get(CLIENT + address("nothing")).expect(404, "M_NOT_FOUND");

    assertThat(peer.asked(NEW + "nothing")).hasSize(1);
    assertThat(peer.asked(OLD)).isEmpty();
  }

  @Test
  void whatTheServerRefusesIsToldAsSuch() throws IOException {
    peer.on(NEW + "later", _ -> new Said(504, "{\"errcode\":\"M_NOT_YET_UPLOADED\"}"));
    peer.on(NEW + "large", _ -> new Said(502, "{\"errcode\":\"M_TOO_LARGE\"}"));
    peer.on(NEW + "huge", _ -> parts("Content-Type: text/plain", "x".repeat(200_000)));
    peer.on(NEW + "cut", _ -> new Said(200, "--b\r\n", "multipart/mixed; boundary=b"));
    peer.on(NEW + "json", _ -> Said.ok("{}"));
    peer.on(NEW + "good", _ -> parts("", "hello"));

    alice.get(CLIENT + address("later")).expect(504, "M_NOT_YET_UPLOADED");
    alice.get(CLIENT + address("large")).expect(502, "M_TOO_LARGE");
    alice.get(CLIENT + address("huge")).expect(502, "M_TOO_LARGE");
    alice.get(CLIENT + address("cut")).expect(502, "M_UNKNOWN");
    alice.get(CLIENT + address("json")).expect(502, "M_UNKNOWN");
    // None of that means that the server is not there.
    MediaClient.Answer good = alice.get(CLIENT + address("good")).expect(200);
    assertThat(good.header("content-type")).isEqualTo("application/octet-stream");
    assertThat(incoming()).isEmpty();
  }
}
