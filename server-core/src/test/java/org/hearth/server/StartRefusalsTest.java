package org.hearth.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.derby.jdbc.EmbeddedDriver;
import org.hearth.server.box.Time;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.FreePort;
import org.hearth.server.store.StorageException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What keeps a server from starting: it says what is wrong and what to do, in words for its owner,
/// changes nothing, and starts when things are put right.
@Tag("long")
class StartRefusalsTest {
  private static final String CONFIGURATION =
      "server-name: hearth.test\nlisteners: [ { port: 0 } ]\n";

  /// A data folder that was served and stopped.
  private static Path served;

  /// Something that happened to a data folder.
  ///
  /// @param words of what is said
  record Damage(String name, Happening happening, List<String> words) {
    Damage(String name, Happening happening, String... words) {
      this(name, happening, List.of(words));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  @FunctionalInterface
  interface Happening {
    void happen(Path folder) throws IOException, SQLException;
  }

  @BeforeAll
  static void serve(@TempDir Path folder) throws Exception {
    served = folder.resolve("served");
    try (Homeserver server = server(served, CONFIGURATION)) {
      server.start();
      server.admin().orElseThrow().createPerson("alice", "long enough to be one", false);
    }
  }

  @Test
  void aCertificateToTrustThatIsNotThereIsNamed(@TempDir Path folder) throws IOException {
    try (Homeserver server =
        server(folder, CONFIGURATION + "outbound: { trusted-certificates: [ missing.pem ] }\n")) {
      StartFailedException refused =
          catchThrowableOfType(StartFailedException.class, server::start);

      assertThat(refused).hasMessageContaining("outbound.trusted-certificates");
      assertThat(refused).hasMessageContaining("missing.pem");
    }
  }

  /// Its launcher tries it again until there is room.
  @Test
  void aDiskWithLessRoomThanTheStoreWantsIsFull(@TempDir Path folder) {
    StorageException ofStore =
        new StorageException(StorageException.Reason.DISK_FULL, "writing needs 256 MB free");

    StartFailedException refused = StartFailures.explain(ofStore, new DataFolder(folder));

    assertThat(StartFailures.isRefusal(ofStore)).isTrue();
    assertThat(refused.wantsRoom()).isTrue();
    assertThat(refused)
        .hasMessage(
            "The disk of %s is full (writing needs 256 MB free). Make room on it; then the server can start."
                .formatted(folder));
  }

  static Stream<Damage> damages() {
    return Stream.of(
        new Damage(
            "the database of a newer release",
            folder -> sql(folder, "UPDATE store_identity SET schema_version = 9999"),
            "schema version 9999",
            "Start the newer Hearth"),
        new Damage(
            "the database of another product",
            folder -> sql(folder, "UPDATE store_identity SET product = 'kiln'"),
            "belongs to 'kiln'",
            "another data folder"),
        new Damage(
            "a database that has lost the row with its identity",
            folder -> sql(folder, "DELETE FROM store_identity"),
            "cannot be opened: it does not say any more which database it is",
            "restore the newest backup"),
        new Damage(
            "a database whose identity is damaged",
            folder -> sql(folder, "UPDATE store_identity SET store_id = 'x'"),
            "cannot be opened",
            "restore the newest backup"),
        new Damage(
            "a database that has lost its head",
            folder -> sql(folder, "DELETE FROM commit_head"),
            "cannot be opened: table commit_head has no row",
            "restore the newest backup"),
        new Damage(
            "a database without its write-ahead log",
            folder -> remove(folder.resolve("database/derby/log")),
            "database",
            "restore"),
        new Damage(
            "a data folder without its database",
            folder -> remove(folder.resolve("database/derby")),
            "had been acknowledged",
            "restore the newest backup"),
        new Damage(
            "a database without its mark",
            folder -> Files.delete(folder.resolve("database/high-water")),
            "high-water",
            "Put back the folder"),
        new Damage(
            "a damaged mark",
            folder -> overwrite(folder.resolve("database/high-water")),
            "not the one that was last served",
            "Put back the folder"),
        new Damage(
            "damaged pages",
            StartRefusalsTest::damagePages,
            "cannot be opened: its files are damaged",
            "restore the newest backup"),
        new Damage(
            "a link in the place of the lock",
            folder -> {
              Files.delete(folder.resolve("hearth.lock"));
              Files.createSymbolicLink(folder.resolve("hearth.lock"), folder.resolve("other"));
            },
            "hearth.lock is a link or a folder",
            "Remove it"),
        new Damage(
            "a signing key that is missing",
            folder -> Files.delete(folder.resolve("keys/signing.key")),
            "signing.key is missing",
            "from a backup"),
        new Damage(
            "a signing key that is empty",
            folder -> Files.write(folder.resolve("keys/signing.key"), new byte[0]),
            "signing.key is damaged",
            "from a backup"),
        new Damage(
            "a signing key that is no text",
            folder ->
                Files.write(folder.resolve("keys/signing.key"), new byte[] {(byte) 0xff, 0, 1}),
            "signing.key is damaged",
            "from a backup"),
        new Damage(
            "a signing key with a name that is none",
            folder ->
                Files.writeString(
                    folder.resolve("keys/signing.key"), "ed25519 a:b " + "A".repeat(43)),
            "signing.key is damaged",
            "from a backup"),
        new Damage(
            "a signing key that is too short",
            folder -> Files.writeString(folder.resolve("keys/signing.key"), "ed25519 a_1 AAAA"),
            "signing.key is damaged",
            "3 bytes, not 32"),
        new Damage(
            "a signing key with a flipped bit",
            folder -> {
              byte[] bytes = Files.readAllBytes(folder.resolve("keys/signing.key"));
              bytes["ed25519 a_12345678 ".length()] ^= 1;
              Files.write(folder.resolve("keys/signing.key"), bytes);
            },
            "signing.key is damaged",
            "from a backup"),
        new Damage(
            "a signing key without a check value, with another letter",
            folder -> {
              String line = Files.readString(folder.resolve("keys/signing.key"));
              byte[] bytes = line.substring(0, line.lastIndexOf(' ')).getBytes(UTF_8);
              // Another letter of Base64, which the flipped bit of one need not be.
              int first = "ed25519 a_12345678 ".length();
              bytes[first] = (byte) (bytes[first] == 'A' ? 'B' : 'A');
              Files.write(folder.resolve("keys/signing.key"), bytes);
            },
            "is not the one that this server has signed with under that name",
            "Put keys/signing.key back"),
        new Damage(
            "the signing key of another server",
            folder ->
                Files.writeString(
                    folder.resolve("keys/signing.key"), "ed25519 other " + "B".repeat(43)),
            "The signing key ed25519:other",
            "is not the one that this server has signed with (ed25519:a_",
            "Put keys/signing.key back"),
        new Damage(
            "a deleted database",
            folder -> remove(folder.resolve("database")),
            "The database is missing",
            "hearth restore",
            "hearth accept-loss"),
        new Damage(
            "a database of which nothing is left, nor of the keys",
            folder -> {
              remove(folder.resolve("database"));
              remove(folder.resolve("keys"));
              Files.createDirectories(folder.resolve("backups/one"));
              Files.writeString(folder.resolve("backups/one/manifest"), "x");
            },
            "The database is missing",
            "has the backups of a server",
            "hearth restore"),
        new Damage(
            "a file where the keys were",
            folder -> {
              remove(folder.resolve("keys"));
              Files.writeString(folder.resolve("keys"), "x");
            },
            "keys is a file",
            "must be a folder"));
  }

  @ParameterizedTest
  @MethodSource("damages")
  void saysWhatIsWrongWithTheDataFolder(Damage damage, @TempDir Path temp) throws Exception {
    Path folder = temp.resolve("data");
    copy(served, folder);
    damage.happening().happen(folder);

    try (Homeserver server = server(folder, CONFIGURATION)) {
      assertRefused(server, damage.words().toArray(String[]::new));
      remove(folder);
      copy(served, folder);
      server.start();
      assertThat(server.admin().orElseThrow().overview().people()).isEqualTo(1);
    }
  }

  static Stream<Damage> configurations() {
    return Stream.of(
        new Damage(
            "server-name: other.test\nlisteners: [ { port: 0 } ]\n",
            _ -> {},
            "other.test",
            "belong to hearth.test",
            "permanent"),
        new Damage(
            CONFIGURATION.replace("port: 0", "port: 0, bind: 203.0.113.7"),
            _ -> {},
            "This computer could not listen on 203.0.113.7, port 0",
            "\"listeners\" in hearth.yaml give an address of this computer"),
        new Damage(
            CONFIGURATION.replace("port: 0", "port: 0, bind: no-such-host.invalid"),
            _ -> {},
            "no-such-host.invalid",
            "none of this computer"),
        new Damage(
            CONFIGURATION.replace(
                "port: 0", "port: 0, tls: { certificate: none.pem, private-key: none.pem }"),
            _ -> {},
            "none.pem does not exist",
            "hearth.yaml"),
        new Damage(
            CONFIGURATION.replace(
                "port: 0", "port: 0, tls: { certificate: hearth.yaml, private-key: hearth.yaml }"),
            _ -> {},
            "hearth.yaml",
            "expected PEM"));
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void saysWhatTheConfigurationAsksInVain(Damage damage, @TempDir Path temp) throws Exception {
    Path folder = temp.resolve("data");
    copy(served, folder);

    long before = newestLine();
    try (Homeserver server = server(folder, damage.name())) {
      assertRefused(server, damage.words().toArray(String[]::new));
    }
    assertThat(LogTail.ofThisProcess().after(before))
        .extracting(LogLine::message)
        .filteredOn(each -> each.startsWith("The server did not start"))
        .singleElement()
        .asString()
        .as("a sentence without where it was thrown")
        .hasLineCount(1);
    try (Homeserver server = server(folder, CONFIGURATION)) {
      server.start();
      assertThat(server.admin().orElseThrow().overview().people()).isEqualTo(1);
    }
  }

  @Test
  void namesThePortThatIsInUseAndItsHolder(@TempDir Path temp) throws Exception {
    Path folder = temp.resolve("data");
    copy(served, folder);
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Homeserver server =
            server(folder, CONFIGURATION.replace("port: 0", "port: " + other.getLocalPort()))) {
      assertRefused(
          server,
          "127.0.0.1",
          String.valueOf(other.getLocalPort()),
          "process " + ProcessHandle.current().pid(),
          "another port");
    }
    try (Homeserver server = server(folder, CONFIGURATION)) {
      server.start();
      assertThat(server.state()).isInstanceOf(ServerState.Running.class);
    }
  }

  @Test
  void triesThePortBeforeItMakesADatabase(@TempDir Path temp) throws Exception {
    Path folder = temp.resolve("data");
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Homeserver server =
            server(folder, CONFIGURATION.replace("port: 0", "port: " + other.getLocalPort()))) {
      assertRefused(server, String.valueOf(other.getLocalPort()), "another port");
    }

    assertThat(folder.resolve("database")).doesNotExist();
  }

  @Test
  void readsTheCertificateBeforeItMakesADatabase(@TempDir Path temp) throws Exception {
    Path folder = temp.resolve("data");
    try (Homeserver server =
        server(
            folder,
            CONFIGURATION.replace(
                "port: 0", "port: 0, tls: { certificate: c.pem, private-key: k.pem }"))) {
      assertRefused(
          server,
          "The TLS certificate of a listener cannot be used: " + folder.resolve("c.pem"),
          "does not exist",
          "\"tls\" under \"listeners\" in hearth.yaml");
    }

    assertThat(folder.resolve("database")).doesNotExist();
  }

  @Test
  void opensNoListenerWhenOneOfThemCannotBeOpened(@TempDir Path temp) throws Exception {
    Path folder = temp.resolve("data");
    copy(served, folder);
    int free = FreePort.find();
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Homeserver server =
            server(
                folder,
                CONFIGURATION.replace(
                    "{ port: 0 }",
                    "{ port: %d }, { port: %d }".formatted(free, other.getLocalPort())))) {
      assertRefused(server, String.valueOf(other.getLocalPort()));
      new ServerSocket(free, 1, InetAddress.getLoopbackAddress()).close();
    }
  }

  /// Of two starts at once on a new folder one is refused: it must not make a key for the other.
  @Test
  void aStartThatIsRefusedChangesNoKeyOfTheOneThatGoesOn(@TempDir Path temp) throws Exception {
    Path folder = temp.resolve("data");
    RuntimeException failures = new IllegalStateException("not closed");
    try (Homeserver second = server(folder, CONFIGURATION)) {
      Composition first =
          Composition.open(
              new DataFolder(folder).create(),
              second.configuration(),
              Time.of(InstantSource.system()),
              new SecureRandom(),
              () -> assertRefused(second, "is in use by another Hearth"),
              _ -> {},
              _ -> {});
      first.close(Duration.ofSeconds(5), failures);
      assertThat(failures.getSuppressed()).isEmpty();

      second.start();

      assertThat(second.state()).isInstanceOf(ServerState.Running.class);
    }
  }

  /// A class that is missing, say: nobody waits for a start that is over, and nothing stays open.
  @Test
  void anErrorOfTheVirtualMachineEndsTheStartAndClosesWhatHadStarted(@TempDir Path parent)
      throws Exception {
    Path folder = parent.resolve("data");
    copy(served, folder);
    AtomicBoolean broken = new AtomicBoolean();
    Thread starting = Thread.currentThread();
    try (Homeserver server =
        new Homeserver(
            new DataFolder(folder),
            ConfigurationReader.read(folder.resolve("hearth.yaml")),
            () -> {
              if (Thread.currentThread() == starting && broken.getAndSet(false)) {
                throw new NoClassDefFoundError("org/example/Missing");
              }
              return Instant.now();
            })) {
      server.onState(
          state -> broken.set(state.equals(new ServerState.Starting("Opening the listeners"))));

      assertThatThrownBy(server::start)
          .isInstanceOf(StartFailedException.class)
          .hasRootCauseInstanceOf(NoClassDefFoundError.class);
      assertThat(server.state()).isInstanceOf(ServerState.Failed.class);
      assertThat(server.admin()).isEmpty();

      try (Homeserver next = server(folder, CONFIGURATION)) {
        next.start();
      }
    }
  }

  @Test
  void aStartThatIsCalledOffEndsAfterItsStepAndTheNextOneDoesNot(@TempDir Path parent)
      throws Exception {
    Path folder = parent.resolve("data");
    copy(served, folder);
    List<ServerState> states = new ArrayList<>();
    try (Homeserver server = server(folder, CONFIGURATION)) {
      server.onState(state -> {
        states.add(state);
        if (state.equals(new ServerState.Starting("Starting the components"))) {
          server.callOffStart();
        }
      });

      assertRefused(server, "called off");
      assertThat(states).doesNotContain(new ServerState.Starting("Opening the listeners"));
      assertThat(states.getLast()).isInstanceOf(ServerState.Failed.class);

      try (Homeserver next = server(folder, CONFIGURATION)) {
        next.start();
        assertThat(next.state()).isInstanceOf(ServerState.Running.class);
      }
    }
  }

  private static long newestLine() {
    List<LogLine> lines = LogTail.ofThisProcess().after(0);
    return lines.isEmpty() ? 0 : lines.getLast().number();
  }

  private static void assertRefused(Homeserver server, String... words) {
    StartFailedException failure = catchThrowableOfType(StartFailedException.class, server::start);
    if (failure == null) {
      throw new AssertionError("the server has started");
    }
    assertThat(failure.getMessage())
        .contains(words)
        .doesNotContain("Exception", "unexpected", "Container(");
    assertThat(failure.remedy()).isNotBlank();
    assertThat(server.state())
        .isInstanceOfSatisfying(
            ServerState.Failed.class,
            failed -> {
              assertThat(failed.reason()).isEqualTo(failure.reason());
              assertThat(failed.remedy()).isEqualTo(failure.remedy());
            });
  }

  private static Homeserver server(Path folder, String configuration) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve("hearth.yaml");
    Files.writeString(file, configuration);
    return new Homeserver(new DataFolder(folder), ConfigurationReader.read(file));
  }

  private static void sql(Path folder, String statement) throws SQLException {
    String address = "jdbc:derby:" + folder.resolve("database/derby");
    try (Connection connection = new EmbeddedDriver().connect(address, new Properties());
        Statement change = connection.createStatement()) {
      change.executeUpdate(statement);
    }
    try {
      new EmbeddedDriver().connect(address + ";shutdown=true", new Properties());
    } catch (SQLException e) {
      assertThat(e.getSQLState()).isEqualTo("08006"); // How Derby says that it has shut down.
    }
  }

  private static void damagePages(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("database/derby/seg0"))) {
      for (Path file : files.toList()) {
        overwrite(file);
      }
    }
  }

  private static void overwrite(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      for (long at = 0; at < file.length(); at += 64) {
        file.seek(at);
        file.write(0xA5);
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.toList()) {
        Files.copy(each, to.resolve(from.relativize(each).toString()));
      }
    }
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.toList().reversed()) {
        Files.delete(each);
      }
    }
  }
}
