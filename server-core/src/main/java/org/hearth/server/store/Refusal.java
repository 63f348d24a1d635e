package org.hearth.server.store;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.hearth.ringlogs.LogPosition;

/// Why a store would not open, or a backup would not be restored.
public sealed interface Refusal {
  /// What is wrong, in a sentence for the operator.
  String problem();

  /// What to do about it, in a sentence or two.
  String remedy();

  /// Whether only a backup helps, so that to open it again is of no use.
  default boolean wantsBackup() {
    return false;
  }

  /// A path as a command line takes it in one piece.
  static String argument(String path) {
    if (path.matches("[\\p{L}\\p{N}_./:@%+=-]+")) {
      return path;
    }
    return File.separatorChar == '\\' ? '"' + path + '"' : "'" + path.replace("'", "'\\''") + "'";
  }

  /// Another process holds the data folder.
  ///
  /// @param holder its process id, if it could be read
  record Held(Path folder, OptionalLong holder) implements Refusal {
    @Override
    public String problem() {
      return "The data folder "
          + folder
          + " is in use by another Hearth"
          + (holder.isPresent() ? " (process " + holder.getAsLong() + ")." : ".");
    }

    @Override
    public String remedy() {
      return "Stop that one first, or give this one a data folder of its own.";
    }
  }

  /// The database lacks commits that had been acknowledged.
  ///
  /// @param folder the data folder
  /// @param found the position the database has
  /// @param acknowledged the position that had been reached
  /// @param lostCommits how many commits are missing
  record BehindMark(Path folder, LogPosition found, LogPosition acknowledged, long lostCommits)
      implements Refusal {
    @Override
    public String problem() {
      return ("The database in %s has lost its last %d commits: it ends at position %s, but positions up"
              + " to %s had been acknowledged. Its files have been damaged or replaced.")
          .formatted(folder, lostCommits, found, acknowledged);
    }

    @Override
    public String remedy() {
      return "Move the folder aside and restore the newest backup into an empty one (hearth restore);"
          + " or, if what is there is newer than every backup, accept the loss (hearth accept-loss).";
    }

    @Override
    public boolean wantsBackup() {
      return true;
    }
  }

  /// Database and high-water mark do not belong to one history.
  record OtherHistory(Path folder, LogPosition found, String detail) implements Refusal {
    @Override
    public String problem() {
      return "The database in %s (at position %s) is not the one that was last served from there: %s."
          .formatted(folder, found, detail);
    }

    @Override
    public String remedy() {
      return "Put back the folder as it was, as a whole, or restore a backup into an empty folder"
          + " (hearth restore); or accept what is there (hearth accept-loss).";
    }

    @Override
    public boolean wantsBackup() {
      return true;
    }
  }

  /// The database was written by a newer Hearth.
  record NewerSchema(Path folder, int found, int known) implements Refusal {
    @Override
    public String problem() {
      return "The database in %s has schema version %d; this Hearth knows versions up to %d."
          .formatted(folder, found, known);
    }

    @Override
    public String remedy() {
      return "Start the newer Hearth that wrote it, or restore the backup made before the upgrade.";
    }
  }

  /// The folder holds the database of another product.
  record OtherProduct(Path folder, String product) implements Refusal {
    @Override
    public String problem() {
      return "The database in " + folder + " belongs to '" + product + "', not to Hearth.";
    }

    @Override
    public String remedy() {
      return "Choose another data folder.";
    }
  }

  /// The database cannot be opened at all.
  record Unreadable(Path folder, String detail) implements Refusal {
    @Override
    public String problem() {
      return "The database in " + folder + " cannot be opened: " + detail + ".";
    }

    @Override
    public String remedy() {
      return "Check the disk, then restore the newest backup into an empty folder (hearth restore).";
    }

    @Override
    public boolean wantsBackup() {
      return true;
    }
  }

  /// The database opens, and pages of it cannot be read.
  record Damaged(Path folder) implements Refusal {
    @Override
    public String problem() {
      return "The database in " + folder + " is damaged.";
    }

    @Override
    public String remedy() {
      return "Check the disk, then restore the newest backup into an empty folder (hearth restore)."
          + " hearth check --database tells more.";
    }

    @Override
    public boolean wantsBackup() {
      return true;
    }
  }

  /// Settings that would make Derby lose what it acknowledged.
  record UnsafeSettings(String setting) implements Refusal {
    @Override
    public String problem() {
      return "The setting " + setting + " makes the database lose what it has acknowledged.";
    }

    @Override
    public String remedy() {
      return "Remove it.";
    }
  }

  /// The signing key is not one that the server has used.
  ///
  /// @param found the id of the key that is there
  /// @param used the ids of those that were used
  record OtherKey(Path folder, String found, List<String> used) implements Refusal {
    public OtherKey {
      used = List.copyOf(used);
    }

    @Override
    public String problem() {
      return used.contains(found)
          ? "The signing key %s in %s is not the one that this server has signed with under that name: its file was damaged or replaced."
              .formatted(found, folder)
          : "The signing key %s in %s is not the one that this server has signed with (%s): its file was damaged or replaced."
              .formatted(found, folder, String.join(", ", used));
    }

    @Override
    public String remedy() {
      return "Put keys/signing.key back from a backup: with another key nobody would believe what this server says.";
    }
  }

  /// The user of this process may not use a file or folder.
  ///
  /// @param path what may not be used
  /// @param user the name of the process's user
  record NotAllowed(String path, String user) implements Refusal {
    @Override
    public String problem() {
      return "The user %s may not read and write %s.".formatted(user, path);
    }

    @Override
    public String remedy() {
      return "Give the data folder to that user, or choose another folder.";
    }
  }

  /// Where a file of the store's own goes there is something else.
  record NoFile(Path path) implements Refusal {
    @Override
    public String problem() {
      return path + " is a link or a folder; Hearth keeps a file of its own there.";
    }

    @Override
    public String remedy() {
      return "Remove it.";
    }
  }

  /// A restore into the data folder was interrupted.
  ///
  /// @param backup its path; empty if it was not noted yet
  record Restoring(Path folder, String backup) implements Refusal {
    @Override
    public String problem() {
      return "A restore into " + folder + " did not come to its end.";
    }

    @Override
    public String remedy() {
      return "Type it again, with this backup or another: hearth restore %s --data-dir %s"
          .formatted(backup.isEmpty() ? "BACKUP" : argument(backup), argument(folder.toString()));
    }

    @Override
    public boolean wantsBackup() {
      return true;
    }
  }

  /// The folder to restore into is not empty.
  record NotEmpty(Path folder) implements Refusal {
    @Override
    public String problem() {
      return "There is a database in " + folder + " already.";
    }

    @Override
    public String remedy() {
      return "Restore into an empty folder; nothing is overwritten.";
    }
  }

  /// A backup is incomplete or damaged.
  record BadBackup(Path backup, String detail) implements Refusal {
    @Override
    public String problem() {
      return "The backup " + backup + " is damaged or not a backup: " + detail + ".";
    }

    @Override
    public String remedy() {
      return "Use another one.";
    }
  }

  /// What was given as a backup is the data folder of a server.
  record NoBackup(Path folder) implements Refusal {
    @Override
    public String problem() {
      return folder + " is the data folder of a server, not a backup.";
    }

    @Override
    public String remedy() {
      return "Give one of its backups: hearth backup --list --data-dir %s"
          .formatted(argument(folder.toString()));
    }
  }

  /// The user of this process may not read a backup.
  ///
  /// @param path what may not be read
  /// @param user the name of the process's user
  record ClosedBackup(String path, String user) implements Refusal {
    @Override
    public String problem() {
      return "The user %s may not read %s.".formatted(user, path);
    }

    @Override
    public String remedy() {
      return "Type the command as a user who may, or give that one the right.";
    }
  }

  /// A backup is of another server than the mark says.
  record OtherStore(Path folder, UUID expected, UUID found) implements Refusal {
    @Override
    public String problem() {
      return "The database in %s is %s, but %s was expected.".formatted(folder, found, expected);
    }

    @Override
    public String remedy() {
      return "Put back the folder as it was, as a whole.";
    }
  }
}
