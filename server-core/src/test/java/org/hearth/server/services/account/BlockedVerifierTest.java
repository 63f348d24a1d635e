package org.hearth.server.services.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.URI;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.PrivateAddresses;
import org.hearth.server.outbound.TestInternet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Row 106 of the list of known attacks: also who tells whether somebody is human is not in this
/// server's own network, whatever its name leads to, unless the owner says so.
@Timeout(60)
class BlockedVerifierTest {
  @TempDir private Path folder;
  private TestInternet internet;

  @BeforeEach
  void start() throws Exception {
    internet = new TestInternet(folder);
    PrivateAddresses.name(internet.dns);
  }

  @AfterEach
  void stop() throws Exception {
    internet.close();
  }

  private static boolean ask(String url, Outbound outbound) {
    return new Recaptcha(URI.create(url), "public", "private", true, outbound).isPassed("human");
  }

  @Test
  void noVerifierIsInAPrivateNetwork() throws Exception {
    try (Outbound outbound = internet.outbound(InstantSource.system())) {
      for (String host : PrivateAddresses.all().toList()) {
        for (String scheme : List.of("https", "http")) {
          assertThatExceptionOfType(RuntimeException.class)
              .as(host)
              .isThrownBy(() -> ask(scheme + "://" + host + "/recaptcha/api/siteverify", outbound))
              .matches(e ->
                  e instanceof IllegalArgumentException
                      || (e instanceof MatrixException refused && refused.status() == 503));
        }
      }
    }

    assertThat(internet.dialed()).isEmpty();
  }

  @Test
  void theOwnersOwnIsAsked() throws Exception {
    try (Outbound outbound = internet.outbound(InstantSource.system(), Set.of("127.0.0.1"))) {
      assertThatExceptionOfType(MatrixException.class)
          .isThrownBy(() -> ask("http://127.0.0.1/recaptcha/api/siteverify", outbound));
    }

    assertThat(internet.dialed()).isNotEmpty();
  }
}
