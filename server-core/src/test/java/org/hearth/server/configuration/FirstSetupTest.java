package org.hearth.server.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is said of the choices of a first run.
class FirstSetupTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "example.org",
        "chat.example.org",
        "xn--mller-kva.example",
        "example.com",
        "homeland.example.net"
      })
  void aNameThatEverybodyCanReachIsGoodWithoutAWord(String name) {
    assertThat(FirstSetup.problemOfName(name)).isEmpty();
    assertThat(FirstSetup.doubtAboutName(name)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                        | needs a name
          ' example.org'            | begin or end with a space
          Example.org               | lower case
          https://example.org       | without “https://”
          example.org/              | what comes after the name
          @alice:example.org        | after the colon of an id
          example.org:              | a number from 1 to 65535
          example.org:0             | a number from 1 to 65535
          example.org:84488         | a number from 1 to 65535
          example.org:https         | a number from 1 to 65535
          example.org.              | end with a dot
          example.org.:8448         | end with a dot
          example..org              | a dot too many
          .example.org              | a dot too many
          my_server.example.org     | letters from a to z
          müller.example            | letters from a to z
          my server                 | letters from a to z
          300.1.1.1                 | not an IP address
          [2001:db8::g]             | not an IP address
          """)
  void aNameThatCannotBeUsedIsRefusedInWordsForPeople(String name, String words) {
    assertThat(FirstSetup.problemOfName(name))
        .hasValueSatisfying(
            sentence -> assertThat(sentence).contains(words).doesNotContain("invalid", "has a"));
  }

  @Test
  void aNameThatIsTooLongIsRefused() {
    assertThat(FirstSetup.problemOfName("a".repeat(300) + ".example"))
        .hasValue("The name is too long.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          localhost                 | this computer or network only
          home.local                | “.local”
          nas.lan                   | “.lan”
          nas.home.arpa             | “.home.arpa”
          matrix.example.org        | such as “:example.org”
          example.org:8448          | “:8448”
          localhost:8008            | “:8008”
          192.168.1.20              | An IP address changes
          [2001:db8::1]:8448        | An IP address changes
          """)
  void aNameThatCanBeUsedMayBeWorthASecondThought(String name, String words) {
    assertThat(FirstSetup.problemOfName(name)).isEmpty();
    assertThat(FirstSetup.doubtAboutName(name))
        .hasValueSatisfying(sentence -> assertThat(sentence).contains(words));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Dropbox/hearth                                   | Dropbox
          Dropbox (Personal)/a/b/hearth                    | Dropbox
          OneDrive - Example Ltd/hearth                    | OneDrive
          Library/Mobile Documents/com~apple~CloudDocs/x   | iCloud
          iCloudDrive/hearth                               | iCloud
          Library/CloudStorage/GoogleDrive-me@example.org  | Google Drive
          Google Drive/hearth                              | Google Drive
          Nextcloud/hearth                                 | Nextcloud
          """)
  void aFolderThatIsCopiedElsewhereIsNamed(String path, String service, @TempDir Path temp) {
    assertThat(FirstSetup.doubtAboutFolder(temp.resolve(path)))
        .hasValueSatisfying(sentence -> assertThat(sentence).contains("in " + service + ","));
    assertThat(FirstSetup.doubtAboutFolder(temp.resolve("hearth"))).isEmpty();
  }

  @Test
  void aFolderThatIsCopiedElsewhereIsKnownByItsFilesAndBehindALink(@TempDir Path temp)
      throws IOException {
    Path shared = Files.createDirectories(temp.resolve("shared"));
    Path link = Files.createSymbolicLink(temp.resolve("link"), shared);
    assertThat(FirstSetup.doubtAboutFolder(link.resolve("hearth"))).isEmpty();

    Files.createFile(shared.resolve(".nextcloudsync.log"));

    assertThat(FirstSetup.doubtAboutFolder(shared.resolve("hearth"))).isPresent();
    assertThat(FirstSetup.doubtAboutFolder(link.resolve("hearth"))).isPresent();
    Path cloud = Files.createDirectories(temp.resolve("OneDrive"));
    Path behind = Files.createSymbolicLink(temp.resolve("plain"), cloud);
    assertThat(FirstSetup.doubtAboutFolder(behind.resolve("hearth"))).isPresent();
  }

  @Test
  @Timeout(60)
  @DisabledOnOs(OS.WINDOWS)
  void whatLiesWhereAConfigurationIsWrittenIsNoWayToOtherFiles(@TempDir Path temp)
      throws Exception {
    DataFolder folder = new DataFolder(Files.createDirectory(temp.resolve("data")));
    Path other = Files.writeString(temp.resolve("other"), "of somebody else");
    Path next = Files.createSymbolicLink(folder.root().resolve("hearth.yaml.new"), other);

    FirstSetup.write(folder, "hearth.test");

    assertThat(other).hasContent("of somebody else");
    assertThat(Files.isSymbolicLink(folder.configuration())).isFalse();

    // To open a pipe would wait for its other end.
    assertThat(new ProcessBuilder("mkfifo", next.toString()).start().waitFor()).isZero();
    ConfigurationWriter.registerByToken(folder);

    assertThat(folder.configuration()).content().contains("token");
    assertThat(Files.getPosixFilePermissions(folder.configuration()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void aConfigurationThatCannotBeWrittenWholeIsNotThere(@TempDir Path temp) throws IOException {
    DataFolder folder = new DataFolder(temp);
    Path inTheWay = Files.createDirectory(temp.resolve("hearth.yaml.new"));
    Files.createFile(inTheWay.resolve("x"));

    assertThatThrownBy(() -> FirstSetup.write(folder, "hearth.test"))
        .isInstanceOf(IOException.class);
    assertThat(folder.configuration()).doesNotExist();
    assertThat(FirstSetup.isOwn("hearth.yaml.new")).isTrue();

    Files.delete(inTheWay.resolve("x"));
    Files.delete(inTheWay);
    FirstSetup.write(folder, "hearth.test");
    assertThat(temp).isDirectoryContaining("glob:**/hearth.yaml");
    assertThat(inTheWay).doesNotExist();
    assertThatThrownBy(() -> FirstSetup.write(folder, "other.test"))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(ConfigurationReader.read(folder.configuration()).serverName())
        .hasToString("hearth.test");
  }

  @ParameterizedTest
  @CsvSource({"Alice, no capitals", "al ice, letters from a to z", "ålice, letters from a to z"})
  void aPersonsNameIsRefusedRatherThanChanged(String name, String words) {
    assertThat(FirstSetup.problemOfPerson(name))
        .hasValueSatisfying(sentence -> assertThat(sentence).contains(words));
    assertThat(FirstSetup.problemOfPerson("alice.b-2")).isEmpty();
  }
}
