package org.hearth.server.services.media.thumbnail;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.services.media.Downloads;
import org.hearth.server.services.media.MediaFile;
import org.hearth.server.services.media.MediaStore;
import org.hearth.server.services.media.StoredFile;
import org.hearth.server.services.media.thumbnail.ThumbnailRows.Outcome;
import org.hearth.server.services.media.thumbnail.ThumbnailRows.Row;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.UnitOfWork;
import org.hearth.server.upkeep.Upkeep;

/// Thumbnails that are made once and kept, whoever asks.
///
/// A row says what became of each, also that there can be none: nobody has the same file decoded
/// again and again. A file that is lost is made again.
///
/// **thread**: any asks; the workshop's makes and writes.
public final class Thumbnails {
  /// All files together.
  static final long MOST_BYTES = 2L << 30;

  private static final System.Logger LOG = System.getLogger(Thumbnails.class.getName());
  private static final Duration UNUSED = Duration.ofDays(90);
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration FIRST_LOOK = Duration.ofSeconds(10);
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(10);

  /// A few people's rooms full of new pictures.
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private static final int PAGE = 500;

  private final Store store;
  private final MediaStore media;
  private final ThumbnailRows rows;
  private final ThumbnailFiles files;
  private final ThumbnailMaker maker = new ThumbnailMaker();
  private final Workshop<ThumbnailRows.Key, Row> workshop = new Workshop<>("thumbnails");
  private final Upkeep upkeep = new Upkeep("thumbnail-upkeep");
  private final InstantSource clock;
  private final long most;
  private final long mostBytes;
  private final AtomicLong count = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  /// @param folder where the files are
  public Thumbnails(Store store, Path folder, MediaStore media, InstantSource clock) {
    this(store, folder, media, clock, ThumbnailRows.MOST, MOST_BYTES);
  }

  Thumbnails(
      Store store, Path folder, MediaStore media, InstantSource clock, long most, long mostBytes) {
    this.store = store;
    this.media = media;
    this.rows = new ThumbnailRows(store);
    this.files = new ThumbnailFiles(folder);
    this.clock = clock;
    this.most = most;
    this.mostBytes = mostBytes;
    media.onForgotten(this::forget);
  }

  /// What is answered.
  public sealed interface Found {
    /// A thumbnail.
    record Thumbnail(Downloads.Opening file, String contentType) implements Found {}

    /// The original, under the type that it has by its first bytes.
    record Original(MediaFile file) implements Found {}
  }

  void start() {
    ThumbnailRows.Totals totals = rows.totals();
    count.addAndGet(totals.rows());
    bytes.addAndGet(totals.bytes());
    workshop.start();
    upkeep.every(FIRST_LOOK, HOUR, "old thumbnails could not be removed", this::removeUnused);
    upkeep.once(
        "thumbnails could not be looked through",
        () -> files.sweep(this::isNamed, upkeep::isEnding));
  }

  void stop() throws InterruptedException {
    upkeep.end();
    if (!workshop.end(PATIENCE_AT_END) || !upkeep.end(PATIENCE_AT_END)) {
      LOG.log(Level.WARNING, "a thumbnail is still being made");
    }
  }

  /// A thumbnail, or the original where it is small enough.
  ///
  /// @param asker on whose behalf
  /// @param file refused if it is in quarantine
  /// @param remote whether it is of another server
  /// @throws MatrixException 400 if it is no picture; `M_TOO_LARGE`, 413 or 502, if it is too large
  public Found get(String asker, MediaFile file, ThumbnailSize wanted, boolean remote)
      throws InterruptedException {
    if (file.quarantined()) {
      throw MatrixException.notFound("There is no such media");
    }
    ThumbnailRows.Key key = new ThumbnailRows.Key(file.sha256(), wanted.made());
    Optional<Row> known = rows.row(key);
    if (known.isPresent()) {
      Optional<Found> found = found(known.get(), file, remote);
      if (found.isPresent()) {
        noteUse(known.get());
        return found.get();
      }
    }
    Row made =
        workshop
            .get(key, asker, () -> make(key, file), PATIENCE)
            .orElseThrow(() -> MatrixException.limitExceeded(Duration.ofSeconds(10)));
    return found(made, file, remote)
        .orElseThrow(() -> new IllegalStateException("the thumbnail went at once: " + key));
  }

  /// @return empty if its file is lost
  private Optional<Found> found(Row row, MediaFile file, boolean remote) {
    return switch (row.outcome()) {
      case THUMBNAIL ->
          isThere(row)
              ? Optional.of(
                  new Found.Thumbnail(place -> open(row, place), row.contentType().orElseThrow()))
              : Optional.empty();
      case ORIGINAL ->
          Optional.of(
              new Found.Original(
                  new MediaFile(
                      file.sha256(),
                      file.lengthBytes(),
                      row.contentType().orElseThrow(),
                      Optional.of(fileName(row.contentType().orElseThrow())),
                      false)));
      // "the server cannot thumbnail the content"
      case NOT_POSSIBLE ->
          throw new MatrixException(
              400, Errcode.UNKNOWN, "Cannot generate thumbnails for the requested content");
      // "The local content is too large for the server to thumbnail", 413; of "the remote content"
      // 502.
      case TOO_LARGE ->
          throw new MatrixException(
              remote ? 502 : 413, Errcode.TOO_LARGE, "Content is too large to thumbnail");
    };
  }

  /// "SHOULD contain a file name (e.g. `thumbnail.png`)."
  static String fileName(String contentType) {
    return "thumbnail."
        + contentType.substring(contentType.indexOf('/') + 1).replace("jpeg", "jpg");
  }

  /// In the workshop's thread.
  private Row make(ThumbnailRows.Key key, MediaFile file) {
    // It may have been made since somebody looked.
    Optional<Row> before = rows.row(key);
    if (before.isPresent()) {
      if (before.get().outcome() != Outcome.THUMBNAIL || isThere(before.get())) {
        return before.get();
      }
      remove(List.of(before.get()));
    }
    Made made = made(key, file);
    Row row =
        switch (made) {
          case Made.Thumbnail(byte[] content, String type) -> {
            files.write(key, content);
            yield row(key, Outcome.THUMBNAIL, Optional.of(type), content.length);
          }
          case Made.Original(String type) -> row(key, Outcome.ORIGINAL, Optional.of(type), 0);
          case Made.NotPossible(String why) -> {
            LOG.log(Level.DEBUG, "there is no thumbnail of {0}: {1}", key.sha256(), why);
            yield row(key, Outcome.NOT_POSSIBLE, Optional.empty(), 0);
          }
          case Made.TooLarge(String why) -> {
            LOG.log(Level.DEBUG, "{0} is too large for thumbnails: {1}", key.sha256(), why);
            yield row(key, Outcome.TOO_LARGE, Optional.empty(), 0);
          }
        };
    makeRoom(row.lengthBytes());
    store
        .committer()
        .commit(ThumbnailService.BOX, List.of(ThumbnailRows.insertion(row)), List.of());
    count.incrementAndGet();
    bytes.addAndGet(row.lengthBytes());
    return row;
  }

  /// Opens a file that was there a moment ago.
  private ThumbnailContent open(Row row, Closeable place) throws IOException {
    try {
      return ThumbnailContent.open(files.path(row.key()), row.lengthBytes(), place);
    } catch (NoSuchFileException _) {
      // It had to go while who asks for it waited for a place: the next one makes it again.
      throw MatrixException.limitExceeded(Duration.ofSeconds(1));
    }
  }

  private boolean isThere(Row row) {
    try {
      return Files.size(files.path(row.key())) == row.lengthBytes();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "a thumbnail is made again: {0}", e.toString());
      return false;
    }
  }

  private Row row(ThumbnailRows.Key key, Outcome outcome, Optional<String> type, long length) {
    return new Row(key, outcome, type, length, clock.instant());
  }

  private Made made(ThumbnailRows.Key key, MediaFile file) {
    try (StoredFile original = media.open(file)) {
      return maker.make(original.path(), key.size());
    } catch (IOException e) {
      throw new UncheckedIOException("a picture cannot be read", e);
    }
  }

  private void makeRoom(long coming) {
    while (count.get() > 0 && (count.get() >= most || bytes.get() + coming > mostBytes)) {
      List<Row> going = rows.leastUsed(PAGE);
      if (going.isEmpty()) {
        return;
      }
      long over = bytes.get() + coming - mostBytes;
      int taken = 0;
      long freed = 0;
      while (taken < going.size() && (taken <= count.get() - most || freed < over || taken == 0)) {
        freed += going.get(taken).lengthBytes();
        taken++;
      }
      remove(going.subList(0, taken));
    }
  }

  private void removeUnused() {
    Instant before = clock.instant().minus(UNUSED);
    List<Row> page = old(before);
    while (!page.isEmpty() && !upkeep.isEnding()) {
      remove(page);
      page = old(before);
    }
  }

  private List<Row> old(Instant before) {
    return rows.leastUsed(PAGE).stream().filter(each -> each.used().isBefore(before)).toList();
  }

  /// The original is gone.
  private void forget(String sha256) {
    remove(rows.of(sha256));
  }

  private void remove(List<Row> going) {
    if (going.isEmpty()) {
      return;
    }
    List<RowChange> deletions =
        going.stream().map(each -> ThumbnailRows.deletion(each.key())).toList();
    store.committer().commit(ThumbnailService.BOX, deletions, List.of());
    for (Row each : going) {
      count.decrementAndGet();
      bytes.addAndGet(-each.lengthBytes());
      if (each.outcome() == Outcome.THUMBNAIL) {
        files.remove(each.key());
      }
    }
  }

  private boolean isNamed(String fileName) {
    int dash = fileName.indexOf('-');
    return dash > 0
        && rows.of(fileName.substring(0, dash)).stream()
            .anyMatch(each -> each.key().fileName().equals(fileName));
  }

  /// Once a day at most. Nobody waits for that.
  private void noteUse(Row row) {
    Instant now = clock.instant();
    if (now.isBefore(row.used().plus(DAY))) {
      return;
    }
    try {
      store
          .committer()
          .submit(
              UnitOfWork.alone(
                  ThumbnailService.BOX, List.of(ThumbnailRows.used(row.key(), now)), List.of()));
    } catch (StorageException e) {
      LOG.log(Level.DEBUG, "the use of a thumbnail is not noted: {0}", e.getMessage());
    }
  }

  /// The headers of an answer that is a thumbnail: "MUST be `inline`".
  static Map<String, String> headers(String contentType) {
    return Downloads.headers("inline; filename=\"%s\"".formatted(fileName(contentType)));
  }
}
