package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.hearth.server.Homeserver;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.Alert;
import org.hearth.server.admin.Person;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.DamagedPage;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `hearth backup`, `restore`, `check --backup` and `accept-loss`, on whole servers.
@Tag("long")
final class BackupCommandsTest {
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  @TempDir private Path parent;
  private Path served;

  @BeforeEach
  void serve() throws IOException, StartFailedException {
    served = parent.resolve("served");
    WholeServer.prepare(new DataFolder(served));
    Files.writeString(
        served.resolve("hearth.yaml"), "server-name: hearth.test\nlisteners: [ { port: 0 } ]\n");
    try (Homeserver server = server(served)) {
      server.start();
      server.admin().orElseThrow().createPerson("alice", "long enough to be one", true);
    }
  }

  private static Homeserver server(Path folder) {
    DataFolder data = new DataFolder(folder);
    return new Homeserver(data, ConfigurationReader.read(data.configuration()));
  }

  private int hearth(String... words) {
    said.reset();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    return Commands.run(null, out, out, words);
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  private Path onlyBackup(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> backups = all.toList();
      assertThat(backups).hasSize(1);
      return backups.getFirst();
    }
  }

  private Path backup() throws IOException {
    Path shelf = parent.resolve("shelf");
    assertThat(hearth("backup", shelf.toString(), "--data-dir", served.toString()))
        .as(said())
        .isZero();
    return onlyBackup(shelf);
  }

  private static List<String> people(Path folder) throws StartFailedException {
    try (Homeserver server = server(folder)) {
      server.start();
      return server.admin().orElseThrow().people("", 10).items().stream()
          .map(Person::userId)
          .toList();
    }
  }

  @Test
  void backupOfARunningServerIsRestoredIntoAnEmptyFolder() throws Exception {
    try (Homeserver server = server(served)) {
      server.start();
      assertThat(hearth("backup", "--data-dir", served.toString())).as(said()).isZero();
      assertThat(said()).contains("is made: ");
      server.admin().orElseThrow().createPerson("bob", "long enough to be one", false);
    }
    Path backup = onlyBackup(served.resolve("backups"));

    assertThat(hearth("check", "--backup", backup.toString())).isZero();
    assertThat(said())
        .matches(
            "The backup of [-0-9]{10} [0-9]{2}:[0-9]{2} [^ ]+ is whole: [0-9]+ files, .* .?B\\. Its database opens\\.\n");
    Path restored = parent.resolve("restored");
    assertThat(hearth("restore", backup.toString(), "--data-dir", restored.toString()))
        .as(said())
        .isZero();

    assertThat(restored.resolve("keys/signing.key"))
        .hasSameBinaryContentAs(served.resolve("keys/signing.key"));
    assertThat(restored.resolve("hearth.yaml"))
        .hasSameBinaryContentAs(served.resolve("hearth.yaml"));
    assertThat(people(restored)).containsExactly("@alice:hearth.test");
  }

  @Test
  void theBackupsAreListedAndOneIsRestoredInPlace() throws Exception {
    String folder = served.toString();
    assertThat(hearth("backup", "--list", "--data-dir", folder)).isZero();
    assertThat(said()).isEqualTo("There are no backups.\n");
    assertThat(hearth("backup", "--data-dir", folder)).as(said()).isZero();
    Path backup = onlyBackup(served.resolve("backups"));
    assertThat(hearth("backup", "--list", "--data-dir", folder)).isZero();
    assertThat(said())
        .matches("[-0-9]{10} [0-9]{2}:[0-9]{2} [^ ]+  by hand .* .?B  " + backup + "\n");
    assertThat(hearth("check", "--backup", backup.toString(), "--data-dir", folder)).isZero();
    assertThat(said()).endsWith(" Its database opens.\n");
    assertThat(served.toFile().list()).noneMatch(each -> each.startsWith("restoring"));
    assertThat(hearth("backup", "--cancel", "--data-dir", folder)).isEqualTo(1);
    assertThat(said()).isEqualTo("hearth: No backup is being made.\n");
    try (Homeserver server = server(served)) {
      server.start();
      server.admin().orElseThrow().createPerson("bob", "long enough to be one", false);
      assertThat(hearth("restore", "--in-place", backup.toString(), "--data-dir", folder))
          .isEqualTo(1);
      assertThat(said()).endsWith("The server is running. Stop it first.\n");
    }

    assertThat(hearth("restore", "--in-place", backup.toString(), "--data-dir", folder))
        .as(said())
        .isZero();

    assertThat(said()).contains("What was there before is in " + served + "/before-restore-");
    assertThat(people(served)).containsExactly("@alice:hearth.test");
  }

  @Test
  void aBackupThatCannotBeMadeSaysWhatIsInTheWay() throws Exception {
    Path file = Files.writeString(served.resolve("notes"), "");

    assertThat(hearth("backup", file.toString(), "--data-dir", served.toString())).isEqualTo(1);

    assertThat(said()).endsWith(file + " is there already, and is no folder.\n");
  }

  @Test
  void serverThatDoesNotRunIsBackedUpToo() throws Exception {
    Path restored = parent.resolve("restored");
    Path backup = backup();

    assertThat(hearth("restore", backup.toString(), "--data-dir", restored.toString())).isZero();

    assertThat(people(restored)).containsExactly("@alice:hearth.test");
  }

  @Test
  void restoreNamesTheFilesOfTlsThatNoBackupHolds() throws Exception {
    Files.createDirectory(parent.resolve("tls"));
    Path certificate = Files.createFile(parent.resolve("tls/chain.pem"));
    Path key = parent.resolve("tls/key.pem");
    Files.writeString(
        served.resolve("hearth.yaml"),
        "server-name: hearth.test\nlisteners: [ { port: 0, tls: { certificate: %s, private-key: %s } } ]\n"
            .formatted(certificate, key));
    Path backup = backup();
    Path restored = parent.resolve("restored");

    assertThat(hearth("restore", backup.toString(), "--data-dir", restored.toString())).isZero();

    assertThat(said())
        .contains("hearth.yaml names " + key + ", which is not there and not in the backup")
        .doesNotContain("names " + certificate);
  }

  @Test
  void configurationElsewhereAndWhatItNamesBesideItAreInTheBackup() throws Exception {
    Path etc = parent.resolve("etc");
    Files.createDirectories(etc.resolve("tls"));
    Path configuration = etc.resolve("server.yaml");
    Files.delete(served.resolve("hearth.yaml"));
    Path authority = Files.writeString(parent.resolve("authority.pem"), "of the whole computer");
    Files.writeString(etc.resolve("tls/chain.pem"), "the chain");
    Files.writeString(etc.resolve("tls/key.pem"), "the key");
    Files.writeString(served.resolve("bridge.yaml"), "the bridge");
    Files.writeString(
        configuration,
        """
        server-name: hearth.test
        listeners:
          - { port: 8449, tls: { certificate: tls/chain.pem, private-key: tls/key.pem } }
        application-services: [ %s, %s ]
        """
            .formatted(served.resolve("bridge.yaml"), authority));
    Path shelf = parent.resolve("shelf");

    assertThat(
            hearth(
                "backup",
                shelf.toString(),
                "--data-dir",
                served.toString(),
                "--config",
                configuration.toString()))
        .as(said())
        .isZero();
    assertThat(said())
        .contains("names " + authority + ", which is not among the server's files")
        .doesNotContain("key.pem");
    Path backup = onlyBackup(shelf);
    Path bridge = parent.resolve("moved.yaml");
    Files.move(served.resolve("bridge.yaml"), bridge);
    Files.delete(authority);
    Path restored = parent.resolve("restored");
    assertThat(hearth("restore", backup.toString(), "--data-dir", restored.toString()))
        .as(said())
        .isZero();

    assertThat(restored.resolve("hearth.yaml")).hasSameBinaryContentAs(configuration);
    assertThat(restored.resolve("tls/chain.pem")).hasContent("the chain");
    assertThat(restored.resolve("tls/key.pem")).hasContent("the key");
    assertThat(restored.resolve("bridge.yaml")).hasContent("the bridge");
    assertThat(said())
        .contains("The configuration was " + configuration + ". It is " + restored)
        .contains(
            "names %s, which is not there; its copy is %s."
                .formatted(served.resolve("bridge.yaml"), restored.resolve("bridge.yaml")))
        .contains("names " + authority + ", which is not there and not in the backup")
        .doesNotContain("key.pem");
  }

  @Test
  void nothingThatTheConfigurationNamesIsOverwritten() throws Exception {
    Files.writeString(served.resolve("bridge.yaml"), "the bridge");
    Files.writeString(
        served.resolve("hearth.yaml"),
        "server-name: hearth.test\nlisteners: [ { port: 0 } ]\napplication-services: [ bridge.yaml ]\n");
    Path backup = backup();
    Path restored = Files.createDirectory(parent.resolve("restored"));
    Files.writeString(restored.resolve("bridge.yaml"), "another");

    assertThat(hearth("restore", backup.toString(), "--data-dir", restored.toString()))
        .isEqualTo(1);

    assertThat(said())
        .contains("another " + restored.resolve("bridge.yaml"))
        .contains("overwritten");
    assertThat(restored.resolve("keys/signing.key")).doesNotExist();
  }

  @Test
  void statusAndAlertsMissABackupUntilOneIsMade() throws Exception {
    Files.createDirectories(served.resolve("backups/daily-20250101-000000"));
    try (Homeserver server = server(served)) {
      server.start();
      Eventually.until(
          "the folder was looked at", () -> server.backups().orElseThrow().trouble().isPresent());
      assertThat(hearth("status", "--data-dir", served.toString())).isZero();
      assertThat(said()).contains("Backup ").contains("There is no backup of the last ");
      assertThat(server.admin().orElseThrow().alerts(1))
          .extracting(Alert::text)
          .singleElement()
          .asString()
          .startsWith("There is no backup of the last ");

      assertThat(hearth("backup", "--data-dir", served.toString())).as(said()).isZero();

      assertThat(hearth("status", "--data-dir", served.toString())).isZero();
      assertThat(said()).doesNotContain("Backup ");
      assertThat(server.admin().orElseThrow().alerts(1)).isEmpty();
    }
  }

  @Test
  void restoreThatWasKilledIsMadeAgain() throws Exception {
    Path backup = backup();
    Path restored = Files.createDirectory(parent.resolve("restored"));
    Files.createDirectory(restored.resolve("keys"));
    Files.copy(backup.resolve("hearth.yaml"), restored.resolve("hearth.yaml"));
    Files.copy(backup.resolve("keys/signing.key"), restored.resolve("keys/signing.key"));

    assertThat(hearth("restore", backup.toString(), "--data-dir", restored.toString()))
        .as(said())
        .isZero();

    assertThat(people(restored)).containsExactly("@alice:hearth.test");
  }

  /// Of a killed restore its mark is there, perhaps half of a file, and some of the database.
  @Test
  void nothingIsStartedBeforeAKilledRestoreIsMadeAgain() throws Exception {
    Path backup = backup();
    Path restored = Files.createDirectory(parent.resolve("restored"));
    String again = "hearth restore %s --data-dir %s".formatted(backup, restored);
    Files.writeString(restored.resolve("restoring"), backup.toString());
    assertThat(hearth("serve", "--data-dir", restored.toString())).isEqualTo(1);
    assertThat(said()).contains("A restore into " + restored + " did not come to its end.");
    assertThat(restored.resolve("hearth.yaml")).doesNotExist();

    Files.copy(backup.resolve("hearth.yaml"), restored.resolve("hearth.yaml"));
    Files.createDirectories(restored.resolve("keys"));
    Files.writeString(restored.resolve("keys/signing.key"), "ed25519 a_12");
    Files.createDirectories(restored.resolve("database/derby"));
    Files.writeString(restored.resolve("database/derby/service.properties"), "half");
    for (String command : List.of("serve", "check --database", "accept-loss", "backup")) {
      List<String> words = new ArrayList<>(List.of(command.split(" ", -1)));
      words.addAll(List.of("--data-dir", restored.toString()));
      assertThat(hearth(words.toArray(String[]::new))).as(command).isEqualTo(1);
      assertThat(said())
          .as(command)
          .contains("A restore into " + restored + " did not come to its end.")
          .contains(again);
    }

    assertThat(hearth("restore", backup.toString(), "--data-dir", restored.toString()))
        .as(said())
        .isZero();

    assertThat(restored.resolve("restoring")).doesNotExist();
    assertThat(restored.resolve("keys/signing.key"))
        .hasSameBinaryContentAs(served.resolve("keys/signing.key"));
    assertThat(people(restored)).containsExactly("@alice:hearth.test");
    assertThat(hearth("restore", backup.toString(), "--data-dir", restored.toString()))
        .isEqualTo(1);
    assertThat(said()).contains("There is a database in");
    assertThat(people(restored)).containsExactly("@alice:hearth.test");
  }

  @Test
  void damagedBackupIsRefusedAndLeavesNoServer() throws Exception {
    Path backup = backup();
    Files.writeString(backup.resolve("hearth.yaml"), "server-name: other.test\n");
    Path restored = parent.resolve("restored");

    assertThat(hearth("check", "--backup", backup.toString())).isEqualTo(1);
    assertThat(said()).contains("hearth.yaml is not as it was written").doesNotContain("\tat ");
    assertThat(hearth("restore", backup.toString(), "--data-dir", restored.toString()))
        .isEqualTo(1);

    assertThat(said()).contains("hearth.yaml is not as it was written");
    assertThat(restored).doesNotExist();
  }

  @Test
  void aDataFolderInPlaceOfABackupIsCalledThat() {
    assertThat(hearth("check", "--backup", served.toString())).isEqualTo(1);
    assertThat(said())
        .isEqualTo(
            "hearth: %s is the data folder of a server, not a backup. Give one of its backups: hearth backup --list --data-dir %<s.\n"
                .formatted(served));
  }

  /// As of a server that did not yet look for it.
  @Test
  void aBackupThatNeverHadAFileOfTheDatabaseIsNotCalledWhole() throws Exception {
    Path backup = backup();
    ObjectMapper mapper = new ObjectMapper();
    Path manifest = backup.resolve("manifest.json");
    JsonNode json = mapper.readTree(manifest.toFile());
    List<String> tables =
        json.path("files").findValuesAsText("path").stream()
            .filter(path -> path.matches("derby/seg0/c[0-9a-f]{4}\\.dat"))
            .toList();
    String lacking = tables.getLast();
    ((ArrayNode) json.path("files")).removeIf(each -> each.path("path").asText().equals(lacking));
    mapper.writeValue(manifest.toFile(), json);
    Files.delete(backup.resolve(lacking));

    assertThat(hearth("restore", backup.toString(), "--data-dir", parent.resolve("r").toString()))
        .isEqualTo(1);
    assertThat(said()).contains("is missing");
    assertThat(hearth("check", "--backup", backup.toString())).as(said()).isEqualTo(1);

    assertThat(said()).contains(lacking.replaceFirst(".*/", "")).contains("is missing");
  }

  @Test
  void nothingIsRestoredAmongOtherThings() throws Exception {
    Path backup = backup();
    Path pictures = Files.createDirectory(parent.resolve("pictures"));
    Files.writeString(pictures.resolve("holiday.jpg"), "a beach");
    var before = Files.getPosixFilePermissions(pictures);

    assertThat(hearth("restore", backup.toString(), "--data-dir", pictures.toString()))
        .isEqualTo(1);

    assertThat(said())
        .contains("There are other things in " + pictures + ", such as holiday.jpg.")
        .contains("empty folder");
    assertThat(pictures.toFile().list()).containsExactly("holiday.jpg");
    assertThat(Files.getPosixFilePermissions(pictures)).isEqualTo(before);
  }

  @Test
  void nothingIsRestoredOverAServer() throws Exception {
    Path backup = backup();

    assertThat(hearth("restore", backup.toString(), "--data-dir", served.toString())).isEqualTo(1);

    assertThat(said()).contains("already").contains("nothing is overwritten");
    assertThat(people(served)).containsExactly("@alice:hearth.test");
  }

  @Test
  void lossIsAcceptedWhenItIsSaidTwice() throws Exception {
    String mistyped = served.resolveSibling("serverd").toString();
    assertThat(hearth("accept-loss", "--yes", "--data-dir", mistyped)).isEqualTo(1);
    assertThat(said()).contains("There is no server in " + mistyped + ". Name its data folder");
    assertThat(hearth("accept-loss", "--data-dir", served.toString())).isZero();
    assertThat(said()).contains("Nothing is lost");
    remove(served.resolve("database/derby"));

    assertThat(hearth("accept-loss", "--data-dir", served.toString())).isEqualTo(1);
    assertThat(said())
        .contains("had been acknowledged")
        .contains("Nothing was changed")
        .contains("--yes");
    assertThat(hearth("accept-loss", "--yes", "--data-dir", served.toString())).isZero();

    assertThat(people(served)).isEmpty();
    assertThat(people(served)).isEmpty();
  }

  /// It opens, and a server would end as soon as it met the page.
  @Test
  void damageIsNoLossThatIsAccepted() throws Exception {
    DamagedPage.make(served, "@alice:hearth.test");

    assertThat(hearth("accept-loss", "--yes", "--data-dir", served.toString())).isEqualTo(1);

    assertThat(said())
        .contains("is damaged", "cannot be read: Invalid checksum", "restore the newest backup")
        .doesNotContain("Nothing is lost", "is accepted", "xception");
  }

  @Test
  void deletedDatabaseIsBegunAnewWhenItsLossIsAccepted() throws Exception {
    remove(served.resolve("database"));
    assertThat(hearth("check", "--database", "--data-dir", served.toString())).isEqualTo(1);
    assertThat(said()).contains("There is no database in");

    assertThat(hearth("accept-loss", "--yes", "--data-dir", served.toString())).isZero();

    assertThat(said()).contains("The whole database of").contains("can be started");
    assertThat(people(served)).isEmpty();
  }

  private static void remove(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.toList().reversed()) {
        Files.delete(each);
      }
    }
  }
}
