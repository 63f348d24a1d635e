package org.hearth.server;

import java.util.List;
import org.hearth.server.admin.AdminException;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.servers.room.check.RoomDatabaseCheck;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;

/// Looks whether everything that a stopped server has stored fits together.
public final class DatabaseCheck {
  private DatabaseCheck() {}

  /// Opens the database, checks the rooms in it and closes it.
  ///
  /// @param folder the data folder of a server that does not run
  /// @return a sentence for each problem; empty if all is well
  /// @throws AdminException if the database cannot be opened
  public static List<String> problems(DataFolder folder) {
    try (Store store = Store.open(StoreOptions.of(folder.root()))) {
      return RoomDatabaseCheck.problems(store);
    } catch (StorageException e) {
      throw new AdminException(String.valueOf(e.getMessage()), e);
    }
  }
}
