package org.hearth.server.services.media;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.store.RowChange;

/// Which copies of what is on other servers are kept: within so many bytes and files, of which one
/// site has a quarter; those go first that were not used for longest. What is in quarantine stays
/// known, so that it is not fetched again.
///
/// **thread**: who holds the turn of [MediaStore].
final class RemoteCache {
  /// Of all servers together.
  static final int MOST_FILES = 200_000;

  private static final int SHARE = 4;
  private static final int PAGE = 1_000;

  private final RemoteTables tables;
  private final long mostBytes;

  RemoteCache(RemoteTables tables, long mostBytes) {
    this.tables = tables;
    this.mostBytes = mostBytes;
  }

  /// What is to be written, and which files may go after that.
  record Change(List<RowChange> rows, Set<String> freed) {}

  /// Which copies have to go before that one can come: a page of them at most. Empty when there is
  /// room.
  ///
  /// @throws MatrixException 502 `M_TOO_LARGE` if there can be no room for it
  List<RemoteMedia> inTheWay(RemoteMedia media) {
    long bytes = media.file().lengthBytes();
    long mostOfSite = mostBytes / SHARE;
    if (bytes > mostOfSite) {
      throw tooLarge();
    }
    String site = media.uri().server().site();
    MediaTables.Usage ofSite = tables.usage(site).orElse(MediaTables.Usage.NONE);
    long files = ofSite.files() + 1 - MOST_FILES / SHARE;
    long over = ofSite.bytes() + bytes - mostOfSite;
    if (files > 0 || over > 0) {
      return enough(tables.leastUsed(site, PAGE), files, over);
    }
    MediaTables.Usage ofAll = tables.usage(RemoteTables.ALL).orElse(MediaTables.Usage.NONE);
    files = ofAll.files() + 1 - MOST_FILES;
    over = ofAll.bytes() + bytes - mostBytes;
    return files > 0 || over > 0 ? enough(tables.leastUsed(PAGE), files, over) : List.of();
  }

  private static List<RemoteMedia> enough(List<RemoteMedia> oldest, long files, long bytes) {
    List<RemoteMedia> going = new ArrayList<>();
    long filesLeft = files;
    long bytesLeft = bytes;
    for (RemoteMedia each : oldest) {
      if (filesLeft <= 0 && bytesLeft <= 0) {
        break;
      }
      going.add(each);
      filesLeft--;
      bytesLeft -= each.file().lengthBytes();
    }
    if (going.isEmpty()) {
      // All that is there is in quarantine.
      throw tooLarge();
    }
    return going;
  }

  private static MatrixException tooLarge() {
    return new MatrixException(
        502, Errcode.TOO_LARGE, "Content is too large to be fetched from another server");
  }

  /// A copy comes, for which there is room.
  List<RowChange> adding(RemoteMedia media) {
    String site = media.uri().server().site();
    long bytes = media.file().lengthBytes();
    List<RowChange> rows = new ArrayList<>();
    if (tables.usage(site).isEmpty()) {
      rows.add(RemoteTables.firstUsage(site));
    }
    rows.add(RemoteTables.insertion(media));
    rows.add(RemoteTables.usage(site, 1, bytes));
    rows.add(RemoteTables.usage(RemoteTables.ALL, 1, bytes));
    return rows;
  }

  /// Copies go.
  Change removing(List<RemoteMedia> going) {
    List<RowChange> rows = new ArrayList<>();
    Set<String> freed = new HashSet<>();
    for (RemoteMedia each : going) {
      long bytes = each.file().lengthBytes();
      rows.add(RemoteTables.deletion(each.uri()));
      rows.add(RemoteTables.usage(each.uri().server().site(), -1, -bytes));
      rows.add(RemoteTables.usage(RemoteTables.ALL, -1, -bytes));
      freed.add(each.file().sha256());
    }
    return new Change(rows, freed);
  }
}
