package org.hearth.server.certificates;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.hearth.server.Homeserver;
import org.hearth.server.ServerState;
import org.hearth.server.admin.ConnectSummary;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.store.BackupManifest.BackupFile;
import org.hearth.server.store.Store;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server whose own authority certifies it, as a device meets it.
@Tag("long")
class CertifiedServerTest {
  @TempDir Path temp;

  private Homeserver server() {
    DataFolder folder = new DataFolder(temp.resolve("data"));
    return new Homeserver(
        folder,
        ConfigurationReader.parse(
            folder.configuration(),
            """
            server-name: hearth.test
            listeners: [ { port: 0 }, { port: 0, tls: { home-authority: true } } ]
            """));
  }

  private static String address(Homeserver server, String scheme) {
    return ((ServerState.Running) server.state())
        .addresses().stream().filter(each -> each.startsWith(scheme)).findFirst().orElseThrow();
  }

  private static HttpResponse<String> get(HttpClient client, String url) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static SSLContext trusting(String pem) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream in = new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII))) {
      trusted.setCertificateEntry(
          "home", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }

  @Test
  void aDeviceThatHasInstalledWhatThePageOffersTrustsTheServer() throws Exception {
    String fingerprint;
    try (Homeserver server = server();
        HttpClient plain = HttpClient.newHttpClient()) {
      server.start();
      String http = address(server, "http:");
      ConnectSummary connect = server.connect().orElseThrow();
      fingerprint = connect.authority().orElseThrow().fingerprint();

      assertThat(get(plain, http + "/").body()).contains("href=\"/certificate\"");
      assertThat(get(plain, http + CertificatePage.PATH).body())
          .contains(fingerprint, "hearth-at-home.crt", "iPhone", "Android");
      HttpResponse<String> offered =
          get(plain, http + CertificatePage.PATH + "/hearth-at-home.crt");
      assertThat(offered.headers().firstValue("Content-Type"))
          .contains("application/x-x509-ca-cert");
      assertThat(offered.body()).doesNotContain("PRIVATE");
      assertThat(connect.notes())
          .anyMatch(note -> note.contains(http + "/certificate") && note.contains(fingerprint));

      try (HttpClient device =
          HttpClient.newBuilder().sslContext(trusting(offered.body())).build()) {
        String url = address(server, "https:") + "/_matrix/client/versions";
        assertThat(get(device, url).statusCode()).isEqualTo(200);
      }

      server.backups().orElseThrow().begin(Optional.of(temp.resolve("backups")));
      server.backups().orElseThrow().await();
      Path backup;
      try (Stream<Path> made = Files.list(temp.resolve("backups"))) {
        backup = made.findFirst().orElseThrow();
      }
      assertThat(Store.verify(backup).files())
          .extracting(BackupFile::path)
          .contains("named/certificates/authority.pem")
          .doesNotContain("named/certificates/server-key.pem");
    }
    try (Homeserver again = server()) {
      again.start();
      assertThat(again.connect().orElseThrow().authority().orElseThrow().fingerprint())
          .isEqualTo(fingerprint);
    }
  }
}
