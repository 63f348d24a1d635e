package org.hearth.server.services.media.federation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.FederatedServer;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyLimit;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Routes;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("long")
class FederationMediaTest {
  @TempDir private Path folder;

  /// Which keeps events from waiting behind pictures.
  @Test
  void isCountedApartFromWhatElseServersAsk() throws IOException {
    List<RateClass> rates = new ArrayList<>();
    Routes routes =
        new Routes() {
          @Override
          public Routes add(
              HttpMethod method,
              String template,
              Access access,
              RateClass rate,
              BodyLimit body,
              Handler handler) {
            rates.add(rate);
            return this;
          }
        };

    try (FederatedServer server = new FederatedServer(folder, "media: { keep-free: 0 }\n")) {
      server.box(FederationMedia.class).register(routes);
    }

    assertThat(rates).containsExactly(RateClass.FEDERATION_MEDIA, RateClass.FEDERATION_MEDIA);
  }
}
