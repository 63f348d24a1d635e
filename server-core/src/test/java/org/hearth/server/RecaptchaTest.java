package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Open registration with a human test that cannot be made yet.
class RecaptchaTest {
  @TempDir Path folder;

  @Test
  void nobodyRegistersWithoutARequiredTestAndTheOwnerIsTold() throws Exception {
    long before = lastLine();
    try (Homeserver server = server("")) {
      server.start();

      register(server).expect(403, "M_FORBIDDEN");
      JsonNode status =
          ControlPort.ask(server.folder(), new ControlRequest("status", Map.of())).orElseThrow();
      assertThat(status.path("warnings").path(0).asText())
          .startsWith("Registration is closed: registration.recaptcha")
          .contains("required: false");
      assertThat(server.log().after(before))
          .filteredOn(line -> line.level() == LogLine.Level.WARNING)
          .anySatisfy(line -> assertThat(line.message()).startsWith("Registration is closed"));
    }
  }

  @Test
  void anybodyRegistersWhereTheTestIsNotRequired() throws Exception {
    try (Homeserver server = server(", required: false")) {
      server.start();

      register(server).expect(200);
    }
  }

  private Homeserver server(String more) {
    Configuration configuration =
        ConfigurationReader.parse(
            folder.resolve("hearth.yaml"),
            """
            server-name: hearth.test
            listeners: [ { port: 0 } ]
            registration:
              mode: open
              recaptcha: { verify-url: "https://captcha.example.org", public-key: a, private-key: b%s }
            """
                .formatted(more));
    return new Homeserver(new DataFolder(folder), configuration);
  }

  private static TestClient.Answer register(Homeserver server) {
    return switch (server.state()) {
      case ServerState.Running running ->
          TestClient.of(URI.create(running.addresses().getFirst()))
              .post(
                  "/_matrix/client/v3/register",
                  "{'username': 'bot', 'password': 'long enough to be one', 'auth': {'type': 'm.login.dummy'}}");
      default -> throw new IllegalStateException("the server does not run: " + server.state());
    };
  }

  private static long lastLine() {
    var lines = LogTail.OF_THIS_PROCESS.after(0);
    return lines.isEmpty() ? 0 : lines.getLast().number();
  }
}
