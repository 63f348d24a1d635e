package org.hearth.server.services.keybackup;

import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;

/// The versions of one user's backup.
///
/// @param all by ascending version; the highest that was ever made is among them
record Backups(List<Backup> all) {
  private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,17}");

  Backups {
    all = List.copyOf(all);
  }

  /// The latest version, the only one that takes keys: the one before, if the latest was deleted.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is none
  Backup current() {
    return all.reversed().stream()
        .filter(each -> !each.isDeleted())
        .findFirst()
        .orElseThrow(() -> MatrixException.notFound("No current backup version"));
  }

  /// The version of that id, unless it was deleted.
  Optional<Backup> find(String id) {
    return all.stream()
        .filter(each -> !each.isDeleted())
        .filter(each -> each.id().equals(id))
        .findFirst();
  }

  /// The version of that id.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is none, or none any more
  Backup get(String id) {
    return find(id).orElseThrow(Backups::unknown);
  }

  /// The version of that id, which takes keys.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is none, `M_WRONG_ROOM_KEYS_VERSION` if it is
  ///   not the current one
  Backup writable(String id) {
    Backup backup = get(id);
    String current = current().id();
    if (!current.equals(id)) {
      // "The current version will be included in the current_version field."
      throw new MatrixException(Errcode.WRONG_ROOM_KEYS_VERSION, "Wrong backup version")
          .with("current_version", TextNode.valueOf(current));
    }
    return backup;
  }

  /// Whether a version of that id was made once.
  boolean wasMade(String id) {
    return VERSION.matcher(id).matches() && Long.parseLong(id) < next();
  }

  /// The number of the next version.
  long next() {
    return all.isEmpty() ? 1 : all.getLast().version() + 1;
  }

  /// How many versions there are that were not deleted.
  long count() {
    return all.stream().filter(each -> !each.isDeleted()).count();
  }

  /// How many keys all versions have.
  long keys() {
    return all.stream().mapToLong(Backup::keys).sum();
  }

  /// How many bytes of session data all versions have.
  long bytes() {
    return all.stream().mapToLong(Backup::bytes).sum();
  }

  static MatrixException unknown() {
    return MatrixException.notFound("Unknown backup version");
  }
}
