package org.hearth.server.servers.room.shard;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.servers.room.state.EventRef;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.jspecify.annotations.Nullable;

/// A row change that first gives the events of its unit their positions.
///
/// @param events the unit's events, in the order of its announcements
record Numbering(RowChange change, List<EventRef> events) implements RowChange {
  @Override
  public Table table() {
    return change.table();
  }

  @Override
  public String sql() {
    return change.sql();
  }

  @Override
  public void bind(PreparedStatement statement, LogPosition first) throws SQLException {
    for (int i = 0; i < events.size(); i++) {
      events.get(i).assign(first.value() + i);
    }
    change.bind(statement, first);
  }

  @Override
  public @Nullable Object coalesceKey() {
    return change.coalesceKey();
  }
}
