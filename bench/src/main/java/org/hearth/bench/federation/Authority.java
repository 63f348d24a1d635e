package org.hearth.bench.federation;

import java.io.IOException;
import java.io.Writer;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/// Certifies that servers are `localhost` and the addresses of the loopback that others have, for
/// as long as a measurement takes.
final class Authority {
  private static final X500Name ISSUER = new X500Name("CN=authority of the measurement");
  private static final X500Name SERVER = new X500Name("CN=server");
  private static final int FIRST_HOST = 2;
  private static final int LAST_HOST = 251;
  private static final Duration BEFORE = Duration.ofDays(1);
  private static final Duration AFTER = Duration.ofDays(30);

  private final KeyPair keys = newKeys();
  private final X509Certificate own = certificate(1, ISSUER, keys, true);
  private int serial = 1;

  private static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private X509Certificate certificate(
      int number, X500Name subject, KeyPair subjectKeys, boolean authority) {
    Instant now = Instant.now();
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            ISSUER,
            BigInteger.valueOf(number),
            Date.from(now.minus(BEFORE)),
            Date.from(now.plus(AFTER)),
            subject,
            subjectKeys.getPublic());
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      if (!authority) {
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names()));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    } catch (CertIOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static GeneralName[] names() {
    List<GeneralName> names = new ArrayList<>();
    names.add(new GeneralName(GeneralName.dNSName, "localhost"));
    for (String each : addresses()) {
      names.add(new GeneralName(GeneralName.iPAddress, each));
    }
    return names.toArray(GeneralName[]::new);
  }

  /// The addresses that other servers have: the loopback, and each is a site of its own.
  static List<String> addresses() {
    return IntStream.rangeClosed(FIRST_HOST, LAST_HOST).mapToObj("127.0.0.%d"::formatted).toList();
  }

  /// The address of one of the other servers.
  static InetAddress address(int server) {
    List<String> all = addresses();
    return InetAddress.ofLiteral(all.get(server % all.size()));
  }

  /// Writes its certificate, by which others trust it.
  void writeTo(Path file) throws IOException {
    write(file, own);
  }

  /// Writes a certificate and its key, as a server reads them.
  void certify(Path certificateFile, Path keyFile) throws IOException {
    KeyPair pair = newKeys();
    write(certificateFile, certificate(++serial, SERVER, pair, false));
    write(keyFile, new PemObject("PRIVATE KEY", pair.getPrivate().getEncoded()));
  }

  private static void write(Path file, Object object) throws IOException {
    try (Writer out = Files.newBufferedWriter(file);
        JcaPEMWriter pem = new JcaPEMWriter(out)) {
      pem.writeObject(object);
    }
  }

  /// A server's side of TLS.
  SSLContext certify() {
    try {
      KeyPair pair = newKeys();
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setKeyEntry(
          "server",
          pair.getPrivate(),
          new char[0],
          new Certificate[] {certificate(++serial, SERVER, pair, false), own});
      KeyManagerFactory managers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(managers.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
