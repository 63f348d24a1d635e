package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LastFailureTest {
  private static final String SECONDS = "1795944434";

  @TempDir Path root;

  @SuppressWarnings("NullAway.Init")
  private DataFolder folder;

  @BeforeEach
  void folder() {
    folder = new DataFolder(root);
  }

  @Test
  void whatWasKeptIsToldOnce() throws Exception {
    LastFailure.keep(folder, "The thread \u201cx\u201d has ended.");
    Files.setLastModifiedTime(
        root.resolve(DataFolder.LAST_FAILURE),
        FileTime.from(Instant.parse("2026-11-29T08:05:59Z")));

    assertThat(new LastFailure(Map.of()).take(folder))
        .hasValue(
            "The server was started again, because it had failed at 2026-11-29 08:05 UTC. The thread \u201cx\u201d has ended.");
    assertThat(new LastFailure(Map.of()).take(folder)).isEmpty();
  }

  @Test
  void damageAndLengthKeepNoServerFromItsStart() throws Exception {
    byte[] damaged = new byte[LastFailure.LONGEST_BYTES * 2];
    damaged[0] = (byte) 0xff;
    Files.write(root.resolve(DataFolder.LAST_FAILURE), damaged);

    assertThat(new LastFailure(Map.of()).take(folder).orElseThrow())
        .contains("\ufffd")
        .hasSizeLessThan(LastFailure.LONGEST_BYTES + 100);
    assertThat(root).isEmptyDirectory();
  }

  @Test
  void whatCannotBeReadKeepsNoServerFromItsStart() throws Exception {
    Files.createDirectories(root.resolve(DataFolder.LAST_FAILURE).resolve("in the way"));

    assertThat(new LastFailure(Map.of()).take(folder)).isEmpty();
  }

  @Test
  void aLinkTellsNothingOfTheFileItLeadsTo() throws Exception {
    Path other = Files.writeString(root.resolve("other"), "a secret");
    Path link = Files.createSymbolicLink(root.resolve(DataFolder.LAST_FAILURE), other);

    assertThat(new LastFailure(Map.of()).take(folder)).isEmpty();

    assertThat(Files.exists(link, LinkOption.NOFOLLOW_LINKS)).isFalse();
    assertThat(other).hasContent("a secret");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
  void aPipeIsNotWaitedFor() throws Exception {
    Path pipe = root.resolve(DataFolder.LAST_FAILURE);
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();

    assertThat(new LastFailure(Map.of()).take(folder)).isEmpty();

    assertThat(pipe).doesNotExist();
  }

  @Test
  void controlCharactersReachNoTerminal() {
    LastFailure.keep(folder, "The thread \u001b[31m x \u009b32m has ended.");

    assertThat(new LastFailure(Map.of()).take(folder).orElseThrow())
        .endsWith("The thread  [31m x  32m has ended.");
  }

  @ParameterizedTest
  @CsvSource({
    "memory, its memory was used up at 2026-11-29 09:27 UTC",
    "crash, Java had crashed at 2026-11-29 09:27 UTC",
    "kill, it was killed at 2026-11-29 09:27 UTC"
  })
  void theLauncherTellsOfWhatLeftNoTimeToKeepIt(String by, String words) {
    assertThat(
            new LastFailure(Map.of(LastFailure.ENDED_BY, by, LastFailure.ENDED_AT, SECONDS))
                .take(folder)
                .orElseThrow())
        .contains("The server was started again, because", words);
  }

  @Test
  void inThePauseItIsToldAndStaysToBeTold() throws Exception {
    LastFailure.keep(folder, "The thread \u001b[31m x has ended.");

    String told = LastFailure.inThePause(folder, ProcessHandle.current()).orElseThrow();

    assertThat(told).startsWith("it had failed at ").endsWith("The thread  [31m x has ended.");
    assertThat(new LastFailure(Map.of()).take(folder)).isPresent();
  }

  @Test
  void whatWasKeptIsToldAlsoWhereNobodyStartsTheServerAgain() {
    assertThat(LastFailure.kept(folder)).isEmpty();

    LastFailure.keep(folder, "The thread x has ended.");

    assertThat(LastFailure.kept(folder).orElseThrow()).contains("The thread x has ended.");
    assertThat(LastFailure.kept(folder)).isPresent();
  }

  @Test
  void inThePauseTheLaunchersWordIsThatOfWhatWaits() throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/self/environ")), "the system shows it");
    assertThat(LastFailure.inThePause(folder, ProcessHandle.current())).isEmpty();
    ProcessBuilder waiting = new ProcessBuilder("cat");
    waiting.environment().put(LastFailure.ENDED_BY, LastFailure.MEMORY);
    waiting.environment().put(LastFailure.ENDED_AT, SECONDS);
    Process child = waiting.start();
    try {
      // The new program is there when it answers.
      child.getOutputStream().write('\n');
      child.getOutputStream().flush();
      assertThat(child.getInputStream().read()).isEqualTo('\n');

      assertThat(LastFailure.inThePause(folder, ProcessHandle.current()).orElseThrow())
          .startsWith("its memory was used up at 2026-11-29 ");
    } finally {
      child.destroy();
      child.waitFor();
    }
  }

  @Test
  void theLaunchersWordCountsForTheFirstStartOfAProcess() {
    LastFailure told =
        new LastFailure(Map.of(LastFailure.ENDED_BY, "kill", LastFailure.ENDED_AT, SECONDS));
    assertThat(told.take(folder)).isPresent();

    assertThat(told.take(folder)).isEmpty();

    LastFailure.keep(folder, "The thread x has ended.");
    assertThat(told.take(folder).orElseThrow()).contains("The thread x has ended.");
    assertThat(told.take(folder)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"memory, yesterday", "memory, 99999999999999999999", "boredom, " + SECONDS})
  void nonsenseInTheEnvironmentIsNothing(String by, String at) {
    Map<String, String> environment = Map.of(LastFailure.ENDED_BY, by, LastFailure.ENDED_AT, at);

    assertThat(new LastFailure(environment).take(folder)).isEmpty();
  }
}
