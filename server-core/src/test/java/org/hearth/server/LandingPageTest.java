package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.hearth.server.http.Served;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Test;

/// What a browser gets at the server's address.
@WholeServer.Started
final class LandingPageTest {
  private final TestClient client;

  LandingPageTest(WholeServer server) {
    client = server.client();
  }

  @Test
  void saysThatItWorksAndHowToConnect() throws IOException, InterruptedException {
    HttpResponse<String> page = open("/");

    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
    assertThat(page.body())
        .contains("<h1>hearth.test</h1>", "It works", Served.now().sentences())
        .contains(Served.now().apps())
        .containsPattern("prefers-color-scheme:dark\\)\\{\\.ok\\{color:#56d364")
        .doesNotContain("<script", "{name}", "{address}", "{apps}", "{served}", "{version}")
        .doesNotContain("{steps}", "{token}", "registration token");
    assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
        .startsWith("default-src 'none';")
        .doesNotContain("script-src");
  }

  private HttpResponse<String> open(String path) throws IOException, InterruptedException {
    try (HttpClient browser = HttpClient.newHttpClient()) {
      return browser.send(
          HttpRequest.newBuilder(client.base().resolve(path)).build(), BodyHandlers.ofString());
    }
  }

  @Test
  void tellsWhoWasInvitedWhatToDoWithTheToken() throws IOException, InterruptedException {
    assertThat(open("/?invitation=family.2026").body())
        .contains("registration token, give <code>family.2026</code>", "up to the question mark")
        .doesNotContain("{steps}", "{token}", "{address}", "that you got from whoever");
    for (String none : new String[] {"a%3Cb%3E", "", "x".repeat(65)}) {
      assertThat(open("/?invitation=" + none).body()).isEqualTo(open("/").body());
    }
  }

  @Test
  void isAtThatPathOnly() {
    client.get("/index.html").expect(404, "M_UNRECOGNIZED");
    client.post("/", "{}").expect(405, "M_UNRECOGNIZED");
  }
}
