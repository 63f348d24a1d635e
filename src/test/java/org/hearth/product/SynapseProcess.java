package org.hearth.product;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.http.FreePort;
import org.opentest4j.TestAbortedException;

/// A Synapse of the version that `src/test/python/requirements.txt` names, from the Python package
/// index, on SQLite.
final class SynapseProcess implements FederatedServer {
  private static final Path REQUIREMENTS =
      Path.of(System.getProperty("hearth.root", "."), "src", "test", "python", "requirements.txt")
          .toAbsolutePath()
          .normalize();
  private static final Path PROGRAMS = Path.of("target", "synapse").toAbsolutePath();
  private static final Path PYTHON = PROGRAMS.resolve("bin").resolve("python");
  private static final Duration START_DEADLINE = Duration.ofMinutes(2);

  private final String name;
  private final URI address;
  private final Path folder;
  private final Path configuration;
  private final Path output;
  private Process process;

  private SynapseProcess(Path folder, FederatedAddress where, int clientPort)
      throws IOException, InterruptedException {
    this.name = where.name();
    this.address = URI.create("http://127.0.0.1:" + clientPort);
    this.folder = folder;
    this.configuration = folder.resolve("homeserver.yaml");
    this.output = folder.resolve("output.txt");
    Files.createDirectories(folder);
    Files.writeString(
        configuration,
        """
        server_name: "%1$s"
        public_baseurl: "%2$s"
        pid_file: "%3$s/pid"
        signing_key_path: "%3$s/signing.key"
        media_store_path: "%3$s/media"
        database: { name: sqlite3, args: { database: "%3$s/homeserver.db" } }
        listeners:
          - { port: %4$d, type: http, bind_addresses: [ 127.0.0.1 ], resources: [ { names: [ client ] } ] }
          - { port: %5$d, type: http, tls: true, bind_addresses: [ 127.0.0.1 ], resources: [ { names: [ federation ] } ] }
        tls_certificate_path: "%6$s"
        tls_private_key_path: "%7$s"
        federation_custom_ca_list: [ "%8$s" ]
        ip_range_blacklist: []
        trusted_key_servers: []
        suppress_key_server_warning: true
        report_stats: false
        enable_registration: true
        enable_registration_without_verification: true
        macaroon_secret_key: of the tests
        form_secret: of the tests
        allow_public_rooms_over_federation: true
        room_list_publication_rules: [ { action: allow } ]
        rc_message: { per_second: 10000, burst_count: 10000 }
        rc_registration: { per_second: 10000, burst_count: 10000 }
        rc_login: { address: { per_second: 10000, burst_count: 10000 }, account: { per_second: 10000, burst_count: 10000 } }
        rc_joins: { local: { per_second: 10000, burst_count: 10000 }, remote: { per_second: 10000, burst_count: 10000 } }
        rc_joins_per_room: { per_second: 10000, burst_count: 10000 }
        rc_invites: { per_room: { per_second: 10000, burst_count: 10000 }, per_user: { per_second: 10000, burst_count: 10000 }, per_issuer: { per_second: 10000, burst_count: 10000 } }
        rc_room_creation: { per_second: 10000, burst_count: 10000 }
        rc_federation: { window_size: 1000, sleep_limit: 10000, sleep_delay: 1, reject_limit: 10000, concurrent: 100 }
        federation: { destination_min_retry_interval: 1s, destination_max_retry_interval: 2s, max_short_retry_delay: 1s }
        presence: { enabled: true }
        """
            .formatted(
                name,
                address,
                folder,
                clientPort,
                where.port(),
                where.certificate(),
                where.key(),
                where.authority()));
    run("-m", "synapse.app.homeserver", "-c", configuration.toString(), "--generate-keys");
    this.process = start();
  }

  /// Starts one, and waits until it serves. The first time, its programs are fetched.
  ///
  /// @throws TestAbortedException if there is no Python, or the package cannot be fetched
  static SynapseProcess start(Path folder, FederatedAddress where)
      throws IOException, InterruptedException {
    Alone.run("synapse", SynapseProcess::install);
    return new SynapseProcess(folder, where, FreePort.find());
  }

  private static void install() throws IOException, InterruptedException {
    Path done = PROGRAMS.resolve("installed.txt");
    String wanted = Files.readString(REQUIREMENTS);
    if (Files.exists(done) && Files.readString(done).equals(wanted)) {
      return;
    }
    if (!isPythonHere()) {
      throw new TestAbortedException("Python 3 with venv is not installed: Synapse was not run");
    }
    try {
      ended("python3", "-m", "venv", PROGRAMS.toString());
      run("-m", "pip", "install", "--quiet", "-r", REQUIREMENTS.toString());
    } catch (IOException e) {
      throw new TestAbortedException("Synapse cannot be installed, and was not run", e);
    }
    Files.writeString(done, wanted);
  }

  private static boolean isPythonHere() throws InterruptedException {
    try {
      return HearthProcess.run(new ProcessBuilder("python3", "-c", "import venv, ensurepip")).code()
          == 0;
    } catch (IOException _) {
      return false;
    }
  }

  private static void run(String... words) throws IOException, InterruptedException {
    String[] command = new String[words.length + 1];
    command[0] = PYTHON.toString();
    System.arraycopy(words, 0, command, 1, words.length);
    ended(command);
  }

  private static void ended(String... command) throws IOException, InterruptedException {
    HearthProcess.Ended ended = HearthProcess.run(new ProcessBuilder(command));
    if (ended.code() != 0) {
      throw new IOException("%s: %s".formatted(String.join(" ", command), ended.said()));
    }
  }

  private Process start() throws IOException, InterruptedException {
    Process started =
        new ProcessBuilder(
                PYTHON.toString(), "-m", "synapse.app.homeserver", "-c", configuration.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
            .start();
    long until = System.nanoTime() + START_DEADLINE.toNanos();
    while (!serves()) {
      if (!started.isAlive() || System.nanoTime() > until) {
        started.destroyForcibly();
        throw new IOException("Synapse does not serve:\n" + Files.readString(output));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    return started;
  }

  private boolean serves() throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(address.resolve("/_matrix/client/versions"))
            .timeout(Duration.ofSeconds(5))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException _) {
      return false;
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public URI address() {
    return address;
  }

  @Override
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  @Override
  public void restart() throws IOException, InterruptedException {
    process = start();
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(15, TimeUnit.SECONDS)) {
      kill();
    }
  }
}
