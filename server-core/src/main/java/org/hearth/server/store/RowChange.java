package org.hearth.server.store;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.hearth.ringlogs.LogPosition;
import org.jspecify.annotations.Nullable;

/// One INSERT, UPDATE or DELETE of a [UnitOfWork].
///
/// Within one commit the changes of a table keep the order in which they were submitted, and
/// neighbours with equal SQL become one JDBC batch; so does a change that looks into another table
/// (`SELECT … FROM`) among the changes of that. Between tables there is no other order, so no
/// foreign key may lead from one to another. The SQL text is constant (values are bound): its
/// prepared statement is kept.
///
/// **Thread**: made by the owner's thread, bound by the committer's; immutable. It may be bound
/// more than once, when a commit is repeated.
public interface RowChange {
  /// The table that is written; declared by the package that makes this change.
  Table table();

  /// The statement.
  String sql();

  /// Sets the statement's parameters.
  ///
  /// @param first the unit's first position, so offset `i` is `first.plus(i)`; of a unit that takes
  ///   none, the last position given before it
  /// @throws SQLException if a value cannot be bound: the unit fails, as it does by a
  ///   [RuntimeException], a failed assertion, a class that cannot be linked or too deep a
  ///   recursion
  void bind(PreparedStatement statement, LogPosition first) throws SQLException;

  /// If not null: a later change of the same SQL and an equal key within one commit makes this one
  /// unnecessary, and only the later one, at its place, is carried out. Only for changes that
  /// overwrite what the earlier one wrote.
  default @Nullable Object coalesceKey() {
    return null;
  }

  /// How values get into a statement.
  @FunctionalInterface
  interface Binding {
    void bind(PreparedStatement statement, LogPosition first) throws SQLException;
  }

  /// A change from its parts.
  static RowChange of(Table table, String sql, Binding binding) {
    return new BoundChange(table, sql, null, binding);
  }

  /// A change that a later one of the same SQL and an equal key replaces, see [#coalesceKey].
  static RowChange coalescing(Table table, String sql, Object key, Binding binding) {
    return new BoundChange(table, sql, key, binding);
  }
}
