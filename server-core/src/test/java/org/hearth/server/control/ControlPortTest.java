package org.hearth.server.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The door of the command line, and those who have no business there.
class ControlPortTest {
  private static final ControlRequest STATUS = new ControlRequest("status", Map.of());

  @TempDir Path root;
  private DataFolder folder;

  @BeforeEach
  void folder() {
    folder = new DataFolder(root);
  }

  /// Answers everything, after something else.
  private record Answering(Runnable first) implements ControlPort.Handler {
    @Override
    public JsonNode handle(ControlRequest request) {
      first.run();
      return JsonNodeFactory.instance.objectNode().put("did", request.operation());
    }

    @Override
    public void answered(ControlRequest request) {}
  }

  private ControlPort open(Runnable first) throws IOException {
    return ControlPort.open(folder, new SecureRandom(), new Answering(first));
  }

  /// A data folder that was there before the server may be open to others.
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void onlyTheUserCanReadTheFileWhateverWasThereBefore() throws Exception {
    for (String name : new String[] {"control", "control.new"}) {
      Files.createFile(
          root.resolve(name),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
    }

    try (ControlPort _ = open(() -> {})) {
      assertThat(Files.getPosixFilePermissions(root.resolve("control")))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      assertThat(ControlPort.ask(folder, STATUS).orElseThrow().path("did").asText())
          .isEqualTo("status");
    }
  }

  @Test
  void aLineThatDoesNotEndIsNotReadToItsEnd() throws Exception {
    try (ControlPort _ = open(() -> {});
        Socket stranger = connect()) {
      stranger.getOutputStream().write(new byte[ControlPort.MOST_BYTES_ASKED + 1]);

      assertThat(isClosedByServer(stranger)).isTrue();
    }
  }

  @Test
  void aCopyOfTheFolderHasNoServer(@TempDir Path copy) throws Exception {
    try (ControlPort _ = open(() -> {})) {
      Files.copy(root.resolve("control"), copy.resolve("control"));

      assertThat(ControlPort.ask(folder, STATUS)).isPresent();
      assertThat(ControlPort.ask(new DataFolder(copy), STATUS)).isEmpty();
    }
  }

  @Test
  void aWrongSecretGetsNoAnswer() throws Exception {
    try (ControlPort _ = open(() -> {});
        Socket stranger = connect()) {
      stranger
          .getOutputStream()
          .write("{\"secret\":\"\",\"operation\":\"status\"}\n".getBytes(StandardCharsets.UTF_8));

      assertThat(isClosedByServer(stranger)).isTrue();
    }
  }

  @Test
  void connectionsOverTheBoundWaitForOthersToEnd() throws Exception {
    CountDownLatch inside = new CountDownLatch(ControlPort.MOST_REQUESTS);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Runnable visit =
        () -> {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          inside.countDown();
          await(goOn);
          now.decrementAndGet();
        };
    int askers = 2 * ControlPort.MOST_REQUESTS;
    CountDownLatch answered = new CountDownLatch(askers);
    try (ControlPort _ = open(visit);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < askers; i++) {
        threads.execute(() -> {
          try {
            var _ = ControlPort.ask(folder, STATUS).orElseThrow();
            answered.countDown();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
      }
      await(inside);
      goOn.countDown();

      await(answered);
      assertThat(most.get()).isEqualTo(ControlPort.MOST_REQUESTS);
    }
  }

  /// Nobody's request is late here, so only giving way frees a place.
  @Test
  void theOldestOfThoseWhoDoNotShowTheSecretGivesWay() throws Exception {
    List<Socket> silent = new ArrayList<>();
    try (ControlPort _ =
        ControlPort.open(
            folder, new SecureRandom(), new Answering(() -> {}), Duration.ofHours(1))) {
      for (int i = 0; i < ControlPort.MOST_UNPROVEN; i++) {
        silent.add(connect());
      }

      assertThat(ControlPort.ask(folder, STATUS)).isPresent();

      assertThat(isClosedByServer(silent.getFirst())).isTrue();
      Socket last = silent.getLast();
      last.getOutputStream().write('\n');
      assertThat(isClosedByServer(last)).as("it was still listened to").isTrue();
    } finally {
      for (Socket each : silent) {
        each.close();
      }
    }
  }

  @Test
  void aServerThatIsSilentIsToldInASentence() throws Exception {
    try (ServerSocket silent = stranger()) {
      assertThatThrownBy(() -> ControlPort.ask(folder, STATUS, Duration.ofMillis(1)))
          .isInstanceOf(NoAnswerException.class)
          .hasMessageContainingAll(
              "The server that holds " + root,
              "has not answered within",
              "Ask again later",
              "delete " + root.resolve("control"));
      assertThat(silent.isClosed()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'HTTP/1.1 400 Bad Request\r\n', answers what no server of Hearth does",
    "'', broke the connection off (without a whole answer)"
  })
  void aServerThatAnswersSomethingElseOrNothingIsToldInASentence(String answer, String told)
      throws Exception {
    try (ServerSocket other = stranger()) {
      Thread answering =
          Thread.ofVirtual()
              .start(() -> {
                try (Socket asker = other.accept()) {
                  asker.getOutputStream().write(answer.getBytes(US_ASCII));
                  asker.shutdownOutput();
                  asker.getInputStream().transferTo(OutputStream.nullOutputStream());
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });

      assertThatThrownBy(() -> ControlPort.ask(folder, STATUS))
          .isInstanceOf(NoAnswerException.class)
          .hasMessageContaining(told);
      answering.join();
    }
  }

  @Test
  void whatLooksAtAllFilesMayTakeLongerThanAQuestion() {
    assertThat(new ControlRequest("media-check", Map.of()).patience())
        .isGreaterThan(new ControlRequest("media-status", Map.of()).patience());
    assertThat(STATUS.patience()).isLessThan(Duration.ofMinutes(1));
  }

  /// What listens at the port that the file names, and is no server of ours.
  private ServerSocket stranger() throws IOException {
    ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Files.writeString(root.resolve("control"), socket.getLocalPort() + "\nsecret\n");
    return socket;
  }

  /// A socket that cannot accept, as when the process has no descriptor left.
  private static final class Exhausted extends ServerSocket {
    Exhausted() throws IOException {}

    @Override
    public Socket accept() throws IOException {
      throw new SocketException("Too many open files");
    }
  }

  /// A socket whose classes cannot be loaded, for the same reason.
  private static final class Unloadable extends ServerSocket {
    Unloadable() throws IOException {}

    @Override
    public Socket accept() {
      throw new NoClassDefFoundError("java/net/Example");
    }
  }

  @Test
  void itAcceptsAgainAfterAnError() throws Exception {
    ControlPort port =
        new ControlPort(
            new Unloadable(),
            root.resolve("control"),
            "secret",
            new Answering(() -> {}),
            Duration.ofHours(1));
    Thread accepting = Thread.ofPlatform().start(port::accept);

    Eventually.until("it pauses", () -> accepting.getState() == Thread.State.TIMED_WAITING);
    port.close();

    assertThat(accepting.join(Duration.ofSeconds(30))).isTrue();
  }

  @Test
  void itPausesWhenItCannotAcceptAndEndsAtOnceWhenClosed() throws Exception {
    ControlPort port =
        new ControlPort(
            new Exhausted(),
            root.resolve("control"),
            "secret",
            new Answering(() -> {}),
            Duration.ofHours(1));
    Thread accepting = Thread.ofPlatform().start(port::accept);

    Eventually.until("it pauses", () -> accepting.getState() == Thread.State.TIMED_WAITING);
    port.close();

    assertThat(accepting.join(Duration.ofSeconds(30))).isTrue();
  }

  private Socket connect() throws IOException {
    int port = Integer.parseInt(Files.readString(root.resolve("control")).split("\n", 2)[0]);
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static boolean isClosedByServer(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException _) {
      return true; // It was closed before all that was sent had been read.
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
