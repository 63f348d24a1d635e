package org.hearth.bench.federation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hearth.bench.load.Connection;
import org.hearth.bench.load.ServerProcess;
import org.hearth.server.matrix.id.ServerName;

/// The server under measurement, in a process of its own with the options of the launchers: for
/// users without TLS, for other servers with it.
///
/// **thread**: one.
final class MeasuredServer implements AutoCloseable {
  private static final String PROGRAM = "org.hearth.server.command.Main";
  private static final Duration START_DEADLINE = Duration.ofMinutes(2);
  private static final Duration STOP_DEADLINE = Duration.ofSeconds(30);
  private static final Pattern COLLECTION = Pattern.compile("(\\d+)M->(\\d+)M\\(\\d+M\\)");

  private final Process process;
  private final ServerName name;
  private final URI address;
  private final Path collections;

  private MeasuredServer(Process process, ServerName name, URI address, Path collections) {
    this.process = process;
    this.name = name;
    this.address = address;
    this.collections = collections;
  }

  /// Starts a server without data and waits until it answers.
  ///
  /// @param folder new or empty; gets its data, its output and what its collector says
  /// @param heap such as `512m`
  static MeasuredServer start(Path folder, Authority authority, String heap)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Path data = folder.resolve("data");
    if (Files.exists(data)) {
      throw new IOException(data + " is there already; a measurement begins without data");
    }
    Path trusted = folder.resolve("authority.pem");
    Path certificate = folder.resolve("certificate.pem");
    Path key = folder.resolve("key.pem");
    authority.writeTo(trusted);
    authority.certify(certificate, key);
    int forServers = freePort();
    int forUsers = freePort();
    ServerName name = ServerName.parse("localhost:" + forServers);
    Path configuration = folder.resolve("hearth.yaml");
    Files.writeString(
        configuration,
        """
        server-name: "%s"
        listeners:
          - { bind: 127.0.0.1, port: %d }
          - { bind: 127.0.0.1, port: %d, tls: { certificate: "%s", private-key: "%s" } }
        registration: { mode: open }
        rate-limits: { enabled: false }
        federation: { mode: open }
        outbound: { allowed-hosts: [ localhost, %s ], trusted-certificates: [ "%s" ] }
        """
            .formatted(
                name,
                forUsers,
                forServers,
                certificate,
                key,
                String.join(", ", Authority.addresses()),
                trusted));
    Path collections = folder.resolve("collections.log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseCompactObjectHeaders",
                "-XX:+UseParallelGC",
                "-Xms64m",
                "-Xmx" + heap,
                "-XX:+ExitOnOutOfMemoryError",
                "-Xlog:gc:file=" + collections,
                "-cp",
                System.getProperty("java.class.path"),
                PROGRAM,
                "serve",
                "--data-dir",
                data.toString(),
                "--config",
                configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("server.out").toFile())
            .start();
    MeasuredServer server =
        new MeasuredServer(process, name, URI.create("http://127.0.0.1:" + forUsers), collections);
    long end = System.nanoTime() + START_DEADLINE.toNanos();
    while (!server.answers()) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
        var _ = process.destroyForcibly();
        throw new IOException(
            "the server does not serve; its output is " + folder.resolve("server.out"));
      }
    }
    return server;
  }

  private boolean answers() {
    try (Connection connection = new Connection(address)) {
      return connection.ask("GET", "/_matrix/client/versions", "", "").status() == 200;
    } catch (IOException _) {
      // Not yet.
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  ServerName name() {
    return name;
  }

  /// Where users reach it, and other servers too, without TLS.
  URI address() {
    return address;
  }

  /// Processor time since its start.
  double cpuSeconds() throws IOException {
    return ServerProcess.read(Optional.of(process.pid())).cpuSeconds();
  }

  /// Notes how much memory it has had at most, since its start.
  void memory(ObjectNode figures) throws IOException {
    ServerProcess now = ServerProcess.read(Optional.of(process.pid()));
    figures.put("server_resident_mib", now.residentMib());
    Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
    if (Files.isReadable(status)) {
      Files.readAllLines(status).stream()
          .filter(each -> each.startsWith("VmHWM:"))
          .findFirst()
          .ifPresent(each ->
              figures.put(
                  "server_resident_mib_at_most", Long.parseLong(each.replaceAll("\\D", "")) >> 10));
    }
    long most = 0;
    long living = 0;
    for (String line : Files.readAllLines(collections)) {
      Matcher sizes = COLLECTION.matcher(line);
      if (sizes.find()) {
        most = Math.max(most, Long.parseLong(sizes.group(1)));
        living = Math.max(living, Long.parseLong(sizes.group(2)));
      }
    }
    figures.put("server_heap_mib_before_a_collection_at_most", most);
    figures.put("server_heap_mib_after_a_collection_at_most", living);
  }

  /// Asks it to stop, as Ctrl-C does, and waits until it is gone.
  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(STOP_DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
        var _ = process.destroyForcibly();
        throw new IOException("the server did not stop within " + STOP_DEADLINE.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      var _ = process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
