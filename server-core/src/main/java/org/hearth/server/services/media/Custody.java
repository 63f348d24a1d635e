package org.hearth.server.services.media;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.hearth.server.matrix.id.MxcUri;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;

/// What the owner of the server does with media, and what is done by age.
///
/// **thread**: any.
public final class Custody {
  private static final int PAGE = 200;

  private final MediaStore store;
  private final ServerName server;
  private final Sweep sweep;
  private final InstantSource clock;
  private final BooleanSupplier isEnding;

  Custody(
      MediaStore store,
      ServerName server,
      Sweep sweep,
      InstantSource clock,
      BooleanSupplier isEnding) {
    this.store = store;
    this.server = server;
    this.sweep = sweep;
    this.clock = clock;
    this.isEnding = isEnding;
  }

  /// What copies files for backups.
  public MediaBackup backup() {
    return new MediaBackup(store);
  }

  /// How much there is.
  ///
  /// @param files that users of this server have uploaded
  /// @param bytes of them; equal ones are on the disk once
  /// @param copies of what is on other servers
  /// @param copyBytes of them
  public record Totals(long files, long bytes, long copies, long copyBytes) {}

  /// How much there is.
  public Totals totals() {
    MediaTables.Usage own = store.tables().usage(MediaTables.ALL).orElse(MediaTables.Usage.NONE);
    MediaTables.Usage copies =
        store.remotes().usage(RemoteTables.ALL).orElse(MediaTables.Usage.NONE);
    return new Totals(own.files(), own.bytes(), copies.files(), copies.bytes());
  }

  /// What one user has uploaded.
  public record UserTotals(UserId user, long files, long bytes) {}

  /// Who has uploaded most, first.
  public List<UserTotals> largest(int limit) {
    return store.tables().largest(limit).stream()
        .map(each -> new UserTotals(each.user(), each.usage().files(), each.usage().bytes()))
        .toList();
  }

  /// What a user has uploaded, newest first.
  ///
  /// @param after the last one of the page before
  public List<LocalMedia> ofUser(UserId user, Optional<LocalMedia> after, int limit) {
    return store
        .tables()
        .ofUser(
            user,
            after.map(each -> each.uploaded().toEpochMilli()).orElse(Long.MAX_VALUE),
            after.map(LocalMedia::mediaId).orElse(""),
            limit);
  }

  /// The address of something that a user of this server has uploaded.
  public MxcUri uri(LocalMedia media) {
    return MxcUri.create(server, media.mediaId());
  }

  /// Something that a user of this server has uploaded.
  public Optional<LocalMedia> local(MxcUri uri) {
    return uri.server().equals(server) ? store.tables().media(uri.mediaId()) : Optional.empty();
  }

  /// The copy of something on another server.
  public Optional<RemoteMedia> remote(MxcUri uri) {
    return store.remote(uri);
  }

  private Optional<MediaFile> file(MxcUri uri) {
    return local(uri).map(LocalMedia::file).or(() -> remote(uri).map(RemoteMedia::file));
  }

  /// Keeps everybody from something, and from all that has the same bytes, now and later, or lets
  /// it go again, even if it is not here any more. What is protected stays as it is.
  ///
  /// @return false if there is no such thing
  public boolean quarantine(MxcUri uri, boolean quarantined) {
    List<String> hashes = new ArrayList<>();
    file(uri).ifPresent(each -> hashes.add(each.sha256()));
    if (!quarantined) {
      store.quarantine().sha256(uri, MediaStore.isHere(server, uri)).ifPresent(hashes::add);
    }
    store.quarantine(hashes, quarantined);
    return !hashes.isEmpty();
  }

  /// The same of all that a user has uploaded.
  ///
  /// @return how many pieces of media that were
  public int quarantineAll(UserId user, boolean quarantined) {
    int count = 0;
    List<LocalMedia> page = ofUser(user, Optional.empty(), PAGE);
    while (!page.isEmpty()) {
      store.quarantine(
          page.stream().map(each -> each.file().sha256()).distinct().toList(), quarantined);
      count += page.size();
      page = ofUser(user, Optional.of(page.getLast()), PAGE);
    }
    return count;
  }

  /// Protects something from quarantine and from removal by age, or does not any more.
  ///
  /// @return false if there is no such thing of this server
  public boolean protect(MxcUri uri, boolean isProtected) {
    Optional<LocalMedia> media = local(uri);
    media.ifPresent(
        each -> store.change(List.of(MediaTables.protect(each.mediaId(), isProtected))));
    return media.isPresent();
  }

  /// Removes something, or the copy of something.
  ///
  /// @return false if there is no such thing
  public boolean delete(MxcUri uri) {
    Optional<LocalMedia> local = local(uri);
    Optional<RemoteMedia> remote = local.isPresent() ? Optional.empty() : remote(uri);
    local.ifPresent(each -> store.remove(List.of(each)));
    remote.ifPresent(each -> store.removeRemote(List.of(each)));
    return local.isPresent() || remote.isPresent();
  }

  /// What was removed, or would be.
  public record Removed(long files, long bytes) {
    private Removed plus(MediaFile file) {
      return new Removed(files + 1, bytes + file.lengthBytes());
    }
  }

  /// Removes what users of this server have uploaded and nobody has downloaded for so long. What is
  /// protected stays.
  ///
  /// @param dryRun counts only
  public Removed removeUnused(Duration unused, boolean dryRun) {
    Instant since = clock.instant().minus(unused);
    Removed removed = new Removed(0, 0);
    List<LocalMedia> page = store.tables().unusedSince(since, Long.MIN_VALUE, "", PAGE);
    while (!page.isEmpty() && !isEnding.getAsBoolean()) {
      for (LocalMedia each : page) {
        removed = removed.plus(each.file());
      }
      if (!dryRun) {
        store.remove(page);
      }
      LocalMedia last = page.getLast();
      page = store.tables().unusedSince(since, last.used().toEpochMilli(), last.mediaId(), PAGE);
    }
    return removed;
  }

  /// Removes copies of what is on other servers and nobody has downloaded for so long. They are
  /// fetched again when somebody asks.
  ///
  /// @param dryRun counts only
  public Removed removeUnusedCopies(Duration unused, boolean dryRun) {
    Instant since = clock.instant().minus(unused);
    Removed removed = new Removed(0, 0);
    List<RemoteMedia> page =
        store.remotes().unusedSince(since, Long.MIN_VALUE, RemoteTables.MxcPosition.FIRST, PAGE);
    while (!page.isEmpty() && !isEnding.getAsBoolean()) {
      for (RemoteMedia each : page) {
        removed = removed.plus(each.file());
      }
      if (!dryRun) {
        store.removeRemote(page);
      }
      RemoteMedia last = page.getLast();
      page =
          store
              .remotes()
              .unusedSince(
                  since, last.used().toEpochMilli(), RemoteTables.MxcPosition.of(last.uri()), PAGE);
    }
    return removed;
  }

  /// Removes what the configuration says is too old, addresses that nothing was uploaded to in
  /// time, and what erased accounts have left.
  void removeDue() {
    store.change(List.of(MediaTables.expire(clock.instant()), RemoteTables.forgetEmptySites()));
    removeErased();
    MediaOptions options = store.options();
    options.removeUnusedLocal().ifPresent(unused -> removeUnused(unused, false));
    options.removeUnusedRemote().ifPresent(unused -> removeUnusedCopies(unused, false));
  }

  /// Removes what erased accounts have left.
  void removeErased() {
    for (UserId user : List.copyOf(store.tables().erased())) {
      do {
        if (isEnding.getAsBoolean()) {
          return; // The next start goes on.
        }
        store.remove(ofUser(user, Optional.empty(), PAGE));
      } while (!store.erased(user));
    }
  }

  /// What a look through files and rows has found.
  ///
  /// @param withoutRow files that belonged to nothing, and are removed
  /// @param lost pieces of media whose file is not there
  /// @param forgotten what is removed since its file is not there
  /// @param damaged files that have other bytes than were stored
  public record Checked(int withoutRow, int lost, int forgotten, int damaged) {}

  /// Looks through all files and rows, and brings them together.
  ///
  /// @param reading whether every file is read, which takes as long as the disk needs
  public Checked check(boolean reading) {
    Sweep.Found found = reading ? sweep.runReading() : sweep.run();
    return new Checked(found.withoutRow(), found.lost(), found.forgotten(), found.damaged());
  }
}
