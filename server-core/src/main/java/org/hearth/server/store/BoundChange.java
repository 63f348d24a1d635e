package org.hearth.server.store;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.hearth.ringlogs.LogPosition;
import org.jspecify.annotations.Nullable;

/// The change that [RowChange#of] makes.
record BoundChange(Table table, String sql, @Nullable Object coalesceKey, RowChange.Binding binding)
    implements RowChange {

  @Override
  public void bind(PreparedStatement statement, LogPosition first) throws SQLException {
    binding.bind(statement, first);
  }
}
