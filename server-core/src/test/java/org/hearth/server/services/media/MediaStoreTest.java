package org.hearth.server.services.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Files and the rows that name them: through crashes, bounds, quarantine and age.
@Tag("long")
class MediaStoreTest {
  private static final ServerName SERVER = new ServerName("hearth.test");
  private static final UserId ALICE = UserId.parse("@alice:hearth.test");
  private static final UserId BOB = UserId.parse("@bob:hearth.test");
  private static final long CACHE = 4_000;

  @RegisterExtension final StoreExtension stores = new StoreExtension();
  @TempDir private Path folder;
  private final List<Happening> told = new ArrayList<>();
  private Instant now = Instant.parse("2026-03-01T04:00:00Z");
  private long free = Long.MAX_VALUE;

  /// Of a user and of all; 0 for what is usual.
  private long quota;

  private MediaStore store;
  private Sweep sweep;
  private Custody custody;

  @BeforeEach
  void open() {
    MediaOptions options =
        new MediaOptions(
            10_000,
            quota == 0 ? 20_000 : quota,
            Optional.of(quota == 0 ? 30_000 : quota),
            CACHE,
            1_000,
            Optional.of(Duration.ofDays(30)),
            Optional.of(Duration.ofDays(10)),
            true,
            false);
    store =
        new MediaStore(
            stores.store(),
            new MediaFolder(folder, options.keptFreeBytes(), () -> free),
            options,
            () -> now,
            new SecureRandom());
    sweep = new Sweep(store, told::add, () -> now, () -> false);
    custody = new Custody(store, SERVER, sweep, () -> now, () -> false);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Incoming received(byte[] bytes) {
    Incoming incoming = store.receive(10_000, bytes.length);
    incoming.write(bytes, 0, bytes.length);
    return incoming;
  }

  private LocalMedia upload(UserId user, byte[] bytes) {
    try (Incoming incoming = received(bytes)) {
      return keep(user, incoming);
    }
  }

  private LocalMedia keep(UserId user, Incoming incoming) {
    return store.keep(
        new MediaStore.Upload(user, Optional.empty(), "image/png", Optional.of("a.png")),
        incoming,
        () -> {});
  }

  private RemoteMedia fetch(String uri, byte[] bytes) {
    try (Incoming incoming = received(bytes)) {
      return store.keepRemote(MxcUri.parse(uri), incoming, "image/png", Optional.empty());
    }
  }

  private Path file(LocalMedia media) {
    return store.folder().path(media.file().sha256());
  }

  private static void age(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(Files::isRegularFile).toList();
    }
  }

  private boolean isThere(LocalMedia media) {
    return store.local(media.mediaId()) instanceof MediaQueries.Local.There;
  }

  private LocalMedia again(LocalMedia media) {
    if (store.local(media.mediaId()) instanceof MediaQueries.Local.There(var there)) {
      return there;
    }
    throw new AssertionError(media + " is gone");
  }

  @Test
  void afterACrashAFileWithoutARowGoes() throws IOException {
    LocalMedia kept = upload(ALICE, bytes("kept"));
    Incoming cut = received(bytes("cut off in the middle"));
    Incoming uncommitted = received(bytes("moved, and then the power failed"));
    var _ = uncommitted.claim(uncommitted.finish());
    assertThat(files()).hasSize(3);

    open(); // as the next start does
    for (Path each : files()) {
      age(each);
    }
    sweep.removeIncoming();
    Sweep.Found found = sweep.run();

    assertThat(found).isEqualTo(new Sweep.Found(1, 0, 0, 0));
    assertThat(files()).containsExactly(file(kept));
    cut.close();
  }

  @Test
  void aFileWhoseRowIsOnItsWayStays() throws IOException {
    try (Incoming incoming = received(bytes("on its way"))) {
      String sha256 = incoming.finish();
      try (MediaFolder.Claim _ = incoming.claim(sha256)) {
        age(store.folder().path(sha256));
        sweep.run();
        assertThat(store.folder().has(sha256)).isTrue();
      }
      sweep.run();
      assertThat(store.folder().has(sha256)).isFalse();
    }
  }

  @Test
  void aRowWithoutAFileIsToldAndHealsOrGoes() throws IOException {
    LocalMedia lost = upload(ALICE, bytes("lost"));
    LocalMedia back = upload(ALICE, bytes("comes back"));
    RemoteMedia copy = fetch("mxc://other.test/a", bytes("a copy"));
    byte[] saved = Files.readAllBytes(file(back));
    for (Path each : files()) {
      Files.delete(each);
    }

    assertThat(sweep.run()).isEqualTo(new Sweep.Found(0, 2, 1, 0));
    assertThat(sweep.run().lost()).isEqualTo(2);

    assertThat(told).extracting(Happening::kind).containsExactly(Kind.MEDIA_LOST);
    assertThat(again(lost).missing()).isTrue();
    assertThatThrownBy(() -> store.open(lost.file())).hasMessageContaining("lost");
    // A copy is fetched anew.
    assertThat(store.remote(copy.uri())).isEmpty();
    assertThat(custody.totals().copies()).isZero();

    // Somebody uploads the same again, or puts the file back.
    upload(BOB, saved);
    now = now.plus(Sweep.PATIENCE).plusSeconds(1);
    sweep.run();

    assertThat(again(back).missing()).isFalse();
    assertThat(isThere(lost)).isFalse();
    assertThat(custody.totals().files()).isEqualTo(2);
    assertThat(custody.totals().bytes()).isEqualTo(2L * saved.length);
  }

  @Test
  void aFullDiskTakesNothingAndKeepsNothing() throws IOException {
    free = 1_500;
    assertThatThrownBy(() -> store.receive(10_000, 600))
        .isInstanceOfSatisfying(MatrixException.class, e -> assertThat(e.status()).isEqualTo(507));

    // Two that fit each, and not both.
    try (Incoming first = store.receive(10_000, 400)) {
      assertThatThrownBy(() -> store.receive(10_000, 400)).isInstanceOf(MatrixException.class);
      first.write(new byte[400], 0, 400);
    }
    try (Incoming later = store.receive(10_000, 400)) {
      assertThat(later.lengthBytes()).isZero();
    }

    // One that does not say how much it is meets the end while it comes.
    free = Long.MAX_VALUE;
    try (Incoming unknown = store.receive(10_000_000, 0)) {
      free = 1_000;
      assertThatThrownBy(() -> unknown.write(new byte[4_000], 0, 4_000))
          .isInstanceOf(MatrixException.class)
          .hasMessageContaining("disk");
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void quotasOfAUserAndOfAllHold() throws IOException {
    upload(ALICE, new byte[10_000]);
    upload(ALICE, new byte[9_999]);
    assertThatThrownBy(() -> upload(ALICE, new byte[2])).hasMessageContaining("as much as you may");
    upload(BOB, new byte[10_000]);
    assertThatThrownBy(() -> upload(BOB, new byte[2])).hasMessageContaining("as many files");

    assertThat(files()).hasSize(2);
    assertThat(custody.totals()).isEqualTo(new Custody.Totals(3, 29_999, 0, 0));
    assertThat(custody.largest(1)).containsExactly(new Custody.UserTotals(ALICE, 2, 19_999));

    assertThat(
            custody.delete(
                MxcUri.create(
                    SERVER, custody.ofUser(BOB, Optional.empty(), 9).getFirst().mediaId())))
        .isTrue();
    // Alice has the same bytes.
    assertThat(files()).hasSize(2);
    upload(BOB, new byte[2]);
  }

  @Test
  void quarantineIsOfBytesAndNotOfWhatIsProtected() {
    LocalMedia bad = upload(ALICE, bytes("bad"));
    LocalMedia logo = upload(BOB, bytes("logo"));
    RemoteMedia copy = fetch("mxc://other.test/bad", bytes("bad"));
    custody.protect(custody.uri(logo), true);

    assertThat(custody.quarantine(custody.uri(bad), true)).isTrue();
    assertThat(custody.quarantineAll(BOB, true)).isEqualTo(1);

    assertThat(again(bad).file().quarantined()).isTrue();
    assertThat(store.remote(copy.uri()).orElseThrow().file().quarantined()).isTrue();
    assertThat(again(logo).file().quarantined()).isFalse();
    assertThat(upload(BOB, bytes("bad")).file().quarantined()).isTrue();
    assertThat(fetch("mxc://third.test/bad", bytes("bad")).file().quarantined()).isTrue();

    custody.quarantine(copy.uri(), false);
    assertThat(again(bad).file().quarantined()).isFalse();
    assertThat(custody.quarantine(MxcUri.parse("mxc://hearth.test/none"), true)).isFalse();
  }

  @Test
  void quarantineOutlastsTheMedia() {
    LocalMedia bad = upload(ALICE, bytes("bad"));
    RemoteMedia worse = fetch("mxc://other.test/worse", bytes("worse"));
    MxcUri address = custody.uri(bad);
    custody.quarantine(address, true);
    custody.quarantine(worse.uri(), true);

    // By age, and by the owner.
    now = now.plus(Duration.ofDays(40));
    custody.removeDue();
    custody.delete(worse.uri());
    assertThat(isThere(bad)).isFalse();
    assertThat(store.remote(worse.uri())).isEmpty();
    // Nothing is there that it could be of.
    custody.quarantine(address, true);

    LocalMedia again = upload(BOB, bytes("bad"));
    assertThat(again.file().quarantined()).isTrue();
    assertThat(fetch("mxc://third.test/x", bytes("worse")).file().quarantined()).isTrue();
    // The other server gives something else at the same address.
    assertThat(fetch("mxc://other.test/worse", bytes("changed")).file().quarantined()).isTrue();
    assertThat(upload(BOB, bytes("changed")).file().quarantined()).isFalse();

    assertThat(custody.quarantine(address, false)).isTrue();
    assertThat(again(again).file().quarantined()).isFalse();
    assertThat(upload(ALICE, bytes("bad")).file().quarantined()).isFalse();
    assertThat(custody.quarantine(worse.uri(), false)).isTrue();
    assertThat(fetch("mxc://other.test/worse", bytes("worse")).file().quarantined()).isFalse();
  }

  @Test
  void copiesStayWithinTheirBudgetAndOneSiteWithinAQuarter() throws IOException {
    for (int i = 0; i < 8; i++) {
      now = now.plusSeconds(1);
      fetch("mxc://s%d.a.test/x".formatted(i), new byte[201 + i]);
    }
    // A quarter of 4,000 bytes for all servers of one owner.
    assertThat(custody.totals().copies()).isEqualTo(4);
    assertThat(store.remote(MxcUri.parse("mxc://s0.a.test/x"))).isEmpty();
    assertThat(store.remote(MxcUri.parse("mxc://s7.a.test/x"))).isPresent();

    for (int i = 0; i < 8; i++) {
      now = now.plusSeconds(1);
      fetch("mxc://b%d.test/x".formatted(i), new byte[900 + i]);
    }
    assertThat(custody.totals().copyBytes()).isLessThanOrEqualTo(CACHE);
    assertThat(files()).hasSize((int) custody.totals().copies());
    assertThat(store.remote(MxcUri.parse("mxc://b7.test/x"))).isPresent();

    assertThatThrownBy(() -> fetch("mxc://c.test/x", new byte[1_001]))
        .isInstanceOfSatisfying(MatrixException.class, e -> assertThat(e.status()).isEqualTo(502));
    // What comes again takes the place of what was there.
    long before = custody.totals().copies();
    fetch("mxc://b7.test/x", new byte[10]);
    assertThat(custody.totals().copies()).isEqualTo(before);
  }

  @Test
  void whatNobodyUsesGoesByAge() {
    LocalMedia old = upload(ALICE, bytes("old"));
    LocalMedia used = upload(ALICE, bytes("used"));
    LocalMedia logo = upload(ALICE, bytes("logo"));
    RemoteMedia copy = fetch("mxc://other.test/x", bytes("copy"));
    custody.protect(custody.uri(logo), true);
    now = now.plus(Duration.ofDays(20));
    store.used(again(used));
    now = now.plus(Duration.ofDays(11));
    // Whatever is committed after that comes after it.
    store.change(List.of(MediaTables.expire(now)));

    assertThat(custody.removeUnused(Duration.ofDays(30), true))
        .isEqualTo(new Custody.Removed(1, 3));
    assertThat(custody.removeUnusedCopies(Duration.ofDays(30), true))
        .isEqualTo(new Custody.Removed(1, 4));
    assertThat(isThere(old)).isTrue();

    custody.removeDue();

    assertThat(isThere(old)).isFalse();
    assertThat(isThere(used)).isTrue();
    assertThat(isThere(logo)).isTrue();
    assertThat(store.remote(copy.uri())).isEmpty();
  }

  @Test
  void whatComesWhileAnAccountIsErasedGoesToo() throws IOException {
    // Somebody who has uploaded nothing so far.
    store.change(MediaStore.erasing(ALICE));
    LocalMedia late = upload(ALICE, bytes("looked at before, committed after"));
    LocalMedia others = upload(BOB, bytes("somebody else's"));

    assertThat(store.erased(ALICE)).isFalse();
    custody.removeErased();

    assertThat(isThere(late)).isFalse();
    assertThat(files()).containsExactly(file(others));
    assertThat(store.tables().erased()).isEmpty();
    assertThat(custody.totals().files()).isEqualTo(1);
  }

  @Test
  void anAddressThatNothingCameToExpires() {
    MediaTables.Pending pending = store.create(ALICE);
    now = now.plus(MediaStore.PENDING_TIME);

    assertThat(store.local(pending.mediaId())).isInstanceOf(MediaQueries.Local.Nothing.class);
    assertThatThrownBy(() -> store.checkPending(pending.mediaId(), ALICE))
        .isInstanceOfSatisfying(
            MatrixException.class, e -> assertThat(e.errcode()).isEqualTo("M_NOT_FOUND"));
    custody.removeDue();
    assertThat(store.tables().pending(pending.mediaId())).isEmpty();
  }

  @Test
  void aDamagedFileIsFoundAndHealsByTheSameUpload() throws IOException {
    LocalMedia media = upload(ALICE, bytes("as it was"));
    Files.writeString(file(media), "as it ist");

    assertThat(sweep.runReading().damaged()).isEqualTo(1);
    assertThat(sweep.runReading().damaged()).isEqualTo(1);
    try (VerifiedContent content =
        new VerifiedContent(store.open(media.file()), store.checked(), () -> {}, sweep::damaged)) {
      assertThatThrownBy(() -> content.read(new byte[9], 0, 9)).hasMessageContaining("damaged");
    }
    assertThat(told).extracting(Happening::kind).containsExactly(Kind.MEDIA_DAMAGED);

    upload(BOB, bytes("as it was"));
    assertThat(sweep.runReading().damaged()).isZero();
  }

  private void read(LocalMedia media) throws IOException {
    try (VerifiedContent content =
        new VerifiedContent(store.open(media.file()), store.checked(), () -> {}, sweep::damaged)) {
      byte[] piece = new byte[100_000];
      int read = content.read(piece, 0, piece.length);
      while (read > 0) {
        read = content.read(piece, 0, piece.length);
      }
    }
  }

  private LocalMedia uploadLarge() throws Exception {
    byte[] bytes = new byte[3 * CheckedFiles.LEAST_BYTES + 7];
    new Random(1).nextBytes(bytes);
    try (Incoming incoming = store.receive(bytes.length, 0)) {
      for (int at = 0; at < bytes.length; at += 50_001) {
        incoming.write(bytes, at, Math.min(50_001, bytes.length - at));
      }
      LocalMedia media = keep(ALICE, incoming);
      assertThat(media.file().sha256())
          .isEqualTo(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
      return media;
    }
  }

  private void damage(LocalMedia media) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(file(media).toFile(), "rw")) {
      file.seek(100);
      int before = file.read();
      file.seek(100);
      file.write(before + 1);
    }
  }

  @Test
  void aLargeFileIsHashedAgainWhenSomebodyHasWrittenToIt() throws Exception {
    quota = 1L << 30;
    open();
    LocalMedia media = uploadLarge();
    read(media);
    FileTime written = Files.getLastModifiedTime(file(media));

    damage(media);
    Files.setLastModifiedTime(file(media), FileTime.from(written.toInstant().plusMillis(1)));

    assertThatThrownBy(() -> read(media)).hasMessageContaining("damaged");
    assertThatThrownBy(() -> read(media)).hasMessageContaining("damaged");
  }

  /// What a disk does to a file leaves no time of it.
  @Test
  void aLargeFileIsHashedOnceADayAndNotServedOnceItIsKnownToBeDamaged() throws Exception {
    quota = 1L << 30;
    open();
    LocalMedia media = uploadLarge();
    FileTime written = Files.getLastModifiedTime(file(media));
    damage(media);
    Files.setLastModifiedTime(file(media), written);

    // It was hashed when it came.
    read(media);
    now = now.plus(CheckedFiles.LIFE);
    assertThatThrownBy(() -> read(media)).hasMessageContaining("damaged");

    now = now.minus(CheckedFiles.LIFE);
    assertThatThrownBy(() -> read(media)).hasMessageContaining("damaged");
  }

  @Test
  void aBackupHasEachFileOnceAndGivesItBack() throws IOException {
    Path backups = Files.createDirectory(folder.resolveSibling(folder.getFileName() + "-b"));
    Path first = Files.createDirectory(backups.resolve("backup-1"));
    Path second = Files.createDirectory(backups.resolve("backup-2"));
    MediaBackup backup = new MediaBackup(store);
    LocalMedia one = upload(ALICE, bytes("one"));
    LocalMedia two = upload(ALICE, bytes("two"));
    assertThat(backup.copy(first, () -> {})).isPresent();
    try (var _ = backup.hold()) {
      custody.delete(custody.uri(two));
      // It is copied still.
      assertThat(store.folder().has(two.file().sha256())).isTrue();
    }
    age(file(two));
    sweep.run();
    LocalMedia three = upload(ALICE, bytes("three"));
    assertThat(backup.copy(second, () -> {})).isPresent();

    Path restored = folder.resolveSibling(folder.getFileName() + "-r");
    assertThat(MediaBackup.restore(first, restored, () -> {}))
        .isEqualTo(new MediaBackup.Restored(2, List.of()));
    assertThat(Files.readString(MediaFolder.place(restored.resolve("files"), two.file().sha256())))
        .isEqualTo("two");
    assertThat(MediaBackup.verify(second, () -> {}).whole()).isEqualTo(2);

    Files.delete(first);
    MediaBackup.prune(second);
    Path copies = backups.resolve("media/files");
    assertThat(MediaFolder.place(copies, two.file().sha256())).doesNotExist();
    assertThat(MediaFolder.place(copies, one.file().sha256())).exists();
    Files.delete(MediaFolder.place(copies, three.file().sha256()));
    assertThat(MediaBackup.verify(second, () -> {}).lost()).containsExactly(three.file().sha256());
    assertThat(Set.of(one, three)).allMatch(each -> Files.exists(file(each)));
  }
}
