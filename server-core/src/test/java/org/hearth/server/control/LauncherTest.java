package org.hearth.server.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("long")
class LauncherTest {
  @TempDir Path root;

  @SuppressWarnings("NullAway.Init")
  private DataFolder folder;

  @BeforeEach
  void folder() {
    folder = new DataFolder(root);
  }

  @Test
  void itIsTheParentIfThatSaysSo() {
    ProcessHandle parent = ProcessHandle.current().parent().orElseThrow();

    assertThat(Launcher.ofThisProcess(Map.of(Launcher.VARIABLE, Long.toString(parent.pid()))))
        .hasValue(parent);
    assertThat(Launcher.ofThisProcess(Map.of(Launcher.VARIABLE, "1" + parent.pid()))).isEmpty();
    assertThat(Launcher.ofThisProcess(Map.of())).isEmpty();
  }

  @Test
  void itIsFoundUntilItIsForgotten() throws IOException {
    ProcessHandle launcher = ProcessHandle.current();

    Launcher.keep(folder, launcher);
    Launcher.forget(folder, launcher.parent().orElseThrow());
    assertThat(Launcher.of(folder)).hasValue(launcher);

    Launcher.forget(folder, launcher);
    assertThat(Launcher.of(folder)).isEmpty();
    assertThat(root).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"%d 1 %s", "%d  %s", "%d", "", "nonsense", "99999999999999999999 1 %2$s"})
  void whatNamesNoLivingLauncherIsNone(String noted) throws IOException {
    Files.writeString(
        root.resolve(DataFolder.LAUNCHER),
        noted.formatted(ProcessHandle.current().pid(), folder.identity()));

    assertThat(Launcher.of(folder)).isEmpty();
  }

  @Test
  void aCopyOfTheFolderHasNone(@TempDir Path copy) throws IOException {
    Launcher.keep(folder, ProcessHandle.current());

    Files.copy(root.resolve(DataFolder.LAUNCHER), copy.resolve(DataFolder.LAUNCHER));

    assertThat(Launcher.of(folder)).isPresent();
    assertThat(Launcher.of(new DataFolder(copy))).isEmpty();
  }

  @Test
  void whatIsNoFileOfTheFolderIsNone() throws Exception {
    Launcher.keep(folder, ProcessHandle.current());
    Path elsewhere = root.resolve("elsewhere");
    Path file = root.resolve(DataFolder.LAUNCHER);
    Files.move(file, elsewhere);

    Files.createSymbolicLink(file, elsewhere);
    assertThat(Launcher.of(folder)).isEmpty();

    Files.delete(file);
    Files.createDirectory(file);
    assertThat(Launcher.of(folder)).isEmpty();

    Files.delete(file);
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    assertThat(Launcher.of(folder)).isEmpty();
  }

  /// As of a service that its manager has not asked after yet.
  @Test
  void aProcessThatHasEndedCountsAsEndedBeforeItsParentAsksAfterIt() throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/self/stat")), "the system tells of such");
    Process parent =
        new ProcessBuilder("sh", "-c", "exec 3<&0; cat <&3 & echo $!; exec sleep 60 <&- 3<&-")
            .start();
    try {
      ProcessHandle child =
          ProcessHandle.of(Long.parseLong(parent.inputReader().readLine())).orElseThrow();
      Eventually.until(
          "the shell is gone, which would ask after it",
          () -> parent.info().command().filter(name -> name.endsWith("sleep")).isPresent());
      assertThat(Processes.awaitEnd(child, Duration.ZERO)).isFalse();

      parent.outputWriter().close();

      assertThat(Processes.awaitEnd(child, Duration.ofSeconds(30))).isTrue();
    } finally {
      parent.destroy();
    }
  }

  @Test
  void whenAProcessBeganDoesNotMoveWithTheClock() {
    assumeTrue(Files.exists(Path.of("/proc/self/stat")), "the system counts ticks");
    ProcessHandle process = ProcessHandle.current();

    // Milliseconds since 1970 would: Java adds them to when the system began.
    assertThat(Long.parseLong(Processes.began(process)))
        .isLessThan(process.info().startInstant().orElseThrow().toEpochMilli() / 10);
  }

  @Test
  void whoeverOwnsTheFileNamesOnlyProcessesOfHisOwn() throws Exception {
    assumeTrue(ProcessHandle.current().info().user().equals(Optional.of("root")), "a test of root");
    Launcher.keep(folder, ProcessHandle.current());

    Files.setOwner(
        root.resolve(DataFolder.LAUNCHER),
        root.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));

    assertThat(Launcher.of(folder)).isEmpty();
  }
}
