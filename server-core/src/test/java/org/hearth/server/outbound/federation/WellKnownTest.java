package org.hearth.server.outbound.federation;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.TestInternet.Script;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The file by which a host names another, how long it counts, and what hostile hosts do with it.
@Timeout(60)
@Tag("long")
class WellKnownTest {
  private static final String WEB = "93.184.216.10";
  private static final String PATH = "/.well-known/matrix/server";
  private static final String FILE = "{\"m.server\": \"m.example.net:443\"}";

  /// The least of what it may choose: waits of four fifths.
  private static final RandomGenerator LEAST = () -> 0;

  @TempDir private Path folder;
  private volatile Instant now = Instant.parse("2026-03-01T04:00:00Z");
  private TestInternet internet;
  private Outbound outbound;
  private WellKnown wellKnown;

  @BeforeEach
  void start() throws Exception {
    internet = new TestInternet(folder);
    outbound = internet.outbound(() -> now);
    wellKnown = new WellKnown(outbound, () -> now, LEAST);
    internet.dns.address("example.org", WEB);
  }

  @AfterEach
  void stop() throws Exception {
    outbound.close();
    internet.close();
  }

  private void serve(Script script) throws Exception {
    internet.serve(WEB, 443, List.of("example.org"), script);
  }

  private static Script saying(String headers, String body) {
    return (_, out) -> TestInternet.respond(out, 200, headers, body);
  }

  private Optional<String> named() throws Exception {
    return wellKnown.of("example.org").delegated().map(ServerName::value);
  }

  private void assertAskedAgainAfter(Duration time) throws Exception {
    var _ = wellKnown.of("example.org");
    int before = internet.asked(PATH).size();
    now = now.plus(time).minusSeconds(1);
    var _ = wellKnown.of("Example.ORG");
    assertThat(internet.asked(PATH)).as("just before").hasSize(before);
    now = now.plusSeconds(1);
    var _ = wellKnown.of("example.org");
    assertThat(internet.asked(PATH)).as("just then").hasSize(before + 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "- | PT24H",
        "Cache-Control: max-age=3600 | PT1H",
        "cache-control: public, Max-Age=\"7200\" | PT2H",
        "Cache-Control: max-age=3600;Age: 600 | PT50M",
        "Cache-Control: max-age=3600;Expires: Sun, 01 Mar 2026 09:00:00 GMT | PT1H",
        "Cache-Control: max-age=999999999 | PT48H",
        "Cache-Control: max-age=99999999999999999999999 | PT48H",
        "Cache-Control: max-age=-5 | PT24H",
        "Cache-Control: max-age=soon | PT24H",
        "Cache-Control: max-age=0 | PT5M",
        "Cache-Control: no-store | PT5M",
        "Cache-Control: no-cache, max-age=3600 | PT5M",
        "Cache-Control: public | PT24H",
        "Expires: Sun, 01 Mar 2026 09:00:00 GMT | PT5H",
        "Expires: Sun, 01 Mar 2026 09:00:00 GMT;Date: Sun, 01 Mar 2026 07:00:00 GMT | PT2H",
        "Expires: Sun, 01 Mar 2099 09:00:00 GMT | PT48H",
        "Expires: Sun, 01 Mar 2020 09:00:00 GMT | PT5M",
        "Expires: 0 | PT5M",
      })
  void aFileCountsAsLongAsItSaysWithinBounds(String headers, Duration counts) throws Exception {
    String lines = headers == null ? "" : headers.replace(";", "\r\n") + "\r\n";
    serve(saying(lines, FILE));

    assertThat(named()).contains("m.example.net:443");
    assertAskedAgainAfter(counts);
  }

  @Test
  void errorsCountLongerAndLongerUpToAnHour() throws Exception {
    serve(TestInternet.json(404, FILE));

    List<Duration> counts =
        List.of(1, 2, 4, 8, 16, 32, 60, 60).stream()
            .map(each -> Duration.ofMinutes(each).multipliedBy(80).dividedBy(100))
            .toList();
    for (Duration each : counts) {
      assertAskedAgainAfter(each);
      assertThat(named()).isEmpty();
    }
  }

  @Test
  void aValidFileEndsTheErrors() throws Exception {
    serve(TestInternet.json(404, ""));
    assertThat(named()).isEmpty();
    internet.end(WEB, 443);
    serve(saying("Cache-Control: max-age=600\r\n", FILE));
    now = now.plus(Duration.ofHours(1));
    assertThat(named()).contains("m.example.net:443");
    internet.end(WEB, 443);
    now = now.plus(Duration.ofHours(1));

    assertThat(named()).isEmpty();
    serve(TestInternet.json(404, ""));
    assertAskedAgainAfter(WellKnown.FIRST_ERROR.multipliedBy(80).dividedBy(100));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "null",
        "nonsense",
        "{}",
        "{\"m.server\": 5}",
        "{\"m.server\": \"\"}",
        "{\"m.server\": \"a b\"}",
        "{\"m.server\": \"https://m.example.net\"}",
        "{\"m.server\": \"m.example.net:0\"}",
        "{\"m.server\": \"m.example.net:65536\"}",
        "{\"m.server\": \"m.example.net\", \"m.server\": \"n.example.net\"}"
      })
  void whatIsNoFileNamesNobody(String body) throws Exception {
    serve(saying("", body));

    assertThat(named()).isEmpty();
  }

  @Test
  void deepJsonNamesNobody() throws Exception {
    serve(
        saying(
            "",
            "{\"m.server\": \"m.example.net\", \"x\": "
                + "[".repeat(10_000)
                + "]".repeat(10_000)
                + "}"));

    assertThat(named()).isEmpty();
  }

  @Test
  void aFileMayBeAnyTypeAndBehindRedirects() throws Exception {
    internet.dns.address("www.example.org", "93.184.216.11");
    serve(
        (_, out) -> TestInternet.respond(out, 301, "Location: https://www.example.org/a\r\n", ""));
    internet.serve(
        "93.184.216.11",
        443,
        List.of("www.example.org"),
        (asked, out) -> {
          if (asked.line().startsWith("GET /a ")) {
            TestInternet.respond(out, 308, "Location: b?c\r\n", "");
          } else {
            TestInternet.respond(out, 200, "Content-Type: text/plain\r\n", FILE);
          }
        });

    assertThat(named()).contains("m.example.net:443");
    assertThat(internet.asked("/b?c")).hasSize(1);
  }

  @Test
  void redirectsWithoutEndEnd() throws Exception {
    serve((_, out) -> TestInternet.respond(out, 302, "Location: " + PATH + "\r\n", ""));

    assertThat(named()).isEmpty();
    assertThat(internet.asked(PATH)).hasSize(WellKnown.REDIRECTS + 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://127.0.0.1/",
        "https://127.0.0.1:8448/",
        "https://[::1]/",
        "https://2130706433/",
        "https://private.example.org/",
        "https://localhost/",
        "http://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "//10.0.0.1/",
        "https://user@example.org/",
        "https:///",
        "::::"
      })
  void noRedirectLeadsWhereNobodyIsToGo(String location) throws Exception {
    internet.dns.address("private.example.org", "10.0.0.1");
    serve((_, out) -> TestInternet.respond(out, 302, "Location: " + location + "\r\n", ""));

    assertThat(named()).isEmpty();
    assertThat(internet.dialed())
        .hasSize(1)
        .allSatisfy(each -> assertThat(each.getAddress()).isEqualTo(InetAddress.ofLiteral(WEB)));
  }

  @Test
  void aFileWithoutEndIsCutOff() throws Exception {
    CountDownLatch cut = new CountDownLatch(1);
    serve((_, out) -> {
      out.write(
          "HTTP/1.1 200 OK\r\n\r\n{\"m.server\": \"m.example.net\", \"x\": \""
              .getBytes(ISO_8859_1));
      try {
        while (true) {
          out.write(new byte[1_000]);
        }
      } finally {
        cut.countDown();
      }
    });

    assertThat(wellKnown.of("example.org"))
        .satisfies(each -> {
          assertThat(each.delegated()).isEmpty();
          assertThat(each.found()).contains("more than 51200 bytes");
        });
    assertThat(cut.await(30, TimeUnit.SECONDS)).isTrue();
  }

  /// A byte now and then: each comes in time, all together do not.
  @Test
  void aFileThatDripsIsGivenUp() throws Exception {
    wellKnown = new WellKnown(outbound, Duration.ofSeconds(1), () -> now, LEAST);
    CountDownLatch over = new CountDownLatch(1);
    serve((_, out) -> drip(out, over));

    assertThat(wellKnown.of("example.org"))
        .satisfies(each -> {
          assertThat(each.delegated()).isEmpty();
          assertThat(each.found()).contains("it took longer");
        });
    over.countDown();
  }

  private static void drip(OutputStream out, CountDownLatch over) throws Exception {
    out.write("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n{".getBytes(ISO_8859_1));
    while (!over.await(20, TimeUnit.MILLISECONDS)) {
      out.write(' ');
      out.flush();
    }
  }

  @Test
  void whoeverWaitsForTheSameFileSharesOneRequest() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    serve((_, out) -> {
      asked.countDown();
      answer.await();
      TestInternet.respond(out, 200, "", FILE);
    });
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Optional<String>>> all = new ArrayList<>();
      Callable<Optional<String>> one = this::named;
      for (int i = 0; i < 20; i++) {
        all.add(callers.submit(one));
      }
      assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
      answer.countDown();

      for (Future<Optional<String>> each : all) {
        assertThat(each.get(30, TimeUnit.SECONDS)).contains("m.example.net:443");
      }
      assertThat(internet.asked(PATH)).hasSize(1);
    }
  }
}
