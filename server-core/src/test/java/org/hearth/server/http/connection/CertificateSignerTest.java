package org.hearth.server.http.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.hearth.server.http.connection.ListenerCertificate.Signer;
import org.hearth.server.outbound.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who vouches for the certificate of a listener.
class CertificateSignerTest {
  @TempDir Path folder;
  private final TestAuthority authority = new TestAuthority();

  @Test
  void anAuthorityThatEverybodyTrustsIsToldFromAnother() throws Exception {
    authority.certify(folder.resolve("c.pem"), folder.resolve("k.pem"), "hearth.test");
    List<X509Certificate> chain = read(folder.resolve("c.pem"));
    X509Certificate own = own();

    assertThat(ListenerCertificate.of(chain, () -> trusting(own)).signer())
        .isEqualTo(Signer.PUBLIC_AUTHORITY);
    assertThat(ListenerCertificate.of(chain, ListenerCertificate::publicAuthorities).signer())
        .isEqualTo(Signer.OTHER_AUTHORITY);
  }

  @Test
  void aCertificateThatSignedItselfIsTold() throws Exception {
    assertThat(
            ListenerCertificate.of(List.of(own()), ListenerCertificate::publicAuthorities).signer())
        .isEqualTo(Signer.ITSELF);
  }

  @Test
  void whereJavaKnowsNoAuthorityOrCannotReadThemEachIsAnother() throws Exception {
    authority.certify(folder.resolve("c.pem"), folder.resolve("k.pem"), "hearth.test");
    List<X509Certificate> chain = read(folder.resolve("c.pem"));

    assertThat(ListenerCertificate.of(chain, CertificateSignerTest::trusting).signer())
        .isEqualTo(Signer.OTHER_AUTHORITY);
    assertThat(
            ListenerCertificate.of(
                    chain,
                    () -> {
                      throw new KeyStoreException("damaged");
                    })
                .signer())
        .isEqualTo(Signer.OTHER_AUTHORITY);
  }

  @Test
  void aNameThatIsAWholeNetworkIsLeftOut() throws Exception {
    authority.certify(folder.resolve("c.pem"), folder.resolve("k.pem"), "10.0.0.0/8");

    assertThat(
            ListenerCertificate.of(
                    read(folder.resolve("c.pem")), ListenerCertificate::publicAuthorities)
                .addresses())
        .isEmpty();
  }

  private X509Certificate own() throws Exception {
    Path file = folder.resolve("authority.pem");
    authority.writeTo(file);
    return read(file).getFirst();
  }

  private static List<X509Certificate> read(Path file) throws Exception {
    try (var in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
          .map(X509Certificate.class::cast)
          .toList();
    }
  }

  private static X509TrustManager trusting(X509Certificate... authorities)
      throws GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    try {
      store.load(null, null);
    } catch (IOException e) {
      throw new KeyStoreException(e);
    }
    for (X509Certificate each : authorities) {
      store.setCertificateEntry("authority", each);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return Stream.of(factory.getTrustManagers())
        .map(X509TrustManager.class::cast)
        .findFirst()
        .orElseThrow();
  }
}
