package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hearth.server.SavedData;
import org.hearth.server.admin.AdminException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.BackupManifest.Origin;
import org.hearth.server.store.BackupManifest.Others;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// A data folder into which a backup was to be restored when the program ended.
@Tag("long")
class InterruptedRestoreTest {
  private static final String NAMED = "named/certs/key.pem";

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir Path temporary;

  private Path first;
  private DataFolder folder;

  @BeforeEach
  void interrupt() throws IOException {
    first = backUp("first", "hearth.yaml", DataFolder.SIGNING_KEY, NAMED);
    folder = new DataFolder(temporary.resolve("new"));
    folder.create();
    Files.writeString(folder.root().resolve("restoring"), first.toString());
    folder.put("hearth.yaml", "first h".getBytes(StandardCharsets.UTF_8));
    folder.put("certs/key.pem", "first c".getBytes(StandardCharsets.UTF_8));
    folder.put("database/making", new byte[0]);
  }

  private Path backUp(String name, String... held) throws IOException {
    Map<String, Path> others = new LinkedHashMap<>();
    for (String path : held) {
      Path file = temporary.resolve("of-" + name).resolve(path.replace('/', '-'));
      Files.createDirectories(file.resolveSibling(""));
      others.put(path, Files.writeString(file, name + " " + path));
    }
    Path backup = temporary.resolve(name);
    var _ = stores.store().backup(backup, new Others(others, Origin.NONE), (_, _, _) -> {});
    return backup;
  }

  private void restore(Path backup) throws IOException {
    var _ = SavedData.restore(backup, folder);
    assertThat(Store.restoring(folder.root())).isEmpty();
    assertThat(SavedData.loss(folder)).isEmpty();
  }

  @Test
  void goesOnWithTheSameBackup() throws IOException {
    restore(first);

    assertThat(folder.configuration()).hasContent("first hearth.yaml");
    assertThat(folder.root().resolve("certs/key.pem")).hasContent("first " + NAMED);
  }

  @Test
  void goesOnWithAnotherBackupOnceNothingOfTheFirstIsLeft() throws IOException {
    Path second = backUp("second", "hearth.yaml", DataFolder.SIGNING_KEY);
    Path left = folder.root().resolve("certs/key.pem");
    assertThatThrownBy(() -> SavedData.restore(second, folder))
        .isInstanceOf(AdminException.class)
        .hasMessageContainingAll("has left " + left, "Remove it");

    Files.delete(left);
    restore(second);

    assertThat(folder.configuration()).hasContent("second hearth.yaml");
    assertThat(folder.root().resolve(DataFolder.SIGNING_KEY))
        .hasContent("second " + DataFolder.SIGNING_KEY);
  }

  /// Whoever owns the folder could have root write into any other file.
  @Test
  void aMarkThatIsALinkIsNotFollowed() throws IOException {
    Path other = Files.writeString(temporary.resolve("other"), "another's");
    Path mark = folder.root().resolve("restoring");
    Files.delete(mark);
    Files.createSymbolicLink(mark, other);

    assertThatThrownBy(() -> SavedData.restore(first, folder))
        .isInstanceOf(AdminException.class)
        .hasMessageContainingAll(mark + " is a link", "Remove it");
    assertThat(other).hasContent("another's");
  }

  /// A server is not started with the configuration of one backup and the database of another.
  @Test
  void doesNotMixWhatTheOtherBackupLacks() throws IOException {
    Path second = backUp("second", DataFolder.SIGNING_KEY);

    assertThatThrownBy(() -> SavedData.restore(second, folder))
        .isInstanceOf(AdminException.class)
        .hasMessageContainingAll("The backup holds no hearth.yaml", "Remove that one");

    Files.delete(folder.configuration());
    Files.delete(folder.root().resolve("certs/key.pem"));
    restore(second);
    assertThat(folder.configuration()).doesNotExist();
  }

  @Test
  void theCommandThatTheRefusalNamesCanBePasted() throws IOException {
    assumeTrue(File.separatorChar == '/', "there is a shell");
    Path there = temporary.resolve("Bob's data folder $HOME");
    String backup = "/mnt/back ups/20261130";

    assertThat(words(new Refusal.Restoring(there, backup).remedy()))
        .containsExactly("restore", backup, "--data-dir", there.toString());
    assertThat(new Refusal.Restoring(Path.of("/srv/hearth"), "").remedy())
        .endsWith(": hearth restore BACKUP --data-dir /srv/hearth");
  }

  /// What a shell makes of the command at the end of a sentence.
  private static List<String> words(String sentence) throws IOException {
    String command = sentence.substring(sentence.indexOf(": hearth ") + ": hearth ".length());
    Process shell = new ProcessBuilder("sh", "-c", "printf '%s\\n' " + command).start();
    return new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
        .lines()
        .toList();
  }
}
