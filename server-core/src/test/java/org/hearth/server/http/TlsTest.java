package org.hearth.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.hearth.server.http.connection.ConnectionLimits;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.http.connection.UnusableKeyException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("long")
class TlsTest {
  @TempDir private Path folder;

  /// How a private key can be written down.
  enum KeyForm {
    RSA_PKCS8("RSA", "SHA256withRSA"),
    RSA_PKCS1("RSA", "SHA256withRSA"),
    EC_PKCS8("EC", "SHA256withECDSA"),
    EC_SEC1("EC", "SHA256withECDSA"),
    EC_SEC1_AFTER_PARAMETERS("EC", "SHA256withECDSA"),
    ED25519_PKCS8("Ed25519", "Ed25519");

    private final String algorithm;
    private final String signature;

    KeyForm(String algorithm, String signature) {
      this.algorithm = algorithm;
      this.signature = signature;
    }

    KeyPair generate() throws GeneralSecurityException {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      if (algorithm.equals("RSA")) {
        generator.initialize(2048);
      } else if (algorithm.equals("EC")) {
        generator.initialize(256);
      }
      return generator.generateKeyPair();
    }
  }

  private X509Certificate write(KeyForm form, String commonName) throws Exception {
    return write(form, form.generate(), commonName);
  }

  private X509Certificate write(KeyForm form, KeyPair keys, String commonName) throws Exception {
    X500Name name = new X500Name("CN=" + commonName);
    Instant now = Instant.now();
    X509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name,
            BigInteger.ONE,
            Date.from(now.minus(1, ChronoUnit.DAYS)),
            Date.from(now.plus(1, ChronoUnit.DAYS)),
            name,
            keys.getPublic());
    builder.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")));
    X509Certificate certificate =
        new JcaX509CertificateConverter()
            .getCertificate(
                builder.build(
                    new JcaContentSignerBuilder(form.signature).build(keys.getPrivate())));
    try (JcaPEMWriter pem = new JcaPEMWriter(Files.newBufferedWriter(certificateFile()))) {
      pem.writeObject(certificate);
    }
    PrivateKeyInfo info = PrivateKeyInfo.getInstance(keys.getPrivate().getEncoded());
    try (JcaPEMWriter pem = new JcaPEMWriter(Files.newBufferedWriter(keyFile()))) {
      switch (form) {
        case RSA_PKCS8, EC_PKCS8, ED25519_PKCS8 ->
            pem.writeObject(new PemObject("PRIVATE KEY", info.getEncoded()));
        case RSA_PKCS1 ->
            pem.writeObject(
                new PemObject(
                    "RSA PRIVATE KEY", info.parsePrivateKey().toASN1Primitive().getEncoded()));
        case EC_SEC1, EC_SEC1_AFTER_PARAMETERS -> {
          if (form == KeyForm.EC_SEC1_AFTER_PARAMETERS) {
            pem.writeObject(
                new PemObject(
                    "EC PARAMETERS",
                    info.getPrivateKeyAlgorithm().getParameters().toASN1Primitive().getEncoded()));
          }
          var key = org.bouncycastle.asn1.sec.ECPrivateKey.getInstance(info.parsePrivateKey());
          var whole =
              new org.bouncycastle.asn1.sec.ECPrivateKey(
                  256, key.getKey(), info.getPrivateKeyAlgorithm().getParameters());
          pem.writeObject(new PemObject("EC PRIVATE KEY", whole.getEncoded()));
        }
      }
    }
    return certificate;
  }

  private Path certificateFile() {
    return folder.resolve("cert.pem");
  }

  private Path keyFile() {
    return folder.resolve("key.pem");
  }

  private TestServer start() {
    return start(HttpLimits.standard());
  }

  private TestServer start(HttpLimits limits) {
    Listener listener =
        new Listener(
            InetAddress.getLoopbackAddress(),
            0,
            Optional.of(new Listener.Tls(certificateFile(), keyFile())));
    return new TestServer(
        HttpOptions.standard(List.of(Listener.loopback(0), listener)).with(limits),
        new DiscoveryRoutes(DiscoveryRoutes.Whereabouts.unknown(), "1"));
  }

  private static SSLContext trusting(X509Certificate certificate) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("it", certificate);
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }

  private static int tlsPort(TestServer server) {
    return server.server().addresses().get(1).getPort();
  }

  private static HttpResponse<String> versions(TestServer server, X509Certificate certificate)
      throws Exception {
    try (HttpClient client = HttpClient.newBuilder().sslContext(trusting(certificate)).build()) {
      return client.send(
          HttpRequest.newBuilder(
                  URI.create("https://127.0.0.1:" + tlsPort(server) + "/_matrix/client/versions"))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @ParameterizedTest
  @EnumSource
  void takesKeysInEveryUsualForm(KeyForm form) throws Exception {
    X509Certificate certificate = write(form, "one");
    try (TestServer server = start()) {
      HttpResponse<String> response = versions(server, certificate);

      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).contains("versions");
      assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
      // The plain listener beside it.
      server.client().get("/_matrix/client/versions").expect(200);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RSA_PKCS8", "EC_PKCS8"})
  void speaksBothVersionsThatAreSecure(KeyForm form) throws Exception {
    X509Certificate certificate = write(form, "one");
    try (TestServer server = start()) {
      for (String version : List.of("TLSv1.2", "TLSv1.3")) {
        try (SSLSocket socket =
            (SSLSocket)
                trusting(certificate)
                    .getSocketFactory()
                    .createSocket(InetAddress.getLoopbackAddress(), tlsPort(server))) {
          socket.setEnabledProtocols(new String[] {version});
          socket.startHandshake();

          assertThat(socket.getSession().getProtocol()).isEqualTo(version);
        }
      }
    }
  }

  @Test
  void presentsTheNewCertificateAfterAReload() throws Exception {
    X509Certificate first = write(KeyForm.EC_PKCS8, "first");
    try (TestServer server = start()) {
      assertThat(versions(server, first).statusCode()).isEqualTo(200);
      X509Certificate second = write(KeyForm.RSA_PKCS1, "second");

      server.server().reloadTls();

      assertThat(versions(server, second).statusCode()).isEqualTo(200);
      assertThatThrownBy(() -> versions(server, first)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void keepsTheOldCertificateWhenTheNewOneIsBroken() throws Exception {
    X509Certificate first = write(KeyForm.EC_PKCS8, "first");
    try (TestServer server = start()) {
      Files.writeString(keyFile(), "nonsense");

      assertThatThrownBy(() -> server.server().reloadTls())
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("key.pem has no private key");

      assertThat(versions(server, first).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void refusesAKeyThatIsNotTheCertificates() throws Exception {
    write(KeyForm.EC_PKCS8, "first");
    byte[] certificate = Files.readAllBytes(certificateFile());
    write(KeyForm.EC_PKCS8, "second");
    Files.write(certificateFile(), certificate);

    assertThatThrownBy(this::start)
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("is not the private key of the first certificate in");
  }

  @Test
  void namesTheFileThatIsMissing() {
    assertThatThrownBy(this::start)
        .isInstanceOf(UnusableKeyException.class)
        .hasMessageContaining("cert.pem");
  }

  @Test
  @Timeout(60)
  @DisabledOnOs(OS.WINDOWS)
  void doesNotWaitForTheOtherEndOfAPipe() throws Exception {
    write(KeyForm.EC_PKCS8, "one");
    Files.delete(keyFile());
    assertThat(new ProcessBuilder("mkfifo", keyFile().toString()).start().waitFor()).isZero();

    assertThatThrownBy(this::start)
        .isInstanceOf(UnusableKeyException.class)
        .hasMessageContaining("key.pem is no file");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u00ff\u00fe",
        "-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMAYCAQAwAQQA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n"
      })
  void namesTheFileThatHoldsNoKey(String junk) throws Exception {
    write(KeyForm.EC_PKCS8, "one");
    Files.write(keyFile(), junk.getBytes(StandardCharsets.ISO_8859_1));

    assertThatThrownBy(this::start)
        .isInstanceOf(UnusableKeyException.class)
        .hasMessageContaining("key.pem has no ")
        .hasMessageContaining("private key; expected PEM");
  }

  /// The head of a ClientHello that never becomes whole.
  @Test
  void cutsOffAHandshakeThatDrips() throws Exception {
    write(KeyForm.EC_PKCS8, "drip");
    HttpLimits usual = HttpLimits.standard();
    HttpLimits impatient =
        new HttpLimits(
            usual.smallBodyBytes(),
            usual.standardBodyBytes(),
            usual.largeBodyBytes(),
            usual.targetBytes(),
            usual.headerBytes(),
            50,
            Duration.ofSeconds(2),
            new ConnectionLimits(50, 50, 50, 50, Duration.ofSeconds(2), Duration.ofSeconds(2), 10));
    byte[] hello = new byte[2000];
    hello[0] = 0x16;
    hello[1] = 3;
    hello[2] = 1;
    hello[3] = 7;
    hello[5] = 1;
    hello[7] = 6;
    try (TestServer server = start(impatient);
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), tlsPort(server))) {
      socket.setSoTimeout(100);
      long until = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      boolean open = true;
      for (int i = 0; open && System.nanoTime() < until; i++) {
        try {
          socket.getOutputStream().write(hello[i]);
          open = socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException _) {
          open = true; // Nothing was said; the next byte.
        } catch (IOException _) {
          open = false;
        }
      }

      assertThat(open).isFalse();
    }
  }

  @Test
  void closesOnAPlainRequest() throws Exception {
    write(KeyForm.EC_PKCS8, "one");
    try (TestServer server = start();
        RawClient raw = new RawClient(tlsPort(server))) {
      raw.request("GET", "/_matrix/client/versions");

      // An alert of a few bytes, then the end.
      boolean closed = false;
      for (int i = 0; i < 100 && !closed; i++) {
        closed = raw.isClosed();
      }
      assertThat(closed).isTrue();
    }
  }

  @Test
  void nothingIsLoggedOfWhatIsNoTlsOrEndsInIt() throws Exception {
    X509Certificate certificate = write(KeyForm.EC_PKCS8, "one");
    byte[] hello = {0x16, 3, 1, 0, 100, 1, 0, 0, 96};
    byte[] alert = {0x15, 3, 3, 0, 2, 2, 40};
    byte[] plain = "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    try (BrokenConnectionsTest.Lines lines = new BrokenConnectionsTest.Lines();
        TestServer server = start()) {
      for (byte[] each : List.of(new byte[0], hello, alert, plain, new byte[50_000])) {
        for (boolean reset : List.of(true, false)) {
          Socket socket = new Socket(InetAddress.getLoopbackAddress(), tlsPort(server));
          socket.getOutputStream().write(each);
          socket.setSoLinger(reset, 0);
          socket.close();
        }
      }
      for (String each : List.of("", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: a\r\n")) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), tlsPort(server));
        SSLSocket tls =
            (SSLSocket)
                trusting(certificate)
                    .getSocketFactory()
                    .createSocket(socket, "localhost", socket.getPort(), false);
        tls.startHandshake();
        tls.getOutputStream().write(each.getBytes(StandardCharsets.US_ASCII));
        socket.setSoLinger(true, 0);
        socket.close(); // Without a goodbye.
      }
      BrokenConnectionsTest.awaitNone(server);

      assertThat(lines.all()).isEmpty();
    }
  }
}
