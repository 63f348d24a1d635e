package org.hearth.server.services.media;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.hearth.server.WholeServer;
import org.hearth.server.http.RawClient;
import org.hearth.server.services.media.thumbnail.Pictures;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Downloads of those who take nothing of them.
@Timeout(180)
@WholeServer.Started("media: { keep-free: 0 }")
class DownloadsTest {
  private static final int MOST_OF_A_USER = 32;
  private static final String THUMBNAIL = "/_matrix/client/v1/media/thumbnail/";

  /// More than the system keeps for a client.
  private static final int LARGE = 20_000_000;

  private final List<RawClient> held = new ArrayList<>();
  private final WholeServer server;

  DownloadsTest(WholeServer server) {
    this.server = server;
  }

  @AfterEach
  void stop() {
    held.forEach(RawClient::close);
  }

  /// Begins downloads of a large file, and takes nothing of them but the beginning.
  private void hold(MediaClient user, String address) {
    for (int i = 0; i < MOST_OF_A_USER; i++) {
      RawClient raw = new RawClient(server.base().getPort());
      held.add(raw);
      raw.request("GET", MediaClient.DOWNLOAD + address, "Authorization: Bearer " + user.token());
      assertThat(raw.head().getFirst()).contains(" 200 ");
    }
  }

  @Test
  void whoHoldsManyKeepsNobodyElseFromTheirs() throws Exception {
    List<MediaClient> users = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      users.add(MediaClient.register(server, "user" + i));
    }
    MediaClient alice = users.getFirst();
    MediaClient bob = users.getLast();
    String large = alice.upload(new byte[LARGE], "video/mp4");
    String picture = alice.upload(Pictures.png(400, 400), "image/png");
    String thumbnail = THUMBNAIL + picture + "?width=96&height=96";
    alice.get(thumbnail).expect(200);

    hold(alice, large);
    try (ExecutorService askers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<MediaClient.Answer> file =
          askers.submit(() -> alice.get(MediaClient.DOWNLOAD + picture));
      Future<MediaClient.Answer> small = askers.submit(() -> alice.get(thumbnail));
      bob.get(MediaClient.DOWNLOAD + picture).expect(200);
      bob.get(thumbnail).expect(200);
      file.get().expect(429, "M_LIMIT_EXCEEDED");
      small.get().expect(429, "M_LIMIT_EXCEEDED");
    }

    // Four accounts at one address: the fifth has none there, and there is as much again for
    // others.
    users.subList(1, 4).forEach(each -> hold(each, large));
    bob.get(MediaClient.DOWNLOAD + picture).expect(429, "M_LIMIT_EXCEEDED");

    held.forEach(RawClient::close);
    held.clear();
    Eventually.until(
        "bob has a place", () -> bob.get(MediaClient.DOWNLOAD + picture).status() == 200);
  }
}
