package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Homeserver;
import org.hearth.server.ServerState;
import org.hearth.server.StartFailedException;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the command line is told of a server that is on its way up.
@Tag("long")
class StartingStatusTest {
  @TempDir Path folder;

  private record Ran(int code, String said) {}

  private Ran run(String... arguments) {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--data-dir", folder.toString()));
    int code = Commands.run(null, out, out, all.toArray(String[]::new));
    return new Ran(code, said.toString(StandardCharsets.UTF_8));
  }

  private Homeserver server() {
    return new Homeserver(
        new DataFolder(folder),
        ConfigurationReader.parse(
            folder.resolve("hearth.yaml"),
            """
            server-name: hearth.test
            listeners: [ { port: 0 } ]
            application-services: [ bridge.yaml ]
            email: { smtp-host: localhost, from: hearth@hearth.test }
            """));
  }

  @Test
  void saysThatItStartsAsSoonAsItHoldsTheFolder() throws StartFailedException {
    List<Ran> asked = new ArrayList<>();
    try (Homeserver server = server()) {
      server.onState(state -> {
        if (state instanceof ServerState.Starting(String step)
            && step.equals("Starting the components")) {
          asked.add(run("status"));
          asked.add(run("status", "--json"));
          asked.add(run("user", "list"));
        }
      });

      server.start();

      assertThat(asked).hasSize(3);
      assertThat(asked.get(0).code()).isEqualTo(1);
      assertThat(asked.get(0).said())
          .contains("starting", "Starting the components", "hearth.test")
          .doesNotContain("Not running");
      assertThat(asked.get(1).code()).isEqualTo(1);
      assertThat(asked.get(1).said()).startsWith("{\"state\":\"starting\"");
      assertThat(asked.get(2).code()).isEqualTo(1);
      assertThat(asked.get(2).said()).contains("starting", "ask again");
      Ran running = run("status");
      assertThat(running.code()).isZero();
      assertThat(running.said())
          .contains("running")
          .containsOnlyOnce("have no effect yet")
          .contains("email and application-services");
      assertThat(server.warnings()).hasSize(1);
    }
    assertThat(run("status")).isEqualTo(new Ran(1, "Not running." + System.lineSeparator()));
    assertThat(run("status", "--json").said()).startsWith("{\"state\":\"not running\"}");
  }

  @Test
  void tellsTheFaultOfOneThatIsNotStartedAgain() throws IOException {
    DataFolder data = new DataFolder(folder);
    data.create();
    Files.writeString(data.configuration(), "server-name: hearth.test\n");
    data.put(DataFolder.LAST_FAILURE, "The disk is broken.".getBytes(StandardCharsets.UTF_8));

    assertThat(run("status").said())
        .startsWith("Not running: it had failed at ")
        .contains("The disk is broken.");
    assertThat(run("status", "--json").said())
        .startsWith("{\"state\":\"not running\",\"failure\":\"it had failed at ")
        .contains("The disk is broken.");
  }

  @Test
  void leavesNoDoorBehindWhenItDoesNotStart() throws IOException {
    DataFolder data = new DataFolder(folder);
    data.create();
    try (Store other = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0));
        Homeserver server = server()) {
      assertThat(other.reads()).isNotNull();
      assertThat(catchThrowable(server::start)).isInstanceOf(StartFailedException.class);
    }

    assertThat(folder.resolve("control")).doesNotExist();
  }
}
