package org.hearth.server.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.hearth.server.WholeServer;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.configuration.ServerKeys;
import org.hearth.server.store.ChildProcess;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a program of its own writes to the terminal when it refuses something: one line.
@Tag("long")
class TerminalTest {
  @TempDir private Path folder;

  private void configure(String listener) throws IOException {
    Files.writeString(
        folder.resolve("hearth.yaml"),
        "server-name: hearth.test\nlisteners: [ { %s } ]\n".formatted(listener));
  }

  private List<String> refused(String... words) throws Exception {
    String[] arguments =
        Stream.concat(Stream.of(words), Stream.of("--data-dir", folder.toString()))
            .toArray(String[]::new);
    Process program = ChildProcess.start(Main.class, arguments);
    try {
      String said = new String(program.getInputStream().readAllBytes(), UTF_8);
      assertThat(program.waitFor()).as(said).isEqualTo(Commands.REFUSED);
      // Without the virtual machine's own.
      return said.lines().filter(line -> !line.isEmpty() && !line.startsWith("WARNING: ")).toList();
    } finally {
      program.destroyForcibly();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"serve", "check --database", "accept-loss --yes", "user list"})
  void aDamagedDatabaseIsOneSentenceWithoutWhatDerbySays(String command) throws Exception {
    DataFolder data = new DataFolder(folder);
    WholeServer.prepare(data);
    ServerKeys.keep(data, ServerKeys.open(data, new SecureRandom(), InstantSource.system()));
    configure("port: 0");
    try (Stream<Path> files = Files.list(folder.resolve("database/derby/seg0"))) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 0x40;
        Files.write(file, bytes);
      }
    }

    assertThat(refused(command.split(" ", -1)))
        .containsExactly(
            "hearth: The database in %s cannot be opened: its files are damaged. Check the disk, then restore the newest backup into an empty folder (hearth restore)."
                .formatted(folder));
    if (command.equals("serve")) {
      assertThat(Files.readString(folder.resolve("logs/hearth.log")))
          .contains("The server did not start: The database in", "derby", "ERROR XSD");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"serve", "check --database", "accept-loss --yes", "backup"})
  void aDatabaseThatLacksAFileIsOneSentenceThatNamesIt(String command) throws Exception {
    DataFolder data = new DataFolder(folder);
    WholeServer.prepare(data);
    ServerKeys.keep(data, ServerKeys.open(data, new SecureRandom(), InstantSource.system()));
    configure("port: 0");
    Path newest;
    try (Stream<Path> files = Files.list(folder.resolve("database/derby/seg0"))) {
      newest =
          files
              .filter(file -> file.toString().endsWith(".dat"))
              .max(Comparator.comparingInt(file -> number(String.valueOf(file.getFileName()))))
              .orElseThrow();
    }
    Files.delete(newest);

    assertThat(refused(command.split(" ", -1)))
        .singleElement()
        .asString()
        .startsWith(
            "hearth: The database in %s cannot be opened: the file %s of its table "
                .formatted(folder, newest.getFileName()))
        .contains(" is missing. ", "restore the newest backup");
  }

  /// The number in the name of a table's file.
  private static int number(String file) {
    return Integer.parseInt(file.substring(1, file.indexOf('.')), 16);
  }

  @Test
  void aCertificateThatIsMissingIsOneSentence() throws Exception {
    configure("port: 0, tls: { certificate: c.pem, private-key: k.pem }");

    assertThat(refused("serve"))
        .singleElement()
        .asString()
        .startsWith("hearth: The TLS certificate of a listener cannot be used: ")
        .contains(folder.resolve("c.pem").toString());
  }

  @Test
  void aPortInUseIsToldOnceAndKeptInTheFile() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      configure("port: " + other.getLocalPort());

      assertThat(refused("serve"))
          .singleElement()
          .asString()
          .startsWith("hearth: port " + other.getLocalPort());
    }
    assertThat(Files.readString(folder.resolve("logs/hearth.log")))
        .contains("The server did not start: port ");
  }
}
