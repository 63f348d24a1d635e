package org.hearth.server.services.media.federation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Optional;
import java.util.Random;
import javax.imageio.ImageIO;
import org.hearth.server.outbound.WithLinkedHearths;
import org.hearth.server.services.media.MediaClient;
import org.hearth.server.services.media.thumbnail.Pictures;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Pictures go from one Hearth to another.
class MediaBetweenServersTest extends WithLinkedHearths {
  private static final String V1 = "/_matrix/client/v1/media/";

  private MediaClient here;
  private MediaClient there;

  @Override
  protected String settingsOfOne() {
    return "media: { keep-free: 0 }\n";
  }

  @BeforeEach
  void register() {
    here = MediaClient.register(alice, "carol");
    there = MediaClient.register(bob, "dan");
  }

  @Test
  void aPictureGoesBothWays() throws IOException {
    byte[] picture = Pictures.jpeg(1000, 500);
    String address = here.upload(picture, "image/jpeg", Optional.of("caf%C3%A9.jpg"));

    MediaClient.Answer whole = there.get(V1 + "download/" + address).expect(200);
    MediaClient.Answer small =
        there.get(V1 + "thumbnail/" + address + "?width=96&height=96&method=crop").expect(200);

    assertThat(whole.body()).isEqualTo(picture);
    assertThat(whole.header("content-type")).isEqualTo("image/jpeg");
    assertThat(whole.header("content-disposition"))
        .isEqualTo("inline; filename*=utf-8''caf%C3%A9.jpg");
    assertThat(ImageIO.read(new ByteArrayInputStream(small.body())).getWidth()).isEqualTo(96);

    byte[] large = new byte[3_000_000];
    new Random(1).nextBytes(large);
    String back = there.upload(large, "application/x-random");
    assertThat(here.get(V1 + "download/" + back).expect(200).body()).isEqualTo(large);

    // What has come is here, and without an account nobody gets it.
    one.close();
    assertThat(there.get(V1 + "download/" + address).expect(200).body()).isEqualTo(picture);
    there.anonymous().get("/_matrix/media/v3/download/" + address).expect(404, "M_NOT_FOUND");
    there.anonymous().get(V1 + "download/" + address).expect(401, "M_MISSING_TOKEN");
  }

  @Test
  void onlyServersAskTheServersWay() {
    String address = here.upload(Pictures.png(100, 100), "image/png");
    String id = address.substring(address.indexOf('/') + 1);

    here.get("/_matrix/federation/v1/media/download/" + id).expect(401);
    here.get("/_matrix/federation/v1/media/thumbnail/" + id + "?width=1&height=1").expect(401);
    there.get(V1 + "download/" + one.name() + "/nothing").expect(404, "M_NOT_FOUND");
  }
}
