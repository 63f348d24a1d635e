package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.hearth.server.store.DamagedPage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// A server that a fault has ended under load is there again by its launcher's doing, with
/// everything that was acknowledged, and says why.
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@Tag("long")
class RestartedServerTest {
  private static final Path SCRIPTS =
      Path.of(System.getProperty("hearth.root", "."), "build-tools").toAbsolutePath();
  private static final String KEEP_RUNNING = ". '" + SCRIPTS + "/keep-running.sh'; ";

  @TempDir Path temp;

  @FunctionalInterface
  private interface Fault {
    void in(HearthProcess server) throws Exception;
  }

  @Test
  void comesBackAfterItsMemoryWasUsedUp() throws Exception {
    comesBackAfter(_ -> cause(DoomedServer.NO_MEMORY), "its memory was used up");
  }

  @Test
  void comesBackAfterAThreadHasDied() throws Exception {
    comesBackAfter(_ -> cause(DoomedServer.DEAD_THREAD), "http-accept-");
  }

  @Test
  void comesBackAfterAThreadHasDiedThoughItsEndHangs() throws Exception {
    comesBackAfter(_ -> cause(DoomedServer.HANGING_END), "http-accept-");
  }

  @Test
  void comesBackAfterJavaHasCrashed() throws Exception {
    comesBackAfter(server -> server.signal("ABRT"), "Java had crashed");
  }

  @Test
  void comesBackAfterItWasKilled() throws Exception {
    comesBackAfter(server -> server.signal("KILL"), "it was killed");
  }

  private Path data() {
    return temp.resolve("data");
  }

  private Path pipe() {
    return temp.resolve("doom");
  }

  private void cause(String fault) throws IOException {
    Files.writeString(pipe(), fault);
  }

  private void comesBackAfter(Fault fault, String reason) throws Exception {
    List<String> launcher = launcher("");
    try (HearthProcess server = HearthProcess.start(launcher, data())) {
      MatrixHttp alice = MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);
      String room = Crowd.makeRoom(alice);
      Acknowledged acknowledged = new Acknowledged();
      Crowd crowd =
          Crowd.start(
              List.of(alice),
              List.of(room),
              acknowledged,
              List.of(),
              "before",
              new SplittableRandom(7));

      while (acknowledged.events().size() < 20) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      }
      fault.in(server);
      crowd.awaitEnd();
      alice.awaitAnswer();

      assertThat(acknowledged.failures()).isEmpty();
      assertThat(Timeline.of(alice, room).ids())
          .doesNotHaveDuplicates()
          .containsAll(acknowledged.events().values())
          .containsAll(acknowledged.states());
      HearthProcess.Ended status = server.hearth("status");
      assertThat(status.code()).as(status.said()).isZero();
      assertThat(status.said()).contains("The server was started again, because", reason);
      // An orderly end is no fault.
      assertThat(server.end()).isEqualTo(128 + 15);
    }
  }

  @Test
  void oneWithADamagedPageEndsWithThatVerdictTwiceAndIsNotStartedAgain() throws Exception {
    try (HearthProcess server = HearthProcess.start(launcher("sleep() { :; }; "), data())) {
      MatrixHttp alice = MatrixHttp.at(server.address()).register("alice", Crowd.PASSWORD);
      String user = alice.get("/account/whoami").granted().path("user_id").asText();
      String filters = "/user/%s/filter".formatted(MatrixHttp.encoded(user));
      ObjectNode filter = MatrixHttp.object();
      filter.putArray("event_fields").add("damaged".repeat(300));
      String id = alice.post(filters, filter).granted().path("filter_id").asText();
      server.end();
      DamagedPage.make(server.dataFolder(), "damaged".repeat(200));
      server.restart();

      while (server.isAlive()) {
        try {
          var _ = alice.get(filters + "/" + id);
        } catch (UncheckedIOException _) {
          // It is between two starts.
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
      }

      assertThat(server.awaitEnd()).isEqualTo(74);
      assertThat(Files.readString(temp.resolve("data.err")))
          .contains("is damaged. Check the disk", "hearth restore", "a second time");
    }
  }

  /// The command that keeps a server running in which a fault can be caused.
  ///
  /// @param first what the shell does before
  private List<String> launcher(String first) throws Exception {
    assertThat(HearthProcess.run(new ProcessBuilder("mkfifo", pipe().toString())).code()).isZero();
    String script = "ulimit -c 0; " + KEEP_RUNNING + first + "keep_running \"$@\"";
    List<String> launcher = new ArrayList<>(List.of("sh", "-euc", script, "sh"));
    launcher.addAll(HearthProcess.shortJava(DoomedServer.class.getName()));
    launcher.add(pipe().toString());
    return launcher;
  }

  @Test
  void aStopInThePauseEndsTheLauncher() throws Exception {
    Path paused = temp.resolve("paused");
    List<String> launcher = launcher("sleep() { : >'%s'; exec sleep 1000; }; ".formatted(paused));
    try (HearthProcess server = HearthProcess.start(launcher, data())) {
      cause(DoomedServer.DEAD_THREAD);
      while (!Files.exists(paused)) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      }

      assertThat(server.hearth("status").said())
          .contains(
              "a fault has ended the server: it had failed at ", "The thread ", " has ended: ")
          .contains("It is started again in a moment");
      HearthProcess.Ended stop = server.hearth("stop");

      assertThat(stop.said()).contains("Stopped", "is not started again");
      assertThat(stop.code()).isZero();
      assertThat(server.awaitEnd()).as("what no service starts again").isEqualTo(143);
      assertThat(server.hearth("stop").said()).contains("Not running");
    }
  }

  @Test
  void aServerThatIsAskedToEndIsNotStartedAgain() throws Exception {
    Process launcher =
        launched(
            "keep_running sh -c 'trap \"exit 70\" TERM; echo started; while :; do sleep 0.1; done'");
    try (BufferedReader said = launcher.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).isEqualTo("started");

      // The process would close its output with it.
      launcher.toHandle().destroy();

      assertThat(said.readAllLines()).isEmpty();
    }
    assertThat(launcher.waitFor()).isEqualTo(143);
  }

  @Test
  void oneThatIsAskedToEndInThePauseEndsAtOnce() throws Exception {
    Process launcher =
        launched("sleep() { echo \"pause\"; exec sleep 1000; }; keep_running false_70");
    try (BufferedReader said = launcher.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).contains("it had failed", "again in 1 s");
      assertThat(said.readLine()).isEqualTo("pause");

      launcher.toHandle().destroy();

      // The pause holds the output open: it has ended too.
      assertThat(said.readAllLines()).isEmpty();
    }
    assertThat(launcher.waitFor()).isEqualTo(143);
  }

  @Test
  void aRefusedStartIsNotTriedAgain() throws Exception {
    Process launcher = launched("keep_running sh -c 'echo started; exit 1'");

    assertThat(said(launcher)).containsExactly("started");
    assertThat(launcher.waitFor()).isEqualTo(1);
  }

  /// A command that opens the database has it, in the pause.
  @Test
  void aFolderThatIsInUseIsTriedAgainUnlessItIsTheFirstStart() throws Exception {
    Path runs = temp.resolve("runs");
    Process again =
        launched(
            """
            sleep() { echo "pause $1"; }
            run() { echo >>%1$s; case $(wc -l <%1$s) in 1) return 70 ;; 2) return 76 ;; esac; }
            : >%1$s
            keep_running run\
            """
                .formatted(runs));

    assertThat(said(again))
        .filteredOn(line -> line.startsWith("pause"))
        .containsExactly("pause 1", "pause 2");
    assertThat(again.waitFor()).isZero();

    Process first = launched("keep_running sh -c 'echo started; exit 76'");
    assertThat(said(first)).containsExactly("started");
    assertThat(first.waitFor()).isEqualTo(76);
  }

  @Test
  void aCommandThatTakesLongIsWaitedFor() throws Exception {
    Path runs = temp.resolve("runs");
    Process launcher =
        launched(
            """
            sleep() { echo "pause $1"; }
            run() { echo >>%1$s; case $(wc -l <%1$s) in 1) return 70 ;; 9) return 0 ;; esac; return 76; }
            : >%1$s
            keep_running run\
            """
                .formatted(runs));

    assertThat(said(launcher))
        .filteredOn(line -> line.startsWith("pause"))
        .containsExactly(
            "pause 1",
            "pause 2",
            "pause 4",
            "pause 8",
            "pause 16",
            "pause 32",
            "pause 32",
            "pause 32");
    assertThat(launcher.waitFor()).isZero();
  }

  @Test
  void oneThatFailsAgainAndAgainIsLeftAfterPausesThatDouble() throws Exception {
    Process launcher =
        launched("sleep() { echo \"pause $1\"; }; date() { echo 0; }; keep_running false_70");

    assertThat(said(launcher))
        .filteredOn(line -> line.startsWith("pause"))
        .containsExactly("pause 1", "pause 2", "pause 4", "pause 8", "pause 16");
    assertThat(launcher.waitFor()).isEqualTo(70);
  }

  @Test
  void oneWhoseDatabaseIsDamagedIsLeftAfterTheSecondTime() throws Exception {
    // By its clock each run lasts ten minutes; the first one is killed.
    Path runs = temp.resolve("runs");
    Process launcher =
        launched(
            """
            sleep() { :; }
            date() { echo $(($(wc -l <%1$s) * 600)); }
            run() { echo >>%1$s; [ $(wc -l <%1$s) -gt 1 ] || return 137; return 74; }
            : >%1$s
            keep_running run\
            """
                .formatted(runs));

    assertThat(said(launcher))
        .containsExactly(
            "hearth: the server has ended (it was killed); it is started again in 1 s.",
            "hearth: the server has ended (its database is damaged); it is started again in 1 s.",
            "hearth: the server has ended a second time because its database is damaged, and is not started again.");
    assertThat(launcher.waitFor()).isEqualTo(74);
  }

  @Test
  void oneThatRanForTenMinutesIsAsGoodAsNew() throws Exception {
    // By its clock each run lasts ten minutes; after the eighth it is refused.
    Path runs = temp.resolve("runs");
    Process launcher =
        launched(
            """
            sleep() { echo "pause $1"; }
            date() { echo $(($(wc -l <%1$s) * 600)); }
            run() { echo >>%1$s; [ $(wc -l <%1$s) -lt 8 ] || return 1; return 70; }
            : >%1$s
            keep_running run\
            """
                .formatted(runs));

    assertThat(said(launcher))
        .filteredOn(line -> line.startsWith("pause"))
        .hasSize(7)
        .containsOnly("pause 1");
    assertThat(launcher.waitFor()).isEqualTo(1);
  }

  @Test
  void oneWithoutRoomOnItsDiskIsTriedUntilThereIsSome() throws Exception {
    Path runs = temp.resolve("runs");
    Process launcher =
        launched(
            """
            sleep() { echo "pause $1"; }
            run() { echo >>%1$s; [ $(wc -l <%1$s) -lt 9 ] || return 0; return 75; }
            : >%1$s
            keep_running run\
            """
                .formatted(runs));

    assertThat(said(launcher))
        .filteredOn(line -> line.startsWith("pause"))
        .containsExactly(
            "pause 1",
            "pause 2",
            "pause 4",
            "pause 8",
            "pause 16",
            "pause 32",
            "pause 32",
            "pause 32");
    assertThat(launcher.waitFor()).isZero();
  }

  @Test
  void whatEndedTheServerIsToldAlsoAfterStartsWithoutRoomOrFolderAndNotAfterTheNextFault()
      throws Exception {
    Path runs = temp.resolve("runs");
    Process launcher =
        launched(
            """
            sleep() { :; }
            date() { wc -l <%1$s; }
            run() {
              echo "${HEARTH_ENDED_BY:-nothing} ${HEARTH_ENDED_AT:-}"
              echo >>%1$s
              case $(wc -l <%1$s) in 1) return 134 ;; 2) return 75 ;; 3) return 76 ;; 4) return 70 ;; esac
            }
            : >%1$s
            keep_running run\
            """
                .formatted(runs));

    assertThat(said(launcher))
        .filteredOn(line -> !line.startsWith("hearth: "))
        .containsExactly("nothing ", "crash 1", "crash 1", "crash 1", "nothing ");
    assertThat(launcher.waitFor()).isZero();
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "of a terminal that takes nothing")
  void aFullLogKeepsNoServerFromItsStart() throws Exception {
    Process launcher =
        launched(
            "sleep() { echo \"pause $1\"; }; date() { echo 0; }; keep_running false_70 2>/dev/full");

    assertThat(said(launcher)).filteredOn(line -> line.startsWith("pause")).hasSize(5);
    assertThat(launcher.waitFor()).isEqualTo(70);
  }

  /// Runs a shell that knows `keep_running`, and `false_70`, which fails.
  private static Process launched(String script) throws IOException {
    return new ProcessBuilder("sh", "-euc", KEEP_RUNNING + "false_70() { return 70; }; " + script)
        .redirectErrorStream(true)
        .start();
  }

  private static List<String> said(Process process) throws IOException {
    try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
      return said.readAllLines();
    }
  }

  @Test
  @DisabledOnOs(value = OS.MAC, disabledReason = "it has no flock")
  void aBuildWaitsUntilAnotherHasEndedItsWork() throws Exception {
    Process first = build("in");
    Process second = build("hearth: waiting until another process has ended its work");

    first.outputWriter().append("\n").flush();

    assertThat(second.inputReader().readLine()).isEqualTo("in");
    assertThat(first.isAlive()).isTrue();
    first.destroyForcibly();
    second.destroyForcibly();
  }

  @Test
  @DisabledOnOs(value = OS.MAC, disabledReason = "it has no flock")
  void aBuildDoesNotWaitForOneThatWasEndedByForce() throws Exception {
    Process first = build("in");
    Process second = build("hearth: waiting until another process has ended its work");

    first.destroyForcibly();

    assertThat(second.inputReader().readLine()).isEqualTo("in");
    second.destroyForcibly();
  }

  /// A process that works when no other does, until it reads a line, and lives on until it reads
  /// another.
  private Process build(String says) throws IOException {
    Process build =
        new ProcessBuilder(
                "sh",
                "-euc",
                ". '%s/one-at-a-time.sh'; one_at_a_time '%s'; echo in; read -r _; next_one; read -r _"
                    .formatted(SCRIPTS, temp.resolve("building")))
            .redirectErrorStream(true)
            .start();
    assertThat(build.inputReader().readLine()).isEqualTo(says);
    return build;
  }
}
