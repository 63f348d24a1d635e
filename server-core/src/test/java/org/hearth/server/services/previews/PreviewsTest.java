package org.hearth.server.services.previews;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.hearth.server.StartFailedException;
import org.hearth.server.WholeServer;
import org.hearth.server.services.media.MediaClient;
import org.hearth.server.services.media.thumbnail.Pictures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Previews of pages of a web server that a test has. It is reached by its name; by another of its
/// addresses it is in a network that is blocked, as everything is that others try to have read.
@Timeout(180)
@Tag("long")
class PreviewsTest {
  private static final String V1 = "/_matrix/client/v1/media/preview_url";

  /// What the web server answers with.
  private interface Page {
    void answer(HttpExchange exchange) throws IOException;
  }

  @TempDir private Path folder;
  private final Map<String, Page> pages = new ConcurrentHashMap<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private HttpServer web;
  private WholeServer server;
  private MediaClient alice;

  @BeforeEach
  void start() throws IOException, StartFailedException {
    // At all addresses of this computer.
    web = HttpServer.create(new InetSocketAddress(0), 10);
    web.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    web.createContext("/", this::answer);
    web.start();
    start("outbound: { blocked-networks: [ 10.0.0.0/8, 127.0.0.2/32, \"fc00::/7\" ] }\n");
    alice = MediaClient.register(server.client(), "alice");
  }

  private void start(String settings) throws StartFailedException {
    server =
        new WholeServer(
            folder, settings + "media: { keep-free: 0 }\nurl-previews: { enabled: true }\n");
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
    web.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().toString();
      asked.add(path);
      Page page = pages.get(path);
      if (page == null) {
        exchange.sendResponseHeaders(404, -1);
      } else {
        page.answer(exchange);
      }
    }
  }

  private String url(String path) {
    return "http://localhost:" + web.getAddress().getPort() + path;
  }

  private void on(String path, String contentType, byte[] body) {
    pages.put(
        path,
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", contentType);
          exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
        });
  }

  private void html(String path, String body) {
    on(path, "text/html; charset=utf-8", body.getBytes(UTF_8));
  }

  private void redirect(String path, String location) {
    pages.put(
        path,
        exchange -> {
          exchange.getResponseHeaders().add("Location", location);
          exchange.sendResponseHeaders(302, -1);
        });
  }

  private MediaClient.Answer preview(String url) {
    return alice.get(V1 + "?url=" + URLEncoder.encode(url, UTF_8));
  }

  private String title(String path) {
    return preview(url(path)).expect(200).json().path("og:title").asText();
  }

  @Test
  void tellsWhatThePageSaysWithItsPicture() {
    byte[] picture = Pictures.jpeg(400, 300);
    html(
        "/page",
        """
        <html prefix="og: https://ogp.me/ns#"><head>
        <meta property="og:title" content="A &amp; B">
        <meta property="og:title" content="Another">
        <meta property="og:description" content="What\u0000 it is">
        <meta property="og:image" content="/picture?x=ä b">
        <meta property="og:image:width" content="9999">
        <meta property="og:video" content="https://films.test/film">
        <meta name="twitter:title" content="T"><title>C</title></head></html>
        """);
    on("/picture?x=%C3%A4%20b", "image/x-anything", picture);

    MediaClient.Answer answer = preview(url("/page#part")).expect(200);
    MediaClient.Answer again = preview(url("/page#other")).expect(200);

    String image = answer.json().path("og:image").asText();
    assertThat(image).startsWith("mxc://hearth.test/page_");
    assertThat(answer.json().path("og:title").asText()).isEqualTo("A & B");
    assertThat(answer.json().path("og:description").asText()).contains("it is");
    assertThat(answer.json().path("og:image:type").asText()).isEqualTo("image/jpeg");
    assertThat(answer.json().path("og:image:width").asInt()).isEqualTo(400);
    assertThat(answer.json().path("og:image:height").asInt()).isEqualTo(300);
    assertThat(answer.json().path("matrix:image:size").asInt()).isEqualTo(picture.length);
    assertThat(answer.json().has("og:video")).isFalse();
    assertThat(again.json()).isEqualTo(answer.json());
    assertThat(asked).containsExactly("/page", "/picture?x=%C3%A4%20b");

    String address = image.substring("mxc://".length());
    MediaClient.Answer kept = alice.get("/_matrix/client/v1/media/download/" + address).expect(200);
    assertThat(kept.body()).isEqualTo(picture);
    assertThat(kept.header("content-type")).isEqualTo("image/jpeg");
    alice
        .get("/_matrix/client/v1/media/thumbnail/" + address + "?width=96&height=96&method=crop")
        .expect(200);
    alice.anonymous().get("/_matrix/media/v3/download/" + address).expect(404);
  }

  @Test
  void ofAPageThatSaysNothingItsWordsAreTold() {
    html(
        "/plain",
        "<title> A title </title><script>var p = '<p>no</p>'</script><style>p {}</style>"
            + "<nav>Menu</nav><p>The first paragraph.<p>The second.");
    html("/twitter", "<meta name=twitter:title content=T><meta name=Description content=D>");
    html("/empty", "");
    on("/dir/p.png", "image/png", Pictures.png(10, 10));

    assertThat(preview(url("/plain")).expect(200).json().toString())
        .isEqualTo(
            "{\"og:title\":\"A title\","
                + "\"og:description\":\"The first paragraph.\\n\\nThe second.\"}");
    assertThat(preview(url("/twitter")).expect(200).json().toString())
        .contains("\"og:title\":\"T\"", "\"og:description\":\"D\"");
    assertThat(preview(url("/empty")).expect(200).json()).isEmpty();
    assertThat(preview(url("/dir/p.png")).expect(200).json().toString())
        .contains("\"og:title\":\"p.png\"", "\"og:image\":\"mxc://", "\"og:image:width\":10");
  }

  @Test
  void readsAllAlphabets() {
    byte[] russian = "<title>Привет</title>".getBytes(Charset.forName("windows-1251"));
    on("/header", "text/html; charset=\"windows-1251\"", russian);
    on(
        "/meta",
        "text/html",
        "<meta charset=shift_jis><title>日本</title>".getBytes(Charset.forName("Shift_JIS")));
    on("/wrong", "text/html; charset=klingon", "<title>hé</title>".getBytes(UTF_8));

    assertThat(title("/header")).isEqualTo("Привет");
    assertThat(title("/meta")).isEqualTo("日本");
    assertThat(title("/wrong")).isEqualTo("hé");
  }

  @Test
  void aRedirectIsFollowedButNotIntoTheHouse() {
    String house = "http://127.0.0.2:" + web.getAddress().getPort();
    html("/secret", "<title>secret</title>");
    redirect("/good", "/next");
    redirect("/next", url("/end"));
    html("/end", "<title>The end</title><meta property=og:image content=" + house + "/secret>");
    redirect("/into", house + "/secret");
    redirect("/file", "file:///etc/passwd");
    redirect("/circle", "/circle");

    assertThat(title("/good")).isEqualTo("The end");
    for (String each :
        List.of(
            url("/into"),
            url("/file"),
            url("/circle"),
            url("/nothing"),
            house + "/secret",
            "http://[fd00::1]/",
            "http://10.0.0.1/")) {
      assertThat(preview(each).expect(502, "M_UNKNOWN").json().path("error").asText())
          .as(each)
          .isEqualTo("The page could not be fetched");
    }
    assertThat(asked).doesNotContain("/secret").filteredOn("/circle"::equals).hasSize(6);
  }

  /// Gateways and servers at home are not for whoever writes a link.
  @Test
  void noLinkLeadsToWhatTheOwnerAllowsForOthers() throws StartFailedException {
    html("/page", "<title>Of the house</title>");
    server.close();
    start("outbound: { allowed-hosts: [ localhost ] }\n");

    alice
        .at(server.base())
        .get(V1 + "?url=" + URLEncoder.encode(url("/page"), UTF_8))
        .expect(502, "M_UNKNOWN");

    assertThat(asked).isEmpty();
  }

  @Test
  void noPageIsAskedForAgainWhateverItSays() {
    StringBuilder long12 = new StringBuilder("<title>Long</title>");
    for (int i = 0; i < 12; i++) {
      long12.append("<meta property=og:x%dimage content=%s>".formatted(i, "\u65e5".repeat(2_048)));
    }
    html("/long", long12.toString());
    on("/cn", "text/html; charset=ISO-2022-CN", "<title>C</title>".getBytes(UTF_8));
    pages.put(
        "/types",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", "x/" + "y".repeat(20_000));
          exchange.sendResponseHeaders(200, -1);
        });

    assertThat(title("/long")).isEqualTo("Long");
    assertThat(title("/long")).isEqualTo("Long");
    assertThat(title("/cn")).isEqualTo("C");
    assertThat(title("/cn")).isEqualTo("C");
    preview(url("/types")).expect(502, "M_UNKNOWN");
    preview(url("/types")).expect(502, "M_UNKNOWN");

    assertThat(asked).containsExactly("/long", "/cn", "/types");
  }

  @Test
  void ofWhatNeverEndsTheBeginningIsRead() {
    pages.put(
        "/endless",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", "text/html");
          exchange.sendResponseHeaders(200, 0);
          OutputStream out = exchange.getResponseBody();
          out.write("<title>For ever</title>".getBytes(UTF_8));
          while (true) {
            out.write("<div><b><p>".repeat(1000).getBytes(UTF_8));
          }
        });
    html("/deep", "<title>Deep</title>" + "<div>".repeat(190_000));
    html("/wide", "<title>Wide</title>" + "<meta property=og:x content=y>".repeat(30_000));
    html("/formatting", "<title>F</title>" + "<a><b><i><table>".repeat(50_000));
    on("/sound", "audio/mpeg", new byte[100]);
    on("/svg", "image/svg+xml", "<svg/>".getBytes(UTF_8));
    html("/bad", "<title>Bad</title><meta property=og:image content=/svg>");

    assertThat(title("/endless")).isEqualTo("For ever");
    assertThat(title("/deep")).isEqualTo("Deep");
    assertThat(title("/wide")).isEqualTo("Wide");
    assertThat(title("/formatting")).isEqualTo("F");
    preview(url("/sound")).expect(502, "M_UNKNOWN");
    assertThat(preview(url("/bad")).expect(200).json().toString())
        .isEqualTo("{\"og:title\":\"Bad\"}");
  }

  @Test
  void whatIsNoAddressOfAPageIsRefused() {
    alice.get(V1).expect(400, "M_MISSING_PARAM");
    alice.get(V1 + "?url=http%3A%2F%2Flocalhost&ts=soon").expect(400, "M_INVALID_PARAM");
    for (String each :
        List.of(
            "",
            "x",
            "file:///etc/passwd",
            "ftp://localhost/",
            "http://",
            "http://alice:secret@localhost/",
            "http://localhost:99999/",
            "javascript:alert(1)",
            "http://localhost/" + "x".repeat(5_000))) {
      preview(each).expect(400, "M_INVALID_PARAM");
    }
    alice.anonymous().get(V1 + "?url=http%3A%2F%2Flocalhost").expect(401, "M_MISSING_TOKEN");
    assertThat(asked).isEmpty();
  }

  @Test
  void whereTheOwnerDoesNotWantItThereIsNone() throws StartFailedException {
    server.close();
    server = new WholeServer(folder);
    server.start();

    alice.at(server.base()).get(V1 + "?url=http%3A%2F%2Flocalhost").expect(404, "M_UNRECOGNIZED");
    assertThat(asked).isEmpty();
  }
}
