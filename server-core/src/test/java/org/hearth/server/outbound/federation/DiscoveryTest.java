package org.hearth.server.outbound.federation;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.DnsServer;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundRequest;
import org.hearth.server.outbound.Outcome;
import org.hearth.server.outbound.PrivateAddresses;
import org.hearth.server.outbound.Response;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.TestInternet.Asked;
import org.hearth.server.outbound.federation.Whereabouts.Step;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.Type;

/// The steps from a name to a server, with a name server, TLS and certificates.
@Timeout(60)
@Tag("long")
class DiscoveryTest {
  /// Where the domain's web server is, which has the well-known file.
  private static final String WEB = "93.184.216.10";

  /// Where the homeserver is.
  private static final String HOME = "93.184.216.20";

  private static final String HOME_6 = "2606:2800:220:1::20";

  @TempDir private Path folder;
  private TestInternet internet;
  private Outbound outbound;
  private Discovery discovery;

  @BeforeEach
  void start() throws Exception {
    internet = new TestInternet(folder);
    outbound = internet.outbound(InstantSource.system());
    discovery =
        new Discovery(outbound, new WellKnown(outbound, InstantSource.system(), new Random(7)));
  }

  @AfterEach
  void stop() throws Exception {
    outbound.close();
    internet.close();
  }

  /// @param wellKnown what the file of example.org names; empty: there is none
  /// @param records `name type data`, beside the address of example.org
  /// @param certified for whom the homeserver has a certificate, and for nobody else
  record Case(
      Step step,
      String name,
      String wellKnown,
      List<String> records,
      String address,
      int port,
      String host,
      String sni,
      String certified) {
    @Override
    public String toString() {
      return step + " " + name + " " + wellKnown;
    }
  }

  static List<Case> cases() {
    List<String> none = List.of();
    return List.of(
        new Case(Step.ADDRESS, HOME, "", none, HOME, 8448, HOME, "", HOME),
        new Case(Step.ADDRESS, HOME + ":443", "", none, HOME, 443, HOME + ":443", "", HOME),
        new Case(
            Step.ADDRESS,
            "[" + HOME_6 + "]",
            "",
            none,
            HOME_6,
            8448,
            "[" + HOME_6 + "]",
            "",
            HOME_6),
        new Case(
            Step.ADDRESS,
            "[2606:2800:0220:0001::20]:1234",
            "",
            none,
            HOME_6,
            1234,
            "[2606:2800:0220:0001::20]:1234",
            "",
            HOME_6),
        new Case(
            Step.PORT,
            "a.example.org:443",
            "x.example.net",
            List.of("a.example.org A " + HOME),
            HOME,
            443,
            "a.example.org:443",
            "a.example.org",
            "a.example.org"),
        new Case(
            Step.PORT,
            "A.Example.Org:1234",
            "",
            List.of("a.example.org CNAME b.example.net.", "b.example.net AAAA " + HOME_6),
            HOME_6,
            1234,
            "A.Example.Org:1234",
            "a.example.org",
            "a.example.org"),
        new Case(Step.DELEGATED_ADDRESS, "example.org", HOME, none, HOME, 8448, HOME, "", HOME),
        new Case(
            Step.DELEGATED_ADDRESS,
            "example.org",
            "[" + HOME_6 + "]:99",
            none,
            HOME_6,
            99,
            "[" + HOME_6 + "]:99",
            "",
            HOME_6),
        new Case(
            Step.DELEGATED_PORT,
            "example.org",
            "m.example.net:443",
            List.of("m.example.net A " + HOME),
            HOME,
            443,
            "m.example.net:443",
            "m.example.net",
            "m.example.net"),
        new Case(
            Step.DELEGATED_SERVICE,
            "example.org",
            "m.example.net",
            List.of(
                "_matrix-fed._tcp.m.example.net SRV 1 1 7777 t.example.com.",
                "_matrix._tcp.m.example.net SRV 1 1 6666 old.example.com.",
                "t.example.com A " + HOME),
            HOME,
            7777,
            "m.example.net",
            "m.example.net",
            "m.example.net"),
        new Case(
            Step.DELEGATED_OLD_SERVICE,
            "example.org",
            "m.example.net",
            List.of(
                "_matrix._tcp.m.example.net SRV 1 1 443 t.example.com.", "t.example.com A " + HOME),
            HOME,
            443,
            "m.example.net",
            "m.example.net",
            "m.example.net"),
        new Case(
            Step.DELEGATED_HOST,
            "example.org",
            "m.example.net",
            List.of("m.example.net A " + HOME, "_matrix-fed._tcp.example.org SRV 1 1 1 x."),
            HOME,
            8448,
            "m.example.net",
            "m.example.net",
            "m.example.net"),
        new Case(
            Step.SERVICE,
            "example.org",
            "",
            List.of(
                "_matrix-fed._tcp.example.org SRV 1 1 7777 t.example.com.",
                "t.example.com AAAA " + HOME_6),
            HOME_6,
            7777,
            "example.org",
            "example.org",
            "example.org"),
        new Case(
            Step.OLD_SERVICE,
            "example.org",
            "",
            List.of(
                "_matrix._tcp.example.org SRV 1 1 8448 t.example.com.", "t.example.com A " + HOME),
            HOME,
            8448,
            "example.org",
            "example.org",
            "example.org"),
        new Case(
            Step.HOST,
            "example.org",
            "",
            none,
            WEB,
            8448,
            "example.org",
            "example.org",
            "example.org"));
  }

  private Outcome reach(String name) throws InterruptedException {
    return switch (discovery.find(ServerName.parse(name))) {
      case Discovered.Nowhere(Failure why) -> why;
      case Whereabouts found ->
          outbound.send(
              OutboundRequest.get(URI.create("https://" + found.authority() + "/_matrix/x?y=%2F"))
                  .at(found.endpoints().getFirst()));
    };
  }

  private void records(List<String> records) {
    for (String each : records) {
      String[] parts = each.split(" ", 3);
      internet.dns.with(parts[0], Type.value(parts[1]), parts[2]);
    }
  }

  private void exampleOrg(String wellKnown) throws Exception {
    internet.dns.address("example.org", WEB);
    internet.serve(
        WEB,
        443,
        List.of("example.org"),
        wellKnown.isEmpty() ? TestInternet.json(404, "{}") : TestInternet.wellKnown(wellKnown));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachStepFindsTheServerAsksItByItsNameAndVerifiesThatName(Case each) throws Exception {
    exampleOrg(each.wellKnown());
    records(each.records());
    internet.serve(
        each.address(), each.port(), List.of(each.certified()), TestInternet.json(200, "{}"));

    assertThat(discovery.find(ServerName.parse(each.name())))
        .isInstanceOfSatisfying(
            Whereabouts.class, found -> assertThat(found.step()).isEqualTo(each.step()));
    Outcome outcome = reach(each.name());

    assertThat(outcome)
        .isInstanceOfSatisfying(
            Response.class,
            response -> {
              assertThat(response.status()).isEqualTo(200);
              assertThat(response.address()).isEqualTo(InetAddress.ofLiteral(each.address()));
            });
    Asked asked = internet.asked().getLast();
    assertThat(asked.line()).isEqualTo("GET /_matrix/x?y=%2F HTTP/1.1");
    assertThat(asked.header("host")).isEqualTo(each.host());
    assertThat(asked.sni()).isEqualTo(each.sni());
    assertThat(internet.dialed().getLast())
        .isEqualTo(new InetSocketAddress(InetAddress.ofLiteral(each.address()), each.port()));
    // Names with a port, and addresses, are asked for no file.
    assertThat(internet.asked("/.well-known/matrix/server"))
        .hasSize(each.name().equals("example.org") ? 1 : 0);
  }

  /// "The target server must present a valid certificate for" whom the step says: of records, not
  /// for their target.
  @ParameterizedTest
  @MethodSource("cases")
  void aCertificateForAnotherNameIsRefusedInEachStep(Case each) throws Exception {
    exampleOrg(each.wellKnown());
    records(each.records());
    internet.serve(
        each.address(),
        each.port(),
        List.of("t.example.com", "x.example.org", "93.184.216.99"),
        TestInternet.json(200, "{}"));

    assertThat(reach(each.name()))
        .isInstanceOfSatisfying(
            Failure.TlsFailed.class,
            failed -> assertThat(failed.why()).isEqualTo(Failure.TlsReason.WRONG_NAME));
    assertThat(internet.asked("/_matrix/x?y=%2F")).isEmpty();
  }

  /// Each way on which a name can lead to an address. `%` stands for the private address or its
  /// name.
  @ParameterizedTest
  @CsvSource({
    "%, '', ''",
    "%:8448, '', ''",
    "private.example.org, '', private.example.org A %",
    "private.example.org:443, '', private.example.org A %",
    "alias.example.org:1, '', alias.example.org CNAME private.example.org.;private.example.org A %",
    "both.example.org:1, '', both.example.org A 93.184.216.20;both.example.org A %",
    "example.org, %, ''",
    "example.org, %:8448, ''",
    "example.org, private.example.org, private.example.org A %",
    "example.org, private.example.org:443, private.example.org A %",
    "example.org, m.example.org, _matrix-fed._tcp.m.example.org SRV 1 1 1 p.example.org.;p.example.org A %",
    "example.org, m.example.org, _matrix._tcp.m.example.org SRV 1 1 1 p.example.org.;p.example.org A %",
    "example.org, '', _matrix-fed._tcp.example.org SRV 1 1 1 p.example.org.;p.example.org A %",
    "example.org, '', _matrix._tcp.example.org SRV 1 1 1 p.example.org.;p.example.org A %",
  })
  void noStepLeadsToAPrivateAddress(String name, String wellKnown, String records)
      throws Exception {
    for (String address : List.of("127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1")) {
      try (TestInternet own = new TestInternet(folder);
          Outbound out = own.outbound(InstantSource.system())) {
        for (String each : records.isEmpty() ? new String[0] : records.split(";", -1)) {
          String[] parts = each.replace("%", address).split(" ", 3);
          own.dns.with(parts[0], Type.value(parts[1]), parts[2]);
        }
        own.dns.address("example.org", WEB);
        own.serve(
            WEB,
            443,
            List.of("example.org"),
            wellKnown.isEmpty()
                ? TestInternet.json(404, "{}")
                : TestInternet.wellKnown(wellKnown.replace("%", address)));
        discovery = new Discovery(out, new WellKnown(out, InstantSource.system(), new Random(7)));
        outbound.close();
        outbound = out;

        assertThat(reach(name.replace("%", address))).isInstanceOf(Failure.AddressBlocked.class);
        assertThat(own.dialed())
            .allSatisfy(
                each -> assertThat(each.getAddress()).isEqualTo(InetAddress.ofLiteral(WEB)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2130706433",
        "127.1",
        "127.0.1:8448",
        "0177.0.0.1",
        "010.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001:1",
        "127.0.0.1.",
        "example.org.",
        "a.0x7f",
        "example.org:0",
        "-.example.org",
        "a..example.org"
      })
  void otherSpellingsAndWhatIsNoNameAreAskedNowhere(String name) throws Exception {
    exampleOrg("");
    ServerName parsed;
    try {
      parsed = ServerName.parse(name);
    } catch (InvalidIdentifierException _) {
      return; // It is no server's name, which is as good.
    }

    assertThat(discovery.find(parsed))
        .isInstanceOfSatisfying(
            Discovered.Nowhere.class,
            each -> assertThat(each.why()).isInstanceOf(Failure.InvalidHost.class));
    assertThat(internet.dialed()).isEmpty();
    assertThat(internet.dns.questions()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"[::1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[fd00::1]:443"})
  void privateAddressesInTheDressOfIpv6AreBlocked(String name) throws Exception {
    assertThat(reach(name)).isInstanceOf(Failure.AddressBlocked.class);
    assertThat(internet.dialed()).isEmpty();
  }

  private static final String BODY = "body%d.example.org";
  private static final String REDIRECT = "redirect%d.example.org";
  private static final String SERVICE = "service%d.example.org";
  private static final String OLD_SERVICE = "old%d.example.org";

  /// Domains that lead, each in one of the ways, to one of those.
  private void domains(List<String> spellings) throws Exception {
    PrivateAddresses.name(internet.dns);
    Map<String, String> files = new HashMap<>();
    Map<String, String> redirects = new HashMap<>();
    List<String> all = new ArrayList<>();
    for (int i = 0; i < spellings.size(); i++) {
      String to = spellings.get(i);
      files.put(BODY.formatted(i), to);
      redirects.put(REDIRECT.formatted(i), to);
      for (String way : List.of(BODY, REDIRECT, SERVICE, OLD_SERVICE)) {
        all.add(way.formatted(i));
        internet.dns.address(way.formatted(i), WEB);
      }
      try {
        String target = "1 1 8448 " + to + ".";
        internet.dns.with("_matrix-fed._tcp." + SERVICE.formatted(i), Type.SRV, target);
        internet.dns.with("_matrix._tcp." + OLD_SERVICE.formatted(i), Type.SRV, target);
      } catch (IllegalArgumentException _) {
        // No record can say this.
      }
    }
    internet.serve(
        WEB,
        443,
        all,
        (asked, out) -> {
          String host = asked.header("host");
          if (files.containsKey(host)) {
            TestInternet.wellKnown(files.get(host)).answer(asked, out);
          } else if (redirects.containsKey(host)) {
            TestInternet.respond(
                out, 302, "Location: https://" + redirects.get(host) + "/\r\n", "");
          } else {
            TestInternet.respond(out, 404, "", "");
          }
        });
  }

  private void reachAll(List<String> spellings) throws Exception {
    for (int i = 0; i < spellings.size(); i++) {
      for (String each :
          List.of(
              spellings.get(i),
              spellings.get(i) + ":8448",
              BODY.formatted(i),
              REDIRECT.formatted(i),
              SERVICE.formatted(i),
              OLD_SERVICE.formatted(i))) {
        try {
          var _ = reach(each);
        } catch (InvalidIdentifierException _) {
          // It is no server's name, which is as good.
        }
      }
    }
  }

  /// Row 106 and what [#noStepLeadsToAPrivateAddress] says, for every way to write an address.
  @Test
  void noSpellingOfAPrivateAddressIsConnectedToOnAnyWay() throws Exception {
    List<String> spellings = PrivateAddresses.all().toList();
    domains(spellings);

    reachAll(spellings);

    // Both the well-known file and, where there is none, the host itself are at the web server.
    assertThat(internet.dialed())
        .extracting(each -> each.getAddress().getHostAddress())
        .containsOnly(WEB);
    assertThat(internet.asked("/.well-known/matrix/server").size())
        .isGreaterThanOrEqualTo(4 * spellings.size() - 10);
  }

  /// The same ways lead there where the owner wants it.
  @Test
  void whatTheOwnerAllowsIsConnectedToOnEachWay() throws Exception {
    outbound.close();
    outbound =
        internet.outbound(InstantSource.system(), Set.of("127.0.0.1", "private4.example.org"));
    discovery =
        new Discovery(outbound, new WellKnown(outbound, InstantSource.system(), new Random(7)));
    domains(List.of("127.0.0.1", "private4.example.org"));
    for (String each :
        List.of(
            "127.0.0.1",
            "private4.example.org:1",
            BODY.formatted(0),
            REDIRECT.formatted(0),
            SERVICE.formatted(1),
            OLD_SERVICE.formatted(1))) {
      int before = internet.dialed().size();

      var _ = reach(each);

      assertThat(internet.dialed().subList(before, internet.dialed().size()))
          .as(each)
          .extracting(dialed -> dialed.getAddress().getHostAddress())
          .contains("127.0.0.1");
    }
  }

  /// The address is looked up once for a connection, checked, and that very one connected to: what
  /// the name server says a moment later leads nowhere.
  @Test
  void whatWasCheckedIsWhatIsConnectedTo() throws Exception {
    internet.dns.making(question ->
        DnsServer.rebinding(internet.dns, question, "r.example.org", HOME, "127.0.0.1"));
    internet.serve(HOME, 443, List.of("r.example.org"), TestInternet.json(200, "{}"));

    assertThat(reach("r.example.org:443")).isInstanceOf(Response.class);

    assertThat(internet.dns.questions().stream().filter(each -> each.equals("A r.example.org")))
        .hasSize(1);
    assertThat(internet.dialed())
        .containsExactly(new InetSocketAddress(InetAddress.ofLiteral(HOME), 443));
  }

  @Test
  void aDomainMaySayThatNobodyServesIt() throws Exception {
    exampleOrg("");
    records(List.of("_matrix-fed._tcp.example.org SRV 0 0 0 ."));

    assertThat(reach("example.org"))
        .isInstanceOfSatisfying(
            Failure.NameNotFound.class, each -> assertThat(each.reason()).contains("nobody"));
  }

  @Test
  void aliasesInACircleLeadNowhere() throws Exception {
    records(List.of("a.example.org CNAME b.example.org.", "b.example.org CNAME a.example.org."));

    assertThat(reach("a.example.org:443"))
        .isInstanceOfSatisfying(
            Failure.NameNotFound.class, each -> assertThat(each.reason()).contains("aliases"));
  }
}
