package org.hearth.server.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.Homeserver;
import org.hearth.server.ServerState;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `hearth report`, on a server that runs and on one that does not.
@Tag("long")
final class ReportCommandsTest {
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  @TempDir private Path folder;

  private int report(String... words) {
    List<String> arguments = new ArrayList<>(List.of("report"));
    arguments.addAll(List.of(words));
    arguments.addAll(List.of("--data-dir", folder.toString()));
    said.reset();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    return Commands.run(null, out, out, arguments.toArray(String[]::new));
  }

  private String said() {
    return said.toString(StandardCharsets.UTF_8);
  }

  @Test
  void reportsAreListedAndDismissed() throws Exception {
    Files.writeString(
        folder.resolve("hearth.yaml"),
        """
        server-name: hearth.test
        listeners: [ { port: 0 } ]
        registration: { mode: open }
        """);
    DataFolder data = new DataFolder(folder);
    try (Homeserver server = new Homeserver(data, ConfigurationReader.read(data.configuration()))) {
      server.start();
      ServerState.Running running = (ServerState.Running) server.state();
      TestClient client = TestClient.of(URI.create(running.addresses().getFirst()));
      String token =
          client
              .post(
                  "/_matrix/client/v3/register",
                  "{'username':'alice','password':'long enough','auth':{'type':'m.login.dummy'}}")
              .expect(200)
              .text("access_token");
      client
          .as(token)
          .post(
              "/_matrix/client/v3/users/@spam:other.test/report",
              "{'reason':'two\\nlines \\u001b[31m'}")
          .expect(200);

      assertThat(report("list")).isZero();
      assertThat(said())
          .hasLineCount(1)
          .endsWith("@alice:hearth.test reports the user @spam:other.test: two lines [31m\n");
    }

    assertThat(report("list")).isZero();
    String number = said().substring(0, said().indexOf(' '));
    assertThat(report("dismiss", number)).isZero();
    assertThat(report("list")).isZero();
    assertThat(said()).isEqualTo("Nothing is reported.\n");
    assertThat(report("dismiss", number)).isEqualTo(1);
    assertThat(said()).isEqualTo("hearth: There is no report " + number + ".\n");
    assertThat(report("dismiss", "first")).isEqualTo(1);
    assertThat(said())
        .isEqualTo("hearth: A report has a number, as hearth report list tells it; not first.\n");
  }
}
