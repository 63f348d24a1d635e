package org.hearth.server;

import java.util.List;
import java.util.Optional;
import org.hearth.server.admin.AdminException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.servers.room.check.RoomDatabaseCheck;
import org.hearth.server.store.Refusal;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;

/// Looks whether everything that a stopped server has stored fits together.
public final class DatabaseCheck {
  private DatabaseCheck() {}

  /// What was found.
  ///
  /// @param problems a sentence for each; empty if all is well
  /// @param remedy what to do, in a sentence; empty if all can be read
  public record Found(List<String> problems, Optional<String> remedy) {
    public Found {
      problems = List.copyOf(problems);
    }
  }

  /// Reads the whole database, and if all of it can be read, checks the rooms in it.
  ///
  /// @param folder the data folder of a server that does not run
  /// @throws AdminException if the database cannot be opened
  public static Found look(DataFolder folder) {
    StoreOptions options = StoreOptions.of(folder.root());
    try {
      List<String> unreadable = Store.check(options);
      if (!unreadable.isEmpty()) {
        return new Found(
            unreadable, Optional.of(new Refusal.Unreadable(folder.root(), "").remedy()));
      }
      try (Store store = Store.open(options)) {
        return new Found(RoomDatabaseCheck.problems(store), Optional.empty());
      }
    } catch (StorageException e) {
      throw new AdminException(String.valueOf(e.getMessage()), e);
    }
  }
}
