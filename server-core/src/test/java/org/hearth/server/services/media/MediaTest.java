package org.hearth.server.services.media;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.hearth.server.WholeServer;
import org.hearth.server.http.RawClient;
import org.junit.jupiter.api.Test;

/// Uploads and downloads of users of one server.
@WholeServer.Started("media: { largest-upload: 1 MB, user-quota: 3 MB, keep-free: 0 }")
class MediaTest {
  private static final byte[] SMALL = "a picture, as it were".getBytes(StandardCharsets.UTF_8);

  private final WholeServer server;
  private final MediaClient alice;

  MediaTest(WholeServer server) {
    this.server = server;
    alice = MediaClient.register(server, "alice");
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  /// Files that are kept, and those that are being received.
  private List<Path> files(String part) throws IOException {
    try (Stream<Path> walk = Files.walk(server.folder().resolve("media").resolve(part))) {
      return walk.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void whatIsUploadedIsDownloadedAsItWas() throws IOException {
    byte[] bytes = random(500_000);

    String address = alice.upload(bytes, "image/png", Optional.of("cat.png"));
    MediaClient.Answer answer = alice.get(MediaClient.DOWNLOAD + address).expect(200);

    assertThat(address).matches("hearth\\.test/[A-Za-z0-9]{24}");
    assertThat(answer.body()).isEqualTo(bytes);
    assertThat(answer.header("content-type")).isEqualTo("image/png");
    assertThat(answer.header("content-length")).isEqualTo("500000");
    assertThat(answer.header("content-disposition")).isEqualTo("inline; filename=\"cat.png\"");
    assertThat(answer.header("content-security-policy"))
        .isEqualTo(
            "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf;"
                + " style-src 'unsafe-inline'; object-src 'self';");
    assertThat(answer.header("cross-origin-resource-policy")).isEqualTo("cross-origin");
    assertThat(answer.header("x-content-type-options")).isEqualTo("nosniff");
    assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
    assertThat(answer.header("cache-control")).startsWith("private");
    assertThat(files("incoming")).isEmpty();
  }

  @Test
  void aBodyInChunksIsTakenToo() {
    byte[] bytes = random(300_000);

    String address =
        MediaClient.address(
            alice
                .send(
                    "POST",
                    MediaClient.UPLOAD,
                    BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)))
                .expect(200));

    MediaClient.Answer answer = alice.get(MediaClient.DOWNLOAD + address).expect(200);
    assertThat(answer.body()).isEqualTo(bytes);
    // "Defaults to `application/octet-stream` if it is not set."
    assertThat(answer.header("content-type")).isEqualTo("application/octet-stream");
    assertThat(answer.header("content-disposition")).isEqualTo("attachment");
  }

  @Test
  void anEmptyFileIsAFile() {
    String address = alice.upload(new byte[0], "text/plain");

    MediaClient.Answer answer = alice.get(MediaClient.DOWNLOAD + address).expect(200);

    assertThat(answer.body()).isEmpty();
    assertThat(answer.header("content-length")).isEqualTo("0");
  }

  @Test
  void theNameInThePathGoesBeforeTheNameOfTheUpload() {
    String address = alice.upload(SMALL, "text/plain; charset=utf-8", Optional.of("a.txt"));

    assertThat(
            alice
                .get(MediaClient.DOWNLOAD + address + "/b%22.txt")
                .expect(200)
                .header("content-disposition"))
        .isEqualTo("inline; filename=\"b\\\".txt\"");
    assertThat(
            alice
                .get(MediaClient.DOWNLOAD + address + "/%E2%98%95.txt")
                .expect(200)
                .header("content-disposition"))
        .isEqualTo("inline; filename*=utf-8''%E2%98%95.txt");
  }

  @Test
  void whatABrowserMightRunIsNoPage() {
    for (String type :
        List.of(
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "image/svg+xml",
            "application/xhtml+xml",
            "application/pdf",
            "text/html,image/png",
            "nonsense")) {
      MediaClient.Answer answer =
          alice.get(MediaClient.DOWNLOAD + alice.upload(SMALL, type)).expect(200);

      assertThat(answer.header("content-disposition")).as(type).isEqualTo("attachment");
      assertThat(answer.header("content-security-policy")).as(type).startsWith("sandbox;");
      assertThat(answer.header("content-type")).isIn(type, "application/octet-stream");
    }
  }

  @Test
  void aRangeIsAnsweredAndWhatIsKnownIsNotSentAgain() {
    byte[] bytes = random(200_000);
    String target = MediaClient.DOWNLOAD + alice.upload(bytes, "video/mp4");

    MediaClient.Answer part = alice.get(target, "Range", "bytes=100-199").expect(206);
    MediaClient.Answer rest = alice.get(target, "Range", "bytes=199990-").expect(206);
    MediaClient.Answer last = alice.get(target, "Range", "bytes=-5").expect(206);
    MediaClient.Answer beyond = alice.get(target, "Range", "bytes=200000-").expect(416);
    MediaClient.Answer several =
        alice.get(target, "Range", "bytes=" + "0-1,".repeat(1000) + "2-3").expect(200);
    String tag = part.header("etag");
    MediaClient.Answer known = alice.get(target, "If-None-Match", "\"x\", W/" + tag).expect(304);
    MediaClient.Answer other =
        alice.get(target, "Range", "bytes=0-9", "If-Range", "\"x\"").expect(200);

    assertThat(part.body()).isEqualTo(Arrays.copyOfRange(bytes, 100, 200));
    assertThat(part.header("content-range")).isEqualTo("bytes 100-199/200000");
    assertThat(part.header("content-length")).isEqualTo("100");
    assertThat(rest.body()).isEqualTo(Arrays.copyOfRange(bytes, 199_990, 200_000));
    assertThat(last.body()).isEqualTo(Arrays.copyOfRange(bytes, 199_995, 200_000));
    assertThat(beyond.header("content-range")).isEqualTo("bytes */200000");
    assertThat(several.body()).isEqualTo(bytes);
    assertThat(known.body()).isEmpty();
    assertThat(known.header("etag")).isEqualTo(tag);
    assertThat(other.body()).isEqualTo(bytes);
  }

  @Test
  void aHeadSaysHowLargeItIs() {
    String target = MediaClient.DOWNLOAD + alice.upload(random(100_000), "image/png");

    MediaClient.Answer head = alice.send("HEAD", target, BodyPublishers.noBody()).expect(200);

    assertThat(head.header("content-length")).isEqualTo("100000");
    assertThat(head.header("content-type")).isEqualTo("image/png");
    assertThat(head.body()).isEmpty();
  }

  @Test
  void equalFilesAreOnTheDiskOnce() throws IOException {
    String first = alice.upload(SMALL, "image/png");
    String second = MediaClient.register(server, "bob").upload(SMALL, "text/plain");

    assertThat(first).isNotEqualTo(second);
    assertThat(files("files")).hasSize(1);
    assertThat(files("files").getFirst().getFileName().toString()).matches("[0-9a-f]{64}");
  }

  @Test
  void nobodyGetsItWithoutALogin() {
    String address = alice.upload(SMALL, "image/png");

    alice.anonymous().get(MediaClient.DOWNLOAD + address).expect(401, "M_MISSING_TOKEN");
    // "Any media uploaded after the freeze SHOULD only be accessible through the new endpoints."
    alice.anonymous().get(MediaClient.OLD_DOWNLOAD + address).expect(404, "M_NOT_FOUND");
    alice.get(MediaClient.OLD_DOWNLOAD + address).expect(404, "M_NOT_FOUND");
    alice.anonymous().post(MediaClient.UPLOAD, SMALL).expect(401, "M_MISSING_TOKEN");
    alice.anonymous().get(MediaClient.OLD_DOWNLOAD + "other.test/abc").expect(404, "M_NOT_FOUND");
  }

  @Test
  void whatIsTooLargeIsRefusedBeforeItIsSent() throws IOException {
    alice.post(MediaClient.UPLOAD, new byte[1_000_001]).expect(413, "M_TOO_LARGE");
    assertThat(alice.get("/_matrix/client/v1/media/config").json().path("m.upload.size").asInt())
        .isEqualTo(1_000_000);
    assertThat(alice.get("/_matrix/media/v3/config").json().path("m.upload.size").asInt())
        .isEqualTo(1_000_000);
    try (RawClient raw = new RawClient(server.base().getPort())) {
      raw.request(
          "POST",
          MediaClient.UPLOAD,
          "Authorization: Bearer " + alice.token(),
          "Expect: 100-continue",
          "Content-Length: 5000000000000");

      assertThat(raw.answer().status()).isEqualTo(413);
    }
    assertThat(files("incoming")).isEmpty();
    assertThat(files("files")).isEmpty();
  }

  @Test
  void chunksThatAreTooManyAreRefusedWhileTheyCome() throws IOException {
    byte[] bytes = new byte[1_000_001];

    alice
        .send(
            "POST",
            MediaClient.UPLOAD,
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)))
        .expect(413, "M_TOO_LARGE");

    assertThat(files("incoming")).isEmpty();
    assertThat(files("files")).isEmpty();
  }

  @Test
  void aUserHasAQuota() throws IOException {
    for (int i = 0; i < 3; i++) {
      alice.upload(random(900_000 + i), "image/png");
    }

    alice.post(MediaClient.UPLOAD, random(400_000)).expect(403, "M_FORBIDDEN");
    alice
        .send(
            "POST",
            MediaClient.UPLOAD,
            BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(random(400_001))))
        .expect(403, "M_FORBIDDEN");
    assertThat(files("files")).hasSize(3);
    assertThat(files("incoming")).isEmpty();
    alice.upload(random(100_000), "image/png");
    MediaClient.register(server, "bob").upload(random(400_000), "image/png");
  }

  @Test
  void whoGoesInTheMiddleLeavesNothing() throws Exception {
    try (RawClient raw = new RawClient(server.base().getPort())) {
      raw.request(
          "POST",
          MediaClient.UPLOAD,
          "Authorization: Bearer " + alice.token(),
          "Content-Length: 900000");
      raw.send("x".repeat(100_000));
      await(() -> files("incoming").size() == 1);
    }

    await(() -> files("incoming").isEmpty());
    assertThat(files("files")).isEmpty();
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void anAddressIsGivenOutAndFilledLater() throws Exception {
    MediaClient.Answer created =
        alice.post(MediaClient.CREATE, "{}".getBytes(StandardCharsets.UTF_8)).expect(200);
    String address = MediaClient.address(created);
    String put = MediaClient.UPLOAD + "/" + address;
    MediaClient bob = MediaClient.register(server, "bob");

    assertThat(created.json().path("unused_expires_at").asLong())
        .isGreaterThan(System.currentTimeMillis() + TimeUnit.HOURS.toMillis(23));
    bob.get(MediaClient.DOWNLOAD + address + "?timeout_ms=0").expect(504, "M_NOT_YET_UPLOADED");
    bob.put(put, SMALL).expect(403, "M_FORBIDDEN");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<MediaClient.Answer> waiting =
          threads.submit(() -> bob.get(MediaClient.DOWNLOAD + address + "?timeout_ms=50000"));
      alice.put(put, SMALL, "Content-Type", "image/png").expect(200);

      assertThat(waiting.get(30, TimeUnit.SECONDS).expect(200).body()).isEqualTo(SMALL);
    }
    alice.put(put, SMALL).expect(409, "M_CANNOT_OVERWRITE_MEDIA");
    bob.put(put, SMALL).expect(403, "M_FORBIDDEN");
    alice.put(MediaClient.UPLOAD + "/hearth.test/never", SMALL).expect(404, "M_NOT_FOUND");
    alice.put(MediaClient.UPLOAD + "/other.test/never", SMALL).expect(404, "M_NOT_FOUND");
    alice.put(MediaClient.UPLOAD + "/hearth.test/ab.c", SMALL).expect(400, "M_INVALID_PARAM");
  }

  @Test
  void addressesThatWaitAreFew() {
    for (int i = 0; i < MediaStore.MOST_PENDING; i++) {
      alice.create();
    }

    alice
        .post(MediaClient.CREATE, "{}".getBytes(StandardCharsets.UTF_8))
        .expect(429, "M_LIMIT_EXCEEDED");
    MediaClient.register(server, "bob").create();
  }

  @Test
  void anAddressIsNoPath() {
    for (String address :
        List.of(
            "hearth.test/..%2f..%2fetc%2fpasswd",
            "hearth.test/%2e%2e",
            "hearth.test/a%5Cb",
            "hearth.test/a%00b",
            "hearth.test/C:",
            "..%2f/abc",
            "hearth_test/abc",
            "/abc")) {
      assertThat(alice.get(MediaClient.DOWNLOAD + address).status()).as(address).isIn(400, 404);
    }
  }

  @Test
  void wrongQuestionsAreRefused() {
    String address = alice.upload(SMALL, "image/png");

    alice.get(MediaClient.DOWNLOAD + address + "?timeout_ms=x").expect(400, "M_INVALID_PARAM");
    alice.get(MediaClient.DOWNLOAD + address + "?timeout_ms=-1").expect(400, "M_INVALID_PARAM");
    alice.get(MediaClient.DOWNLOAD + "hearth.test/nothing").expect(404, "M_NOT_FOUND");
    alice.get(MediaClient.DOWNLOAD + "other.test/nothing").expect(502, "M_UNKNOWN");
    alice.post(MediaClient.UPLOAD + "?filename=a%0Ab", SMALL).expect(400, "M_INVALID_PARAM");
    alice
        .post(MediaClient.UPLOAD + "?filename=" + "a".repeat(1001), SMALL)
        .expect(400, "M_INVALID_PARAM");
    alice
        .get("/_matrix/media/v3/download/" + address + "?allow_remote=perhaps")
        .expect(400, "M_INVALID_PARAM");
  }
}
