package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Commands as processes: what they say, how they end, and what they leave on the disk.
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@Tag("long")
class CommandLineTest {
  @TempDir Path temp;

  private static HearthProcess.Ended hearth(String... words)
      throws IOException, InterruptedException {
    List<String> command = HearthProcess.shortJava(HearthProcess.PROGRAM);
    command.addAll(List.of(words));
    return HearthProcess.run(new ProcessBuilder(command));
  }

  @Test
  void stopSaysThatItStoppedTheServerAndThenThatNoneRuns() throws Exception {
    List<String> launcher = HearthProcess.shortJava(HearthProcess.PROGRAM);
    try (HearthProcess server = HearthProcess.start(launcher, temp.resolve("data"))) {
      assertThat(server.hearth("stop")).isEqualTo(new HearthProcess.Ended(0, "Stopped.\n"));
      assertThat(server.awaitEnd()).isZero();
      assertThat(server.hearth("stop")).isEqualTo(new HearthProcess.Ended(1, "Not running.\n"));
    }
  }

  @Test
  void everyFileAndFolderIsItsUsersOnlyWhateverTheUmask() throws Exception {
    List<String> launcher = new ArrayList<>(List.of("sh", "-c", "umask 000; exec \"$@\"", "sh"));
    launcher.addAll(HearthProcess.shortJava(HearthProcess.PROGRAM));
    Path data = temp.resolve("data");
    // A folder that was there before, open to all.
    Files.createDirectory(data);
    Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxrwxrwx"));
    try (HearthProcess server = HearthProcess.start(launcher, data)) {
      MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);
      assertThat(server.hearth("backup").code()).isZero();
      assertPrivate(data);
    }
    assertPrivate(data);
    Files.delete(data.resolve("database/high-water"));
    for (List<String> words :
        List.of(List.of("accept-loss", "--yes"), List.of("check", "--database"))) {
      List<String> command = new ArrayList<>(launcher);
      command.addAll(words);
      command.addAll(List.of("--data-dir", data.toString()));
      assertThat(HearthProcess.run(new ProcessBuilder(command)).code()).isZero();
      assertPrivate(data);
    }

    // Commands that open the folder themselves.
    Path backup;
    try (Stream<Path> backups = Files.list(data.resolve("backups"))) {
      backup = backups.findFirst().orElseThrow();
    }
    Path restored = temp.resolve("restored");
    List<String> restore = new ArrayList<>(launcher);
    restore.addAll(List.of("restore", backup.toString(), "--data-dir", restored.toString()));
    assertThat(HearthProcess.run(new ProcessBuilder(restore)).code()).isZero();
    assertPrivate(restored);
  }

  private static void assertPrivate(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      assertThat(all.toList())
          .hasSizeGreaterThan(20)
          .allSatisfy(path ->
              assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                  .as("%s", path)
                  .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------"));
    }
  }

  @Test
  void homeIsWhereTheEnvironmentSaysItIs() throws Exception {
    List<String> command = HearthProcess.shortJava(HearthProcess.PROGRAM);
    command.addAll(List.of("user", "list"));
    ProcessBuilder list = new ProcessBuilder(command);
    list.environment().put("HOME", temp.toString());
    list.environment().remove("XDG_DATA_HOME");

    HearthProcess.Ended ended = HearthProcess.run(list);

    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.said()).startsWith("hearth: ").contains(temp.toString());
  }

  @Test
  void aFolderThatIsNotThereIsNotMadeByACheck() throws Exception {
    String missing = temp.resolve("missing").toString();

    HearthProcess.Ended ended = hearth("check", "--database", "--data-dir", missing);

    assertThat(ended)
        .isEqualTo(
            new HearthProcess.Ended(1, "hearth: There is no database in " + missing + ".\n"));
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void whatCannotBeWrittenIsASentence() throws Exception {
    String data = temp.resolve("data").toString();
    Path closed = Files.createDirectory(temp.resolve("closed"));
    Files.createDirectory(temp.resolve("data"));
    Files.writeString(temp.resolve("data/hearth.yaml"), "server-name: hearth.test\n");
    assertThat(hearth("user", "create", "alice", "--data-dir", data).code()).isZero();
    assumeTrue(
        mount("--bind", data, closed.toString()),
        "this test mounts a folder that cannot be written, which takes root's rights");
    try {
      assertThat(mount("-o", "remount,ro,bind", closed.toString())).isTrue();
      for (String words :
          List.of("serve", "check --database", "user list", "backup", "accept-loss --yes")) {
        List<String> command = new ArrayList<>(List.of(words.split(" ")));
        command.addAll(List.of("--data-dir", closed.toString()));

        HearthProcess.Ended ended = hearth(command.toArray(String[]::new));

        assertThat(ended.code()).as(words).isEqualTo(1);
        assertThat(ended.said())
            .as(words)
            .contains("hearth: ", closed.toString())
            .doesNotContain("\tat ");
      }
      HearthProcess.Ended made =
          hearth("serve", "--data-dir", closed.resolve("below").resolve("data").toString());
      assertThat(made.code()).isEqualTo(1);
      assertThat(made.said()).startsWith("hearth: Cannot make the folder").contains("Read-only");
    } finally {
      assertThat(new ProcessBuilder("umount", closed.toString()).start().waitFor()).isZero();
    }
  }

  private static boolean mount(String... words) throws InterruptedException {
    List<String> command = new ArrayList<>(List.of("mount"));
    command.addAll(List.of(words));
    try {
      return HearthProcess.run(new ProcessBuilder(command)).code() == 0;
    } catch (IOException _) {
      return false; // There is no such program here.
    }
  }
}
