package org.hearth.server.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.hearth.server.configuration.Configuration.Backups;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupSettingsTest {
  @TempDir private Path folder;

  private String changed(String before, Backups wanted) throws IOException {
    DataFolder data = new DataFolder(folder);
    Files.writeString(data.configuration(), before);
    BackupSettings.change(data, wanted);
    assertThat(ConfigurationReader.read(data.configuration()).backups()).isEqualTo(wanted);
    return Files.readString(data.configuration());
  }

  @Test
  void aConfigurationThatSaysNothingOfBackupsGetsALine() throws IOException {
    assertThat(changed("server-name: home.example", new Backups(false, 3, Optional.empty())))
        .isEqualTo("server-name: home.example\nbackups: { daily: false, keep: 3 }\n");
  }

  @Test
  void onlyWhatItSaysOfBackupsIsChanged() throws IOException {
    Path shelf = folder.resolve("Bob's shelf #2");

    assertThat(
            changed(
                """
                server-name: home.example
                # How many are kept:
                backups:
                  daily: true # by night

                  keep: 9

                # Nobody signs up.
                registration: { mode: closed }
                """,
                new Backups(true, 12, Optional.of(shelf))))
        .isEqualTo(
            """
            server-name: home.example
            # How many are kept:
            backups: { daily: true, keep: 12, folder: '%s' }

            # Nobody signs up.
            registration: { mode: closed }
            """
                .formatted(shelf.toString().replace("'", "''")));
  }

  @Test
  void whatIsNotUnderstoodStaysAsItIs() throws IOException {
    String before = "server-name: home.example\nbackups: {\nkeep: 9 }\n";

    assertThatThrownBy(() -> changed(before, new Backups(true, 12, Optional.empty())))
        .isInstanceOf(ConfigurationException.class);
    assertThat(folder.resolve("hearth.yaml")).hasContent(before);
  }

  @Test
  void aFolderThatIsOfNoUseIsRefusedInWords() throws Exception {
    DataFolder data = new DataFolder(folder.resolve("data"));
    Path file = Files.createFile(folder.resolve("file"));
    Path closed = Files.createDirectory(folder.resolve("closed"));

    assertThat(BackupSettings.problemOfFolder(folder.resolve("new/shelf"), data)).isEmpty();
    assertThat(BackupSettings.problemOfFolder(data.backups(), data)).isEmpty();
    assertThat(BackupSettings.problemOfFolder(Path.of("shelf"), data))
        .get()
        .asString()
        .contains("whole path");
    assertThat(BackupSettings.problemOfFolder(data.database(), data))
        .get()
        .asString()
        .contains("own data");
    assertThat(BackupSettings.problemOfFolder(file, data)).get().asString().contains("is a file");
    assertThat(
            OrdinaryRights.without(
                closed, () -> BackupSettings.problemOfFolder(closed.resolve("shelf"), data)))
        .get()
        .asString()
        .contains("may not write");
    assertThat(BackupSettings.isOnDiskOfData(folder.resolve("new/shelf"), data)).isTrue();
  }
}
