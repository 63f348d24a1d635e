package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `hearth stop`, as the server hears it.
@Tag("long")
class StopRequestTest {
  @TempDir Path folder;

  /// However fast the program ends, the command must learn which process it has to wait for.
  @Test
  void isAnsweredBeforeTheProgramEnds() throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    try (Homeserver server = server()) {
      server.onStopRequest(() -> {
        server.stop(Duration.ZERO);
        stopped.countDown();
      });
      server.start();

      JsonNode answer =
          ControlPort.ask(server.folder(), new ControlRequest(ControlRequest.STOP, Map.of()))
              .orElseThrow();

      assertThat(answer.path("process").asLong()).isEqualTo(ProcessHandle.current().pid());
      assertThat(stopped.await(1, TimeUnit.MINUTES)).isTrue();
      assertThat(server.state()).isInstanceOf(ServerState.Stopped.class);
      server.start();
      assertThat(server.admin().orElseThrow().activity(0, 10))
          .filteredOn(entry -> entry.text().equals("The server was stopped."))
          .singleElement()
          .satisfies(entry -> assertThat(entry.by()).isEqualTo("this computer"));
    }
  }

  private Homeserver server() {
    return new Homeserver(
        new DataFolder(folder),
        ConfigurationReader.parse(
            folder.resolve("hearth.yaml"),
            """
            server-name: hearth.test
            listeners: [ { port: 0 } ]
            """));
  }
}
