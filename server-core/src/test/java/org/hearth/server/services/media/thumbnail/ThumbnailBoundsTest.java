package org.hearth.server.services.media.thumbnail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.services.media.Incoming;
import org.hearth.server.services.media.MediaFile;
import org.hearth.server.services.media.MediaOptions;
import org.hearth.server.services.media.MediaStore;
import org.hearth.server.services.media.thumbnail.ThumbnailSize.Method;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// How much there is of thumbnails.
@Timeout(120)
class ThumbnailBoundsTest {
  private static final int MOST = 3;
  private static final long MOST_BYTES = 1_000_000;

  @RegisterExtension private final StoreExtension database = new StoreExtension();

  @TempDir private Path folder;
  private volatile Duration passed = Duration.ZERO;
  private final InstantSource clock = () -> Instant.now().plus(passed);
  private MediaStore media;
  private Thumbnails thumbnails;

  @BeforeEach
  void start() {
    Store store = database.store();
    media = new MediaStore(store, folder.resolve("media"), options(), clock, new SecureRandom());
    thumbnails = thumbnails(store);
    thumbnails.start();
  }

  private static MediaOptions options() {
    MediaOptions standard = MediaOptions.standard();
    return new MediaOptions(
        standard.mostUploadBytes(),
        standard.mostUserBytes(),
        standard.mostBytes(),
        standard.mostCacheBytes(),
        0,
        standard.removeUnusedLocal(),
        standard.removeUnusedRemote(),
        true,
        false);
  }

  private Thumbnails thumbnails(Store store) {
    return new Thumbnails(store, folder.resolve("thumbnails"), media, clock, MOST, MOST_BYTES);
  }

  @AfterEach
  void stop() throws InterruptedException {
    thumbnails.stop();
  }

  private MediaFile kept(String name, byte[] bytes) {
    try (Incoming incoming = media.receive(1 << 20, 0)) {
      incoming.write(bytes, 0, bytes.length);
      return media
          .keepRemote(MxcUri.parse("mxc://a.test/" + name), incoming, "image/png", Optional.empty())
          .file();
    }
  }

  private void make(MediaFile file) throws InterruptedException {
    Thumbnails.Found found =
        thumbnails.get("alice", file, new ThumbnailSize(96, 96, Method.CROP, false), true);
    assertThat(found).isInstanceOf(Thumbnails.Found.Thumbnail.class);
  }

  private List<String> files() throws IOException {
    try (Stream<Path> walk = Files.walk(folder.resolve("thumbnails"))) {
      return walk.filter(Files::isRegularFile)
          .map(each -> each.getFileName().toString().substring(0, 64))
          .toList();
    }
  }

  @Test
  void whatWasNotUsedForLongestMakesRoom() throws Exception {
    List<MediaFile> pictures =
        Stream.of(200, 201, 202, 203)
            .map(size -> kept("p" + size, Pictures.png(size, size)))
            .toList();
    for (MediaFile each : pictures) {
      make(each);
      passed = passed.plusDays(2);
    }

    assertThat(files())
        .containsExactlyInAnyOrderElementsOf(
            pictures.stream().skip(1).map(MediaFile::sha256).toList());
  }

  @Test
  void atTheStartWhatBelongsToNothingGoes() throws Exception {
    make(kept("picture", Pictures.png(200, 200)));
    Path stray = folder.resolve("thumbnails/00").resolve("0".repeat(64) + "-96x96-crop");
    Files.createDirectories(stray.getParent());
    Files.write(stray, new byte[1]);
    Files.setLastModifiedTime(stray, FileTime.from(Instant.now().minusSeconds(60)));
    thumbnails.stop();

    thumbnails = thumbnails(database.store());
    thumbnails.start();

    while (Files.exists(stray)) {
      Thread.onSpinWait();
    }
    assertThat(files()).hasSize(1);
  }
}
