package org.hearth.server.readers.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.PrivateAddresses;
import org.hearth.server.outbound.TestInternet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Row 106 of the list of known attacks: users name the gateways of their pushers, and none of them
/// is in this server's own network unless the owner says so.
@Timeout(60)
class BlockedGatewaysTest {
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

  private static Optional<Pusher.Settings> settings(String url, Outbound outbound) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("kind", "http").put("app_id", "a").put("pushkey", "k");
    body.put("app_display_name", "A").put("device_display_name", "D").put("lang", "en");
    body.putObject("data").put("url", url);
    try {
      return PusherRequest.parse(body, outbound).settings();
    } catch (MatrixException _) {
      return Optional.empty();
    }
  }

  private static PushGateways.Result push(Pusher.Settings settings, Outbound outbound)
      throws Exception {
    Pusher pusher =
        new Pusher(
            1,
            UserId.parse("@alice:hearth.test"),
            settings,
            Instant.EPOCH,
            0,
            Pusher.Attempts.FRESH);
    return new PushGateways(outbound).send(pusher, JsonNodeFactory.instance.objectNode());
  }

  private static List<String> urls(String host) {
    return List.of(
        "https://" + host + "/_matrix/push/v1/notify",
        "https://" + host + ":8448/_matrix/push/v1/notify",
        "http://" + host + "/_matrix/push/v1/notify");
  }

  @Test
  void noGatewayIsInAPrivateNetwork() throws Exception {
    try (Outbound outbound = internet.outbound(InstantSource.system())) {
      for (String host : PrivateAddresses.all().toList()) {
        for (String url : urls(host)) {
          Optional<Pusher.Settings> settings = settings(url, outbound);
          if (settings.isPresent()) {
            assertThat(push(settings.get(), outbound))
                .as(url)
                .isInstanceOf(PushGateways.Result.Failed.class);
          }
        }
      }
    }

    assertThat(internet.dialed()).isEmpty();
  }

  @Test
  void theOwnersOwnIsAsked() throws Exception {
    try (Outbound outbound = internet.outbound(InstantSource.system(), Set.of("127.0.0.1"))) {
      for (String url : urls("127.0.0.1")) {
        var _ = push(settings(url, outbound).orElseThrow(), outbound);
      }
    }

    assertThat(internet.dialed())
        .extracting(each -> each.getAddress().getHostAddress() + " " + each.getPort())
        .containsExactly("127.0.0.1 443", "127.0.0.1 8448", "127.0.0.1 80");
  }
}
