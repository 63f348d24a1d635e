package org.hearth.server.services.media.thumbnail;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.hearth.server.WholeServer;
import org.hearth.server.services.media.MediaClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Thumbnails as clients get them.
@Timeout(180)
@WholeServer.Started("media: { keep-free: 0 }")
class ThumbnailsTest {
  private static final String V1 = "/_matrix/client/v1/media/thumbnail/";
  private static final String OLD = "/_matrix/media/v3/thumbnail/";
  private static final String SIZE = "?width=300&height=200";

  private final WholeServer server;
  private final MediaClient alice;

  ThumbnailsTest(WholeServer server) {
    this.server = server;
    alice = MediaClient.register(server, "alice");
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> walk = Files.walk(server.folder().resolve("media/thumbnails"))) {
      return walk.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void isMadeOnceAndKept() throws IOException {
    String address = alice.upload(Pictures.jpeg(1000, 500), "image/jpeg");

    MediaClient.Answer first = alice.get(V1 + address + SIZE + "&method=scale").expect(200);

    assertThat(ImageIO.read(new ByteArrayInputStream(first.body())).getWidth()).isEqualTo(320);
    assertThat(first.header("content-type")).isEqualTo("image/jpeg");
    assertThat(first.header("content-disposition")).isEqualTo("inline; filename=\"thumbnail.jpg\"");
    assertThat(first.header("content-security-policy")).startsWith("sandbox;");
    assertThat(first.header("cross-origin-resource-policy")).isEqualTo("cross-origin");
    // Every size in between is the same file.
    assertThat(alice.get(V1 + address + "?width=320&height=20").expect(200).body())
        .isEqualTo(first.body());
    assertThat(files()).hasSize(1);

    // What is lost is made again.
    Files.delete(files().getFirst());
    assertThat(alice.get(V1 + address + SIZE).expect(200).body()).isEqualTo(first.body());
    Files.write(files().getFirst(), new byte[3]);
    assertThat(alice.get(V1 + address + SIZE).expect(200).body()).isEqualTo(first.body());
    assertThat(files()).hasSize(1);
  }

  @Test
  void ofWhatIsNoPictureThereIsNone() throws IOException {
    String svg =
        alice.upload("<svg xmlns='http://www.w3.org/2000/svg'/>".getBytes(UTF_8), "image/png");
    String bomb = alice.upload(Pictures.ihdrOnly(100_000, 100_000), "image/png");

    alice.get(V1 + svg + SIZE).expect(400, "M_UNKNOWN");
    alice.get(V1 + bomb + SIZE).expect(413, "M_TOO_LARGE");
    // It is known now, and not looked at again.
    alice.get(V1 + bomb + SIZE).expect(413, "M_TOO_LARGE");
    assertThat(server.folder().resolve("media/thumbnails")).doesNotExist();
  }

  @Test
  void whatIsSmallIsGivenAsWhatItIs() {
    byte[] small = Pictures.png(20, 20);
    String address = alice.upload(small, "text/html");

    MediaClient.Answer answer = alice.get(V1 + address + SIZE).expect(200);

    assertThat(answer.body()).isEqualTo(small);
    assertThat(answer.header("content-type")).isEqualTo("image/png");
    assertThat(answer.header("content-disposition"))
        .isEqualTo("inline; filename=\"thumbnail.png\"");
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    String address = alice.upload(Pictures.png(20, 20), "image/png");

    alice.get(V1 + address).expect(400, "M_MISSING_PARAM");
    alice.get(V1 + address + "?width=-1&height=5").expect(400, "M_INVALID_PARAM");
    alice.get(V1 + address + "?width=1.5&height=5").expect(400, "M_INVALID_PARAM");
    alice.get(V1 + address + SIZE + "&method=stretch").expect(400, "M_INVALID_PARAM");
    alice.get(V1 + address + SIZE + "&animated=maybe").expect(400, "M_INVALID_PARAM");
    alice.get(V1 + "hearth.test/nothing" + SIZE).expect(404, "M_NOT_FOUND");
    alice.get(V1 + "hearth.test/..%2f" + SIZE).expect(400, "M_INVALID_PARAM");
    alice.get(V1 + address + "?width=9999999&height=9999999").expect(200);
  }

  @Test
  void withoutALoginThereIsNothingNew() {
    String address = alice.upload(Pictures.png(400, 400), "image/png");

    alice.anonymous().get(V1 + address + SIZE).expect(401, "M_MISSING_TOKEN");
    alice.anonymous().get(OLD + address + SIZE).expect(404, "M_NOT_FOUND");
    alice.anonymous().get(OLD + "elsewhere.test/abc" + SIZE).expect(404, "M_NOT_FOUND");
  }

  @Test
  void goesWithItsOriginal() throws IOException {
    String address = alice.upload(Pictures.png(400, 400), "image/png");
    alice.get(V1 + address + SIZE).expect(200);
    assertThat(files()).hasSize(1);

    server.homeserver().admin().orElseThrow().media().delete("mxc://" + address);

    assertThat(files()).isEmpty();
    alice.get(V1 + address + SIZE).expect(404, "M_NOT_FOUND");
  }
}
