package org.hearth.server.certificates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.hearth.server.configuration.ConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The authority of a home, and what it certifies.
class HomeAuthorityTest {
  private static final String NAME = "hearth.test";
  private static final Hosts HOSTS = hosts(List.of(NAME, "localhost"), "127.0.0.1", "192.168.1.20");

  @TempDir Path folder;
  private final SecureRandom random = new SecureRandom();
  private Instant now = Instant.parse("2026-12-01T00:00:00Z");

  private HomeAuthority open() throws Exception {
    return HomeAuthority.open(folder, NAME, () -> now, random);
  }

  private static Hosts hosts(List<String> names, String... addresses) {
    return new Hosts(names, Stream.of(addresses).map(InetAddress::ofLiteral).toList());
  }

  private List<X509Certificate> chain() throws Exception {
    try (InputStream in = Files.newInputStream(HomeAuthority.certificate(folder))) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
          .map(X509Certificate.class::cast)
          .toList();
    }
  }

  private List<String> certified() throws Exception {
    return chain().getFirst().getSubjectAlternativeNames().stream()
        .map(name -> String.valueOf(name.get(1)))
        .toList();
  }

  /// As a device does that was told of the authority, and that minds what it may certify.
  private void check(X509Certificate certificate, String authority) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    X509Certificate root =
        (X509Certificate)
            factory.generateCertificate(
                new ByteArrayInputStream(authority.getBytes(StandardCharsets.US_ASCII)));
    byte[] constraints =
        ASN1OctetString.getInstance(root.getExtensionValue("2.5.29.30")).getOctets();
    PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, constraints)));
    parameters.setRevocationEnabled(false);
    parameters.setDate(Date.from(now));
    // Java minds no constraints of a root; Bouncy Castle does, as browsers and phones do.
    CertPathValidator.getInstance("PKIX", new BouncyCastleProvider())
        .validate(factory.generateCertPath(List.of(certificate)), parameters);
  }

  @Test
  void certifiesTheServerForThoseWhoTrustIt() throws Exception {
    HomeAuthority authority = open();

    assertThat(authority.certify(HOSTS)).isTrue();

    X509Certificate own = chain().getFirst();
    check(own, authority.pem());
    assertThat(certified()).containsExactly(NAME, "localhost", "127.0.0.1", "192.168.1.20");
    assertThat(own.getSubjectX500Principal().getName()).contains("CN=" + NAME);
    assertThat(chain()).hasSize(2);
    assertThat(authority.pem()).contains("BEGIN CERTIFICATE").doesNotContain("PRIVATE");
    // Phones refuse those of more than 398 days.
    assertThat(Duration.between(own.getNotBefore().toInstant(), own.getNotAfter().toInstant()))
        .isLessThan(Duration.ofDays(398));
  }

  /// Whoever steals the key could otherwise be everybody's bank.
  @Test
  void whatItSignsForTheWorldIsNotTrusted() throws Exception {
    HomeAuthority authority = open();
    Certified own = Certified.read(Files.readString(HomeAuthority.file(folder)));
    for (Hosts world :
        List.of(hosts(List.of("bank.test")), hosts(List.of("localhost"), "192.0.2.1"))) {
      X509Certificate certificate = Issuing.server(own, NAME, world, now, random).certificate();

      assertThatThrownBy(() -> check(certificate, authority.pem()))
          .isInstanceOf(CertPathValidatorException.class);
    }
  }

  @Test
  void leavesOutWhatItMayNotCertify() throws Exception {
    open()
        .certify(
            hosts(
                List.of("bank.test", "chat." + NAME, "Pi.local", "nothearth.test"),
                "192.0.2.1",
                "100.64.0.7",
                "2001:db8::1",
                "fd00::1"));

    assertThat(certified())
        .containsExactly("chat." + NAME, "pi.local", "100.64.0.7", "fd00:0:0:0:0:0:0:1");
  }

  @Test
  void aServerThatIsNamedByAnAddressIsCertifiedForIt() throws Exception {
    HomeAuthority authority = HomeAuthority.open(folder, "10.0.0.7", () -> now, random);

    authority.certify(hosts(List.of("10.0.0.7"), "10.0.0.7"));

    check(chain().getFirst(), authority.pem());
    assertThat(certified()).containsExactly("10.0.0.7");
  }

  @Test
  void staysTheSameAndCertifiesAnewWhenThatIsWanted() throws Exception {
    HomeAuthority first = open();
    first.certify(HOSTS);
    HomeAuthority again = open();

    assertThat(again.fingerprint()).isEqualTo(first.fingerprint());
    assertThat(again.certify(HOSTS)).isFalse();
    assertThat(again.certify(hosts(List.of(NAME), "127.0.0.1"))).isFalse();
    // The computer has got another address.
    Hosts moved = hosts(List.of(NAME), "192.168.1.21");
    assertThat(again.certify(moved)).isTrue();
    now = now.plus(Duration.ofDays(258));
    assertThat(again.certify(moved)).isFalse();
    // Two thirds of its life are over.
    now = now.plus(Duration.ofDays(2));
    assertThat(again.certify(moved)).isTrue();
    check(chain().getFirst(), first.pem());
  }

  @Test
  void aComputerThatHasGotAnotherAddressIsCertifiedAnewWhileItServes() throws Exception {
    HomeAuthority authority = open();
    authority.certify(HOSTS);
    AtomicReference<Hosts> called = new AtomicReference<>(HOSTS);
    AtomicInteger renewed = new AtomicInteger();
    try (Renewal renewal = new Renewal(authority, called::get, renewed::incrementAndGet)) {
      renewal.look();
      assertThat(renewed).hasValue(0);

      called.set(hosts(List.of(NAME), "192.168.1.99"));
      renewal.look();

      assertThat(renewed).hasValue(1);
      assertThat(certified()).contains("192.168.1.99");
    }
  }

  @Test
  void aCertificateThatIsNotWholeIsMadeAnew() throws Exception {
    HomeAuthority authority = open();
    for (Path file : List.of(HomeAuthority.certificate(folder), HomeAuthority.privateKey(folder))) {
      authority.certify(HOSTS);
      String before = Files.readString(file);
      assertThat(authority.certify(hosts(List.of("chat." + NAME)))).isTrue();
      // A crash between the two leaves the key of another.
      Files.writeString(file, before);
      assertThat(authority.certify(HOSTS)).isTrue();
      Files.writeString(file, "nonsense");
      assertThat(authority.certify(HOSTS)).isTrue();
      Files.delete(file);
      assertThat(authority.certify(HOSTS)).isTrue();
    }
    Files.delete(HomeAuthority.file(folder));
    HomeAuthority other = open();
    assertThat(other.certify(HOSTS)).isTrue();
    check(chain().getFirst(), other.pem());
  }

  @Test
  void anAuthorityThatCannotBeReadIsNotReplaced() throws Exception {
    open();
    for (String damaged :
        List.of("", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")) {
      Files.writeString(HomeAuthority.file(folder), damaged);

      assertThatThrownBy(this::open)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("authority.pem")
          .hasMessageContaining("Put it back from a backup");
      assertThat(HomeAuthority.file(folder)).content().isEqualTo(damaged);
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void itsFilesAreForTheServersUserOnly() throws Exception {
    open().certify(HOSTS);

    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files)
          .hasSize(3)
          .allSatisfy(file ->
              assertThat(Files.getPosixFilePermissions(file))
                  .isEqualTo(PosixFilePermissions.fromString("rw-------")));
    }
  }
}
