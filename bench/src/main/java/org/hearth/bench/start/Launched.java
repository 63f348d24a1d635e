package org.hearth.bench.start;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.hearth.bench.load.Connection;
import org.hearth.bench.load.ServerProcess;

/// A server in a process of its own, started by one of the product's launchers.
///
/// **thread**: one.
final class Launched implements AutoCloseable {
  private static final Duration START_DEADLINE = Duration.ofMinutes(2);
  private static final Duration STOP_DEADLINE = Duration.ofSeconds(30);
  private static final String VERSIONS = "/_matrix/client/versions";

  private final Process process;
  private final URI address;
  private final Duration untilFirstAnswer;

  private Launched(Process process, URI address, Duration untilFirstAnswer) {
    this.process = process;
    this.address = address;
    this.untilFirstAnswer = untilFirstAnswer;
  }

  /// Starts a server and returns as soon as it has answered.
  ///
  /// @param launcher the command before `serve`
  /// @param folder the data folder, with or without a server in it; its output goes beside it
  static Launched start(List<String> launcher, Path folder)
      throws IOException, InterruptedException {
    int port = freePort();
    Path configuration = folder.resolveSibling(folder.getFileName() + ".yaml");
    Files.writeString(
        configuration,
        """
        server-name: bench.example
        listeners:
          - { bind: 127.0.0.1, port: %d }
        registration: { mode: open }
        rate-limits: { enabled: false }
        """
            .formatted(port));
    List<String> command = new ArrayList<>(launcher);
    command.addAll(
        List.of("serve", "--data-dir", folder.toString(), "--config", configuration.toString()));
    Path output = folder.resolveSibling(folder.getFileName() + ".out");
    URI address = URI.create("http://127.0.0.1:" + port);
    long begun = System.nanoTime();
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
            .start();
    while (!answers(address)) {
      if (process.waitFor(2, TimeUnit.MILLISECONDS)
          || System.nanoTime() - begun > START_DEADLINE.toNanos()) {
        kill(process);
        throw new IOException("the server does not serve; its output is " + output);
      }
    }
    return new Launched(process, address, Duration.ofNanos(System.nanoTime() - begun));
  }

  private static boolean answers(URI address) {
    try (Connection connection = new Connection(address)) {
      return connection.ask("GET", VERSIONS, "", "").status() == 200;
    } catch (IOException _) {
      // Not yet.
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  URI address() {
    return address;
  }

  Duration untilFirstAnswer() {
    return untilFirstAnswer;
  }

  /// What the system says about the server's process, which a launcher may have started.
  ServerProcess figures() throws IOException {
    ProcessHandle server = process.children().findFirst().orElse(process.toHandle());
    return ServerProcess.read(Optional.of(server.pid()));
  }

  /// Asks it to stop, as Ctrl-C does, and waits until it is gone.
  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(STOP_DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
        kill(process);
        throw new IOException("the server did not stop within " + STOP_DEADLINE.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      kill(process);
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the launcher, and then the server that it has started.
  private static void kill(Process process) {
    List<ProcessHandle> started = process.descendants().toList();
    process.destroyForcibly();
    started.forEach(ProcessHandle::destroyForcibly);
  }
}
