package org.hearth.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.hearth.server.outbound.Failure.TlsReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class OutboundTlsTest {
  @TempDir private Path folder;

  private SSLContext certifiedFor(String name, int validFromDay, int validToDay) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(256);
    KeyPair keys = generator.generateKeyPair();
    X500Name subject = new X500Name("CN=test");
    Instant now = Instant.now();
    X509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            subject,
            BigInteger.ONE,
            Date.from(now.plus(validFromDay, ChronoUnit.DAYS)),
            Date.from(now.plus(validToDay, ChronoUnit.DAYS)),
            subject,
            keys.getPublic());
    builder.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(new GeneralName(GeneralName.dNSName, name)));
    X509Certificate certificate =
        new JcaX509CertificateConverter()
            .getCertificate(
                builder.build(
                    new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    try (JcaPEMWriter pem = new JcaPEMWriter(Files.newBufferedWriter(certificateFile()))) {
      pem.writeObject(certificate);
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setKeyEntry("peer", keys.getPrivate(), new char[0], new Certificate[] {certificate});
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  private Path certificateFile() {
    return folder.resolve("peer.pem");
  }

  private static ScriptedPeer peer(SSLContext context) throws Exception {
    return new ScriptedPeer(
        context
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getLoopbackAddress()),
        (_, out) ->
            out.write(
                "HTTP/1.1 204 No Content\r\n\r\n"
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
  }

  private static Outcome ask(ScriptedPeer peer, List<Path> trusted) throws Exception {
    OutboundOptions options =
        new OutboundOptions(
            OutboundOptions.PRIVATE_NETWORKS, List.of(), Set.of("peer.example"), trusted, 8, 16);
    try (Outbound outbound =
        Outbound.start(
            options, _ -> List.of(InetAddress.ofLiteral("127.0.0.1")), InstantSource.system())) {
      return outbound.send(
          OutboundRequest.get(URI.create("https://peer.example:" + peer.port() + "/")));
    }
  }

  private static void assertFailed(Outcome outcome, TlsReason why) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Failure.TlsFailed.class,
            each -> assertThat(each.why()).as(each.reason()).isEqualTo(why));
  }

  @Test
  void aNamedCertificateIsTrusted() throws Exception {
    try (ScriptedPeer peer = peer(certifiedFor("peer.example", -1, 1))) {
      assertThat(ask(peer, List.of(certificateFile())))
          .isInstanceOfSatisfying(Response.class, each -> assertThat(each.status()).isEqualTo(204));
    }
  }

  @Test
  void aSelfSignedCertificateIsNotTrusted() throws Exception {
    try (ScriptedPeer peer = peer(certifiedFor("peer.example", -1, 1))) {
      assertFailed(ask(peer, List.of()), TlsReason.UNTRUSTED);
    }
  }

  @Test
  void aTrustedCertificateForAnotherNameIsRefused() throws Exception {
    try (ScriptedPeer peer = peer(certifiedFor("other.example", -1, 1))) {
      assertFailed(ask(peer, List.of(certificateFile())), TlsReason.WRONG_NAME);
    }
  }

  @Test
  void whatIsNotTlsIsRefused() throws Exception {
    // The peer reads the greeting as a line that never ends; what it says first is no TLS.
    try (java.net.ServerSocket server =
        new java.net.ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual()
          .start(() -> {
            try (java.net.Socket socket = server.accept()) {
              socket
                  .getOutputStream()
                  .write(
                      "220 smtp.example\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
              socket.getInputStream().read();
            } catch (java.io.IOException _) {
              // The client is gone, as it should be.
            }
          });
      OutboundOptions options =
          new OutboundOptions(
              OutboundOptions.PRIVATE_NETWORKS,
              List.of(Network.parse("127.0.0.1")),
              Set.of(),
              List.of(),
              8,
              16);
      try (Outbound outbound = Outbound.start(options, Resolver.SYSTEM, InstantSource.system())) {
        assertFailed(
            outbound.send(
                OutboundRequest.get(
                    URI.create("https://127.0.0.1:" + server.getLocalPort() + "/"))),
            TlsReason.PROTOCOL);
      }
    }
  }
}
