package org.hearth.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.Type;

@Timeout(60)
@Tag("long")
class NameServersTest {
  @TempDir private Path folder;
  private Instant now = Instant.parse("2026-03-01T04:00:00Z");
  private DnsServer dns;
  private NameServers asking;

  @BeforeEach
  void start() throws Exception {
    dns = DnsServer.start();
    asking = NameServers.at(List.of(dns.address()), () -> now, new Random(7));
  }

  @AfterEach
  void stop() throws Exception {
    dns.close();
  }

  private List<String> addresses(String name) throws Exception {
    return asking.addresses(name).stream().map(InetAddress::getHostAddress).toList();
  }

  private static void assertNotFound(ThrowingCallable lookup, String why) {
    assertThatThrownBy(lookup)
        .isInstanceOfSatisfying(
            FailureException.class,
            each ->
                assertThat(each.failure())
                    .isInstanceOfSatisfying(
                        Failure.NameNotFound.class,
                        failure -> assertThat(failure.reason()).contains(why)));
  }

  @Test
  void addressesOfBothKindsAreFoundBehindAliases() throws Exception {
    dns.with("www.example.org", Type.CNAME, "host.example.net.")
        .address("host.example.net", "192.0.2.1")
        .address("host.example.net", "2001:db8::1");

    assertThat(addresses("www.example.org")).containsExactly("192.0.2.1", "2001:db8:0:0:0:0:0:1");
  }

  @Test
  void theFileOfHostsComesFirstForBothKinds() throws Exception {
    Path hosts = Files.writeString(folder.resolve("hosts"), "10.0.0.7 nas.home.example NAS\n");
    asking = NameServers.at(List.of(dns.address()), hosts, () -> now, new Random(7));
    dns.address("nas.home.example", "192.0.2.1").address("nas.home.example", "2001:db8::1");
    dns.address("other.example.org", "192.0.2.2");

    assertThat(addresses("nas.home.example")).containsExactly("10.0.0.7");
    assertThat(dns.questions()).isEmpty();
    assertThat(addresses("other.example.org")).containsExactly("192.0.2.2");
  }

  @Test
  void namesOfTheHomeAreAskedOfTheSystem() throws Exception {
    List<String> ofSystem = new CopyOnWriteArrayList<>();
    Resolver system =
        name -> {
          ofSystem.add(name);
          return List.of(InetAddress.ofLiteral("10.0.0.1"));
        };
    dns.address("public.example.org", "10.0.0.2");
    try (Outbound outbound =
        Outbound.start(
            OutboundOptions.defaults(), system, asking, Dialer.DIRECT, InstantSource.system())) {
      for (String each : List.of("nas", "printer.local", "app.localhost", "public.example.org")) {
        assertThat(outbound.send(OutboundRequest.get(URI.create("https://" + each + "/"))))
            .isInstanceOf(Failure.AddressBlocked.class);
      }
    }

    assertThat(ofSystem).containsExactly("nas", "printer.local", "app.localhost");
    assertThat(dns.questions())
        .containsExactlyInAnyOrder("A public.example.org", "AAAA public.example.org");
  }

  @Test
  void whatDoesNotExistIsSaidToBeSo() {
    dns.with("text.example.org", Type.TXT, "nothing else");

    assertNotFound(() -> addresses("nobody.example.org"), "does not exist");
    assertNotFound(() -> addresses("text.example.org"), "record");
  }

  @Test
  void aliasesInACircleEnd() {
    dns.with("a.example.org", Type.CNAME, "b.example.org.")
        .with("b.example.org", Type.CNAME, "a.example.org.");

    assertNotFound(() -> addresses("a.example.org"), "aliases");
  }

  @Test
  void aliasesWithoutEndEnd() {
    for (int i = 0; i < 30; i++) {
      dns.with("n" + i + ".example.org", Type.CNAME, "n" + (i + 1) + ".example.org.");
    }

    assertNotFound(() -> addresses("n0.example.org"), "aliases");
  }

  @Test
  void longAnswersComeOverTcpAndAreCut() throws Exception {
    for (int i = 0; i < 200; i++) {
      dns.address("many.example.org", "192.0.2." + i);
    }

    assertThat(addresses("many.example.org")).hasSize(NameServers.RECORDS);
  }

  @Test
  void answersAreRememberedAsLongAsTheySay() throws Exception {
    dns.with("a.example.org", Type.A, 60, "192.0.2.1");
    assertThat(addresses("a.example.org")).containsExactly("192.0.2.1");
    dns.without("a.example.org");
    dns.with("a.example.org", Type.A, 60, "192.0.2.2");

    now = now.plusSeconds(59);
    assertThat(addresses("a.example.org")).containsExactly("192.0.2.1");
    now = now.plusSeconds(2);
    assertThat(addresses("a.example.org")).containsExactly("192.0.2.2");
    // Ten minutes at most, whatever it says.
    dns.without("a.example.org");
    dns.with("a.example.org", Type.A, 1_000_000, "192.0.2.3");
    now = now.plusSeconds(61);
    assertThat(addresses("a.example.org")).containsExactly("192.0.2.3");
    dns.without("a.example.org");
    dns.address("a.example.org", "192.0.2.4");
    now = now.plus(Duration.ofMinutes(11));
    assertThat(addresses("a.example.org")).containsExactly("192.0.2.4");
  }

  @Test
  void whatDoesNotExistIsRememberedForAMoment() throws Exception {
    assertNotFound(() -> addresses("late.example.org"), "does not exist");
    dns.address("late.example.org", "192.0.2.1");

    assertNotFound(() -> addresses("late.example.org"), "does not exist");
    now = now.plus(Duration.ofMinutes(2));
    assertThat(addresses("late.example.org")).containsExactly("192.0.2.1");
  }

  /// More names of one zone are asked for than questions may be under way.
  @Test
  void silentNameServersHoldNobodyElseUp() throws Exception {
    dns.silentFor("silent.test");
    dns.address("good.example.org", "192.0.2.1");
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> waiting = new ArrayList<>();
      for (int i = 0; i < 2 * NameServers.UNDER_WAY; i++) {
        String name = "n" + i + ".silent.test";
        waiting.add(callers.submit(() -> asking.addresses(name)));
      }
      while (dns.questions().size() < NameServers.PER_ZONE) {
        Thread.onSpinWait();
      }

      assertThat(addresses("good.example.org")).containsExactly("192.0.2.1");
      waiting.forEach(each -> each.cancel(true));
    }
  }

  /// Their zone could let them all ask within minutes only.
  @Test
  void whoeverAsksWaitsForTheTurnNoLongerThanForAnAnswer() throws Exception {
    dns.silentFor("silent.test");
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Services>> waiting = new ArrayList<>();
      for (int i = 0; i < 20 * NameServers.PER_ZONE; i++) {
        String name = "_x._tcp.n" + i + ".silent.test";
        waiting.add(callers.submit(() -> asking.services(name)));
      }

      List<Services> answers = new ArrayList<>();
      for (Future<Services> each : waiting) {
        answers.add(each.get());
      }
      assertThat(answers)
          .contains(new Services.Unavailable("too many names of silent.test are being looked up"));
    }
  }

  @Test
  void silenceIsAFailureOfItsOwn() throws Exception {
    dns.silentFor("silent.test");

    assertNotFound(() -> addresses("a.silent.test"), "no name server answered");
    assertThat(asking.services("_matrix-fed._tcp.silent.test"))
        .isInstanceOf(Services.Unavailable.class);
  }

  @Test
  void servicesComeByPriorityAndThenByWeight() throws Exception {
    dns.with("_x._tcp.example.org", Type.SRV, "20 0 8448 last.example.org.")
        .with("_x._tcp.example.org", Type.SRV, "10 0 8448 seldom.example.org.")
        .with("_x._tcp.example.org", Type.SRV, "10 65535 443 Often.Example.Org.");
    int often = 0;
    Set<Endpoint> last = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      List<Endpoint> found = ((Services.Served) asking.services("_x._tcp.example.org")).endpoints();
      often += found.getFirst().equals(new Endpoint("often.example.org", 443)) ? 1 : 0;
      last.add(found.getLast());
    }

    assertThat(often).isGreaterThan(95);
    assertThat(last).containsExactly(new Endpoint("last.example.org", 8448));
  }

  @Test
  void noServiceIsNotTheSameAsNobodyServing() throws Exception {
    dns.with("_none._tcp.example.org", Type.SRV, "0 0 0 .").failingFor("broken.test");

    assertThat(asking.services("_none._tcp.example.org")).isInstanceOf(Services.Unavailable.class);
    assertThat(asking.services("_missing._tcp.example.org")).isInstanceOf(Services.None.class);
    // Name servers that fail at types they do not know are no reason not to ask for addresses.
    assertThat(asking.services("_x._tcp.broken.test")).isInstanceOf(Services.None.class);
  }
}
