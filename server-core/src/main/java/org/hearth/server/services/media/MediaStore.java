package org.hearth.server.services.media;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.UnitOfWork;

/// Media: files in the data folder and rows that say what they are.
///
/// A file is on the disk before its row is committed, and goes after the last row that names it. So
/// a crash leaves at worst a file without a row, which [Sweep] removes.
///
/// **thread**: any. What changes is decided in turns, so that no quota is passed by two at once.
public final class MediaStore implements MediaQueries {
  /// How the ids of pictures begin that come from pages of the web, for previews of them: they are
  /// kept among the copies, under this server's name. Ids of uploads have no such character.
  public static final String FROM_PAGES = "page_";

  /// Of one user.
  static final int MOST_FILES = 100_000;

  /// Addresses of one user that nothing was uploaded to yet.
  static final int MOST_PENDING = 10;

  /// "The recommended default expiration is 24 hours".
  static final Duration PENDING_TIME = Duration.ofHours(24);

  private static final System.Logger LOG = System.getLogger(MediaStore.class.getName());
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final int ID_LETTERS = 24;
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration RETRY_PENDING = Duration.ofMinutes(1);

  private final Store store;
  private final MediaFolder folder;
  private final MediaTables tables;
  private final RemoteTables remotes;
  private final Quarantine quarantine;
  private final RemoteCache cache;
  private final MediaOptions options;
  private final InstantSource clock;
  private final SecureRandom random;
  private final CheckedFiles checked;
  private final Arrivals arrivals = new Arrivals();
  private final List<Consumer<String>> onForgotten = new CopyOnWriteArrayList<>();

  /// Held from looking at the rows until what was decided is committed.
  private final ReentrantLock changing = new ReentrantLock();

  /// @param root the folder `media/`, which is made if it does not exist
  public MediaStore(
      Store store, Path root, MediaOptions options, InstantSource clock, SecureRandom random) {
    this(store, new MediaFolder(root, options.keptFreeBytes()), options, clock, random);
  }

  MediaStore(
      Store store,
      MediaFolder folder,
      MediaOptions options,
      InstantSource clock,
      SecureRandom random) {
    this.store = store;
    this.folder = folder;
    this.tables = new MediaTables(store.reads());
    this.remotes = new RemoteTables(store.reads());
    this.quarantine = new Quarantine(store.reads());
    this.cache = new RemoteCache(remotes, options.mostCacheBytes());
    this.options = options;
    this.clock = clock;
    this.random = random;
    this.checked = new CheckedFiles(clock);
  }

  /// Whether it is an upload of this server's, if it is anything.
  static boolean isHere(ServerName here, MxcUri uri) {
    return uri.server().equals(here) && !uri.mediaId().startsWith(FROM_PAGES);
  }

  /// What the configuration says.
  public MediaOptions options() {
    return options;
  }

  MediaFolder folder() {
    return folder;
  }

  MediaTables tables() {
    return tables;
  }

  RemoteTables remotes() {
    return remotes;
  }

  Quarantine quarantine() {
    return quarantine;
  }

  CheckedFiles checked() {
    return checked;
  }

  Arrivals arrivals() {
    return arrivals;
  }

  /// Follows the end of files: whoever has made something of one, such as thumbnails, has no use
  /// for that any more.
  ///
  /// @param follower told the hash of each that is removed; quick
  public void onForgotten(Consumer<String> follower) {
    onForgotten.add(follower);
  }

  @Override
  public Local local(String mediaId) {
    Optional<LocalMedia> there = tables.media(mediaId);
    if (there.isPresent()) {
      return new Local.There(there.get());
    }
    Instant now = clock.instant();
    return tables
        .pending(mediaId)
        .filter(each -> each.expires().isAfter(now))
        .<Local>map(each -> new Local.NotYetUploaded(each.expires()))
        // It may have come between the two looks.
        .or(() -> tables.media(mediaId).map(Local.There::new))
        .orElseGet(Local.Nothing::new);
  }

  @Override
  public Optional<RemoteMedia> remote(MxcUri uri) {
    return remotes.media(uri);
  }

  @Override
  public StoredFile open(MediaFile file) {
    Path path = folder.path(file.sha256());
    try {
      return StoredFile.open(path, file);
    } catch (NoSuchFileException e) {
      LOG.log(Level.WARNING, "The file {0} is not there, though there is media with it", path);
      throw MatrixException.notFound("The file of this media is lost");
    } catch (IOException e) {
      throw new UncheckedIOException("the file " + path + " cannot be read", e);
    }
  }

  /// Notes that somebody has downloaded it, once a day at most. Nobody waits for that.
  public void used(LocalMedia media) {
    noteUse(media.used(), now -> MediaTables.used(media.mediaId(), now));
  }

  /// The same of a copy.
  public void used(RemoteMedia media) {
    noteUse(media.used(), now -> RemoteTables.used(media.uri(), now));
  }

  private void noteUse(Instant before, java.util.function.Function<Instant, RowChange> change) {
    Instant now = clock.instant();
    if (now.isBefore(before.plus(DAY))) {
      return;
    }
    try {
      store.committer().submit(UnitOfWork.alone(BOX, List.of(change.apply(now)), List.of()));
    } catch (StorageException e) {
      LOG.log(Level.DEBUG, "the use of media is not noted: {0}", e.getMessage());
    }
  }

  /// Begins to receive a file. Whoever calls this closes it, whatever becomes of it.
  ///
  /// @param mostBytes more of them are refused with `M_TOO_LARGE`
  /// @param announcedBytes how many there will be, if that is known; else 0
  /// @throws MatrixException 507 if the disk has no room for it
  public Incoming receive(long mostBytes, long announcedBytes) {
    return folder.receive(mostBytes, announcedBytes);
  }

  /// Refuses an upload that would be one too many, before anything is received.
  ///
  /// @throws MatrixException `M_FORBIDDEN` if a quota is reached
  void checkQuota(UserId user, long announcedBytes) {
    MediaTables.Usage own = tables.usage(user.value()).orElse(MediaTables.Usage.NONE);
    if (own.files() >= MOST_FILES || announcedBytes > options.mostUserBytes() - own.bytes()) {
      throw MatrixException.forbidden(
          "You have uploaded as much as you may: %,d bytes in %,d files"
              .formatted(own.bytes(), own.files()));
    }
    Optional<Long> most = options.mostBytes();
    if (most.isPresent()) {
      MediaTables.Usage all = tables.usage(MediaTables.ALL).orElse(MediaTables.Usage.NONE);
      if (announcedBytes > most.get() - all.bytes()) {
        throw MatrixException.forbidden("This server has as many files as it may have");
      }
    }
  }

  /// Gives out an address that something can be uploaded to.
  ///
  /// @throws MatrixException `M_LIMIT_EXCEEDED` if too many of the user's wait for that
  MediaTables.Pending create(UserId user) {
    return inTurn(() -> {
      Instant now = clock.instant();
      if (tables.pendingOf(user, now) >= MOST_PENDING) {
        throw MatrixException.limitExceeded(RETRY_PENDING);
      }
      MediaTables.Pending pending = new MediaTables.Pending(newId(), user, now.plus(PENDING_TIME));
      commit(List.of(MediaTables.pending(pending)));
      return pending;
    });
  }

  /// Refuses an upload to an address that the user has not, or that has something.
  ///
  /// @throws MatrixException as the specification says it of the upload
  void checkPending(String mediaId, UserId user) {
    Optional<LocalMedia> there = tables.media(mediaId);
    // "The request comes from a different user than the one that called POST /create."
    if (there.isPresent()) {
      throw there.get().owner().equals(user)
          ? new MatrixException(Errcode.CANNOT_OVERWRITE_MEDIA, "Media already uploaded")
          : notYours();
    }
    // "The MXC ID was not created with POST /create. The MXC ID has expired."
    MediaTables.Pending pending =
        tables
            .pending(mediaId)
            .filter(each -> each.expires().isAfter(clock.instant()))
            .orElseThrow(() -> MatrixException.notFound("Unknown media ID"));
    if (!pending.owner().equals(user)) {
      throw notYours();
    }
  }

  private static MatrixException notYours() {
    return MatrixException.forbidden("This media ID was given to somebody else");
  }

  /// What somebody uploads.
  ///
  /// @param mediaId the address that was given out before; empty for a new one
  record Upload(
      UserId owner, Optional<String> mediaId, String contentType, Optional<String> fileName) {}

  /// Keeps what was received.
  ///
  /// @param check whether the user may still do this; called in turn, so that what is kept is here
  ///   before the media of a user who may not is removed
  /// @throws MatrixException if a quota is reached by now, or the address is not the user's any
  ///   more
  LocalMedia keep(Upload upload, Incoming received, Runnable check) {
    LocalMedia kept =
        withFile(
            received,
            sha256 ->
                inTurn(() -> {
                  UserId owner = upload.owner();
                  check.run();
                  checkQuota(owner, received.lengthBytes());
                  upload.mediaId().ifPresent(id -> checkPending(id, owner));
                  Instant now = clock.instant();
                  LocalMedia media =
                      new LocalMedia(
                          upload.mediaId().orElseGet(this::newId),
                          owner,
                          new MediaFile(
                              sha256,
                              received.lengthBytes(),
                              upload.contentType(),
                              upload.fileName(),
                              quarantine.has(sha256)),
                          now,
                          now,
                          false,
                          options.withoutLogin(),
                          false);
                  commit(insertion(media, upload.mediaId().isPresent()));
                  return media;
                }));
    arrivals.arrived(kept.mediaId());
    return kept;
  }

  /// What notes that all of a user's media is to go.
  static List<RowChange> erasing(UserId user) {
    return List.of(
        MediaTables.notPendingOf(user),
        MediaTables.firstUsage(user.value()),
        MediaTables.erasing(user));
  }

  /// Notes that all of an erased user's media is gone.
  ///
  /// @return false if something has come meanwhile
  boolean erased(UserId user) {
    return inTurn(() -> {
      if (!tables.ofUser(user, Long.MAX_VALUE, "", 1).isEmpty()) {
        return false;
      }
      commit(List.of(MediaTables.erased(user)));
      return true;
    });
  }

  private List<RowChange> insertion(LocalMedia media, boolean wasPending) {
    String owner = media.owner().value();
    List<RowChange> rows = new ArrayList<>();
    if (wasPending) {
      rows.add(MediaTables.notPending(media.mediaId()));
    }
    rows.add(MediaTables.firstUsage(owner));
    rows.add(MediaTables.insertion(media));
    rows.add(MediaTables.usage(owner, 1, media.file().lengthBytes()));
    rows.add(MediaTables.usage(MediaTables.ALL, 1, media.file().lengthBytes()));
    return rows;
  }

  /// Keeps a copy of something that is on another server, in the place of one that was there. Those
  /// go that were not used for longest.
  ///
  /// @param received all of it, as it has come; the caller closes it
  /// @throws MatrixException 502 `M_TOO_LARGE` if it is larger than a copy may be
  public RemoteMedia keepRemote(
      MxcUri uri, Incoming received, String contentType, Optional<String> fileName) {
    Set<String> freed = new HashSet<>();
    try {
      return withFile(
          received,
          sha256 ->
              inTurn(() -> {
                Instant now = clock.instant();
                MediaFile file =
                    new MediaFile(
                        sha256,
                        received.lengthBytes(),
                        contentType,
                        fileName,
                        quarantine.has(sha256) || quarantine.has(uri));
                RemoteMedia media = new RemoteMedia(uri, file, now, now);
                remotes.media(uri).ifPresent(before -> forget(List.of(before), freed));
                List<RemoteMedia> going = cache.inTheWay(media);
                while (!going.isEmpty()) {
                  forget(going, freed);
                  going = cache.inTheWay(media);
                }
                commit(cache.adding(media));
                return media;
              }));
    } finally {
      removeFiles(freed);
    }
  }

  private void forget(List<RemoteMedia> going, Set<String> freed) {
    RemoteCache.Change change = cache.removing(going);
    commit(change.rows());
    freed.addAll(change.freed());
  }

  private interface Keeping<T> {
    T keep(String sha256);
  }

  /// Puts a received file where it belongs and commits what names it.
  private <T> T withFile(Incoming received, Keeping<T> keeping) {
    String sha256 = received.finish();
    boolean unnamed = false;
    try (MediaFolder.Claim claim = received.claim(sha256)) {
      claim.version().ifPresent(version -> checked.add(sha256, version));
      return keeping.keep(sha256);
    } catch (StorageException e) {
      // Who was not told in time may still get the row: then the sweep decides.
      unnamed = e.reason() != StorageException.Reason.BUSY;
      throw e;
    } catch (RuntimeException e) {
      unnamed = true;
      throw e;
    } finally {
      if (unnamed) {
        removeFiles(List.of(sha256));
      }
    }
  }

  /// Removes pieces of media, and those of their files that nothing else names.
  void remove(List<LocalMedia> going) {
    if (going.isEmpty()) {
      return;
    }
    Set<String> freed = new HashSet<>();
    inTurn(() -> {
      List<RowChange> rows = new ArrayList<>();
      for (LocalMedia each : going) {
        // It may have gone since it was looked at, and is to be counted once.
        if (tables.media(each.mediaId()).isPresent()) {
          rows.add(MediaTables.deletion(each.mediaId()));
          rows.add(MediaTables.usage(each.owner().value(), -1, -each.file().lengthBytes()));
          rows.add(MediaTables.usage(MediaTables.ALL, -1, -each.file().lengthBytes()));
          freed.add(each.file().sha256());
        }
      }
      commit(rows);
      return rows.size();
    });
    removeFiles(freed);
  }

  /// Removes copies. They are fetched again when somebody asks.
  public void removeRemote(List<RemoteMedia> going) {
    if (going.isEmpty()) {
      return;
    }
    Set<String> freed = new HashSet<>();
    inTurn(() -> {
      forget(going.stream().filter(each -> remotes.media(each.uri()).isPresent()).toList(), freed);
      return freed;
    });
    removeFiles(freed);
  }

  /// Removes files that no row names any more.
  ///
  /// @return how many
  int removeFiles(Collection<String> hashes) {
    int removed = 0;
    for (String each : hashes) {
      if (folder.remove(each, this::isNamed)) {
        removed++;
        onForgotten.forEach(follower -> follower.accept(each));
      }
    }
    return removed;
  }

  boolean isNamed(String sha256) {
    return tables.names(sha256) || remotes.names(sha256);
  }

  /// Puts all media with these bytes into quarantine, here and copies, also what comes later, or
  /// takes it out again. What is protected stays as it is.
  void quarantine(List<String> hashes, boolean quarantined) {
    List<RowChange> rows = new ArrayList<>();
    hashes.forEach(each -> rows.add(MediaTables.quarantine(each, quarantined)));
    hashes.forEach(each -> rows.add(RemoteTables.quarantine(each, quarantined)));
    hashes.forEach(each ->
        rows.addAll(quarantined ? Quarantine.adding(each) : List.of(Quarantine.removal(each))));
    change(rows);
  }

  /// Changes rows in turn.
  void change(List<RowChange> rows) {
    inTurn(() -> {
      commit(rows);
      return rows;
    });
  }

  private <T> T inTurn(Supplier<T> work) {
    changing.lock();
    try {
      return work.get();
    } finally {
      changing.unlock();
    }
  }

  private void commit(List<RowChange> rows) {
    if (!rows.isEmpty()) {
      store.committer().commit(BOX, rows, List.of());
    }
  }

  private String newId() {
    StringBuilder id = new StringBuilder(ID_LETTERS);
    for (int i = 0; i < ID_LETTERS; i++) {
      id.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return id.toString();
  }
}
