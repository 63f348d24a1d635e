package org.hearth.product;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hearth.server.http.FreePort;

/// A Hearth server in a process of its own, with open registration on a loopback port that it keeps
/// over restarts.
final class HearthProcess implements AutoCloseable {
  static final String PROGRAM = "org.hearth.server.command.Main";

  private static final Duration START_DEADLINE = Duration.ofMinutes(3);
  private static final Path ARCHIVE = Path.of("target", "serve.jsa").toAbsolutePath();

  /// The class path, jars first: an archive of classes is one of jars, and good for a class path
  /// that begins with them.
  private static final List<Path> ALL =
      Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
          .map(Path::of)
          .sorted(Comparator.comparing(Files::isDirectory))
          .toList();

  private static final List<Path> JARS = ALL.stream().filter(Files::isRegularFile).toList();

  /// Whether the server is in a jar, which it is not before Maven's phase `package`.
  private static final boolean IS_PACKAGED =
      JARS.stream().anyMatch(each -> each.endsWith("server-core.jar"));

  private final List<String> launcher;
  private final Path dataFolder;
  private final Path configuration;
  private final URI address;
  private Process process;

  private HearthProcess(List<String> launcher, Path dataFolder, int port, String settings)
      throws IOException {
    this.launcher = List.copyOf(launcher);
    this.dataFolder = dataFolder;
    this.configuration = dataFolder.resolveSibling(dataFolder.getFileName() + ".yaml");
    this.address = URI.create("http://127.0.0.1:" + port);
    Files.writeString(configuration, settings);
    this.process = run();
  }

  /// Starts a server from this build's classes and waits until it serves.
  static HearthProcess start(Path dataFolder) throws IOException {
    return start(server(), dataFolder);
  }

  /// Starts a server with this launcher and waits until it serves.
  static HearthProcess start(List<String> launcher, Path dataFolder) throws IOException {
    return start(
        launcher,
        dataFolder,
        """
        registration: { mode: open, shared-secret: a shared secret of the tests }
        rate-limits: { enabled: false }
        """);
  }

  /// Starts a server with this launcher and waits until it serves.
  ///
  /// @param settings of its configuration, beside name and listener
  static HearthProcess start(List<String> launcher, Path dataFolder, String settings)
      throws IOException {
    int port = FreePort.find();
    return new HearthProcess(
        launcher,
        dataFolder,
        port,
        """
        server-name: localhost:%d
        listeners:
          - { bind: 127.0.0.1, port: %d }
        %s
        """
            .formatted(port, port, settings));
  }

  /// Starts a server that talks with all others whose certificates are of this authority.
  static HearthProcess startFederated(Path dataFolder, FederatedAddress federated)
      throws IOException {
    int port = FreePort.find();
    return new HearthProcess(
        server(),
        dataFolder,
        port,
        """
        server-name: "%s"
        listeners:
          - { bind: 127.0.0.1, port: %d }
          - { bind: 127.0.0.1, port: %d, tls: { certificate: "%s", private-key: "%s" } }
        registration: { mode: open, shared-secret: a shared secret of the tests }
        rate-limits: { enabled: false }
        federation: { mode: open, presence: true }
        room-directory: { over-federation: true }
        outbound: { allowed-hosts: [ localhost ], trusted-certificates: [ "%s" ] }
        """
            .formatted(
                federated.name(),
                port,
                federated.port(),
                federated.certificate(),
                federated.key(),
                federated.authority()));
  }

  /// The command that runs the server of this build as the launchers do. One that ends in order
  /// keeps an archive of its classes, as that of `./hearth` does, with which later ones start in
  /// half the time.
  static List<String> server() {
    List<String> command = jvm("-XX:+UseParallelGC");
    if (IS_PACKAGED) {
      command.addAll(archive('+'));
    }
    command.addAll(List.of("-cp", classPath(IS_PACKAGED ? JARS : ALL), PROGRAM));
    return command;
  }

  /// The command that runs a program of this build, as far as it does not run long enough to be
  /// worth the better compiler.
  static List<String> shortJava(String program) {
    List<String> command = jvm("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
    if (Files.exists(ARCHIVE)) {
      command.addAll(archive('-'));
    }
    command.addAll(List.of("-cp", classPath(ALL), program));
    return command;
  }

  private static List<String> jvm(String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseCompactObjectHeaders",
                "-Xms64m",
                "-Xmx512m",
                "-XX:+ExitOnOutOfMemoryError"));
    command.addAll(List.of(options));
    return command;
  }

  private static List<String> archive(char make) {
    return List.of(
        "-XX:" + make + "AutoCreateSharedArchive",
        "-XX:SharedArchiveFile=" + ARCHIVE,
        "-Xlog:cds=off",
        "-Xlog:cds+dynamic=off",
        "-Xshare:auto");
  }

  private static String classPath(List<Path> entries) {
    return entries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  /// How a command ended, and what it printed.
  record Ended(int code, String said) {}

  /// Runs a command of the command line on this server's data.
  Ended hearth(String... words) throws IOException, InterruptedException {
    List<String> command = shortJava(PROGRAM);
    command.addAll(List.of(words));
    command.addAll(List.of("--data-dir", dataFolder.toString()));
    return run(new ProcessBuilder(command));
  }

  /// Runs a process to its end.
  static Ended run(ProcessBuilder command) throws IOException, InterruptedException {
    Process started = command.redirectErrorStream(true).start();
    started.getOutputStream().close();
    String said = new String(started.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(started.waitFor(), said);
  }

  URI address() {
    return address;
  }

  Path dataFolder() {
    return dataFolder;
  }

  long pid() {
    return process.pid();
  }

  /// Whether the server, or its launcher, runs.
  boolean isAlive() {
    return process.isAlive();
  }

  /// Waits until the server has ended by itself.
  ///
  /// @return its exit code
  int awaitEnd() throws InterruptedException {
    return process.waitFor();
  }

  /// Asks the server to end in order.
  ///
  /// @return its exit code
  int end() throws InterruptedException {
    process.destroy();
    return awaitEnd();
  }

  /// Ends the server as a power cut would, and waits until it is gone, and its launcher before it.
  void kill() {
    List<ProcessHandle> launched = process.descendants().toList();
    process.destroyForcibly().onExit().join();
    launched.forEach(ProcessHandle::destroyForcibly);
    launched.forEach(each -> each.onExit().join());
  }

  /// Sends a signal to the server that a launcher has started: ABRT is what a defect of Java does,
  /// KILL what a system without memory does.
  void signal(String name) throws IOException, InterruptedException {
    long java = process.children().findFirst().orElseThrow().pid();
    Ended ended = run(new ProcessBuilder("sh", "-c", "kill -%s %d".formatted(name, java)));
    if (ended.code() != 0) {
      throw new IOException(ended.said());
    }
  }

  /// Starts it again on the same data and the same port.
  void restart() throws IOException {
    process = run();
  }

  private Process run() throws IOException {
    List<String> command = new ArrayList<>(launcher);
    command.addAll(
        List.of(
            "serve", "--data-dir", dataFolder.toString(), "--config", configuration.toString()));
    Path errors = dataFolder.resolveSibling(dataFolder.getFileName() + ".err");
    Process started =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
            .start();
    BufferedReader output = started.inputReader(StandardCharsets.UTF_8);
    CompletableFuture<Boolean> serves = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> follow(output, serves));
    try {
      if (!serves.get(START_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException("the server ended before it served:\n" + Files.readString(errors));
      }
    } catch (TimeoutException | java.util.concurrent.ExecutionException e) {
      started.destroyForcibly();
      throw new IOException("the server does not serve:\n" + Files.readString(errors), e);
    } catch (InterruptedException e) {
      started.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return started;
  }

  private static void follow(BufferedReader output, CompletableFuture<Boolean> serves) {
    try (output) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith("Hearth serves")) {
          serves.complete(true);
        }
      }
    } catch (IOException e) {
      serves.completeExceptionally(new UncheckedIOException(e));
    }
    serves.complete(false);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
    }
  }
}
