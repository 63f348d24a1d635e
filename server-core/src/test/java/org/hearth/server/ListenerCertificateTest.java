package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.hearth.server.configuration.ConfigurationReader;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.outbound.TestAuthority;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a server tells of the certificate of its listener, which is for its name and ends after
/// thirty days.
@Tag("long")
class ListenerCertificateTest {
  @TempDir Path folder;

  private Homeserver server(Duration after) throws Exception {
    DataFolder data = new DataFolder(folder.resolve("data"));
    WholeServer.prepare(data);
    Path certificate = folder.resolve("server.pem");
    Path key = folder.resolve("server.key");
    new TestAuthority().certify(certificate, key, "hearth.test");
    String configuration =
        """
        server-name: hearth.test
        listeners: [ { port: 0, tls: { certificate: "%s", private-key: "%s" } } ]
        """
            .formatted(certificate, key);
    return new Homeserver(
        data,
        ConfigurationReader.parse(data.configuration(), configuration),
        InstantSource.offset(InstantSource.system(), after));
  }

  @Test
  void isNotToldOfWhileItLasts() throws Exception {
    try (Homeserver server = server(Duration.ofDays(15))) {
      server.start();

      assertThat(server.warnings()).isEmpty();
      assertThat(((ServerState.Running) server.state()).addresses())
          .singleElement()
          .asString()
          .startsWith("https://hearth.test:");
    }
  }

  @Test
  void isWarnedOfTwoWeeksBeforeItsEnd() throws Exception {
    try (Homeserver server = server(Duration.ofDays(17))) {
      server.start();

      assertThat(server.warnings())
          .singleElement()
          .asString()
          .startsWith("The certificate of the listener on 127.0.0.1, port ")
          .contains(", ends on " + end() + ". Put a new one into " + folder.resolve("server.pem"));
    }
  }

  @Test
  void isWarnedOfWhenItHasEnded() throws Exception {
    try (Homeserver server = server(Duration.ofDays(31))) {
      server.start();

      assertThat(server.warnings())
          .singleElement()
          .asString()
          .contains(", ended on " + end() + ", and nobody accepts it any more.");
    }
  }

  private static String end() {
    return DateTimeFormatter.ofPattern("d MMM uuuu", Locale.ENGLISH)
        .withZone(ZoneOffset.UTC)
        .format(InstantSource.system().instant().plus(Duration.ofDays(30)));
  }
}
