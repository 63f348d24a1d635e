package org.hearth.server.store;

import java.sql.Connection;
import java.sql.SQLException;

/// Reads something with a connection that cannot write.
///
/// @param <T> the answer; made of values, nothing that needs the connection later
@FunctionalInterface
public interface Query<T> {
  T run(Connection connection) throws SQLException;
}
