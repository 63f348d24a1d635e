package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Registration with a human test, which a verifier on this computer judges: who answers `human`
/// passes.
@Tag("long")
class RecaptchaTest {
  private static final String REGISTER = "/_matrix/client/v3/register";
  private static final String STAGE = "m.login.recaptcha";

  @TempDir Path folder;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private volatile int status = 200;
  private HttpServer verifier;

  @BeforeEach
  void startVerifier() throws IOException {
    WholeServer.prepare(new DataFolder(folder));
    verifier = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    verifier.createContext(
        "/api/siteverify",
        exchange -> {
          String form =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          asked.add(form);
          byte[] answer =
              "{\"success\": %b}"
                  .formatted(form.equals("secret=private%26key&response=human"))
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, answer.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(answer);
          }
        });
    verifier.start();
  }

  @AfterEach
  void stopVerifier() {
    verifier.stop(0);
  }

  @Test
  void nobodyRegistersWithoutARequiredTest() throws Exception {
    try (Homeserver server = server("open", "", "")) {
      server.start();
      TestClient client = client(server);

      JsonNode challenge = client.post(REGISTER, body("{}")).expect(401).json();

      assertThat(challenge.path("flows")).hasSize(1);
      assertThat(challenge.at("/flows/0/stages")).hasSize(1);
      assertThat(challenge.at("/flows/0/stages/0").asText()).isEqualTo(STAGE);
      assertThat(challenge.path("params").path(STAGE).path("public_key").asText())
          .isEqualTo("public key");
      client.post(REGISTER, body("{'type': 'm.login.dummy'}")).expect(401);
      client.post(REGISTER, body(shown("robot"))).expect(401, "M_CAPTCHA_INVALID");
      client.post(REGISTER, body(shown(""))).expect(401, "M_CAPTCHA_INVALID");
      client.post(REGISTER, body("{'type': '" + STAGE + "'}")).expect(400, "M_MISSING_PARAM");
      assertThat(asked).containsExactly("secret=private%26key&response=robot");
    }
  }

  @Test
  void whoPassesTheTestRegisters() throws Exception {
    try (Homeserver server = server("open", "", "")) {
      server.start();
      TestClient client = client(server);
      String session = client.post(REGISTER, body("{}")).expect(401).text("session");

      client
          .post(
              REGISTER,
              body(
                  "{'type': '%s', 'response': 'human', 'session': '%s'}".formatted(STAGE, session)))
          .expect(200);
    }
  }

  @Test
  void nobodyPassesWhileTheVerifierSaysNothing() throws Exception {
    try (Homeserver server = server("open", "", "")) {
      server.start();

      status = 500;
      client(server).post(REGISTER, body(shown("human"))).expect(503);
      verifier.stop(0);
      client(server).post(REGISTER, body(shown("human"))).expect(503);
    }
  }

  @Test
  void theVerifierIsNotAskedInABlockedNetwork() throws Exception {
    try (Homeserver server = server("open", "", "127.0.0.0/8, \"::1\"")) {
      server.start();

      client(server).post(REGISTER, body(shown("human"))).expect(503);
      assertThat(asked).isEmpty();
    }
  }

  @Test
  void aTokenIsAskedForBesideTheTest() throws Exception {
    try (Homeserver server = server("token", "", "")) {
      server.start();

      JsonNode challenge = client(server).post(REGISTER, body("{}")).expect(401).json();

      assertThat(challenge.at("/flows/0/stages")).hasSize(2);
      assertThat(challenge.at("/flows/0/stages/0").asText()).isEqualTo(STAGE);
      assertThat(challenge.at("/flows/0/stages/1").asText())
          .isEqualTo("m.login.registration_token");
    }
  }

  @Test
  void aTestThatIsNotRequiredIsUnderstood() throws Exception {
    try (Homeserver server = server("open", ", required: false", "")) {
      server.start();
      TestClient client = client(server);

      client.post(REGISTER, body("{'type': 'm.login.dummy'}")).expect(200);
      JsonNode passed =
          client.post(REGISTER, body(shown("human")).replace("'bot'", "'man'")).expect(401).json();
      assertThat(passed.at("/completed/0").asText()).isEqualTo(STAGE);
      client
          .post(
              REGISTER,
              body("{'type': 'm.login.dummy', 'session': '%s'}"
                      .formatted(passed.path("session").asText()))
                  .replace("'bot'", "'man'"))
          .expect(200);
    }
  }

  @Test
  void theFallbackPageLoadsTheTestFromWhereItIsVerified() throws Exception {
    try (Homeserver server = server("open", "", "")) {
      server.start();
      String session = client(server).post(REGISTER, body("{}")).expect(401).text("session");

      var page =
          java.net.http.HttpClient.newHttpClient()
              .send(
                  java.net.http.HttpRequest.newBuilder(
                          base(server)
                              .resolve(
                                  "/_matrix/client/v3/auth/%s/fallback/web?session=%s"
                                      .formatted(STAGE, session)))
                      .build(),
                  java.net.http.HttpResponse.BodyHandlers.ofString());

      assertThat(page.body())
          .contains("<script src=\"%s/api.js\"".formatted(verifierBase()))
          .contains("data-sitekey=\"public key\"");
      assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
          .contains("script-src " + verifierBase() + " ")
          .doesNotContain("script-src 'sha256");
    }
  }

  private String verifierBase() {
    return "http://127.0.0.1:" + verifier.getAddress().getPort();
  }

  private Homeserver server(String mode, String more, String blocked) {
    return new Homeserver(
        new DataFolder(folder),
        ConfigurationReader.parse(
            folder.resolve("hearth.yaml"),
            """
            server-name: hearth.test
            listeners: [ { port: 0 } ]
            registration:
              mode: %s
              recaptcha: { verify-url: "%s/api/siteverify", public-key: public key, private-key: private&key%s }
            outbound: { blocked-networks: [ %s ] }
            """
                .formatted(mode, verifierBase(), more, blocked)));
  }

  private static URI base(Homeserver server) {
    return switch (server.state()) {
      case ServerState.Running running -> URI.create(running.addresses().getFirst());
      default -> throw new IllegalStateException("the server does not run: " + server.state());
    };
  }

  private static TestClient client(Homeserver server) {
    return TestClient.of(base(server));
  }

  private static String shown(String response) {
    return "{'type': '%s', 'response': '%s'}".formatted(STAGE, response);
  }

  private static String body(String auth) {
    String account = "'username': 'bot', 'password': 'long enough to be one'";
    return auth.equals("{}") ? "{" + account + "}" : "{" + account + ", 'auth': " + auth + "}";
  }
}
