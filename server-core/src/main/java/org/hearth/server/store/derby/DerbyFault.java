package org.hearth.server.store.derby;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Set;

/// What an exception of Derby means for the store.
///
/// Derby gives the severity as the error code: 20000 the statement is undone, 30000 the transaction
/// is, 40000 the connection is gone, 45000 the database, 50000 the engine. `XJ001` (any Java
/// exception inside Derby) has none: then the question is whether the connection survived it.
public enum DerbyFault {
  /// The statement or its values are wrong; the transaction goes on.
  STATEMENT,
  /// The transaction was undone because of another (deadlock, lock wait); it may succeed if
  /// repeated.
  CONFLICT,
  /// There is no room on the disk.
  DISK_FULL,
  /// The file system does not take writes.
  READ_ONLY,
  /// The disk, the database or the connection has failed.
  FAILED;

  private static final int TRANSACTION_SEVERITY = 30_000;
  private static final int SESSION_SEVERITY = 40_000;
  private static final int PATIENCE_SECONDS = 1;

  public static DerbyFault of(SQLException exception, Connection connection) {
    DerbyFault medium = ofMedium(exception);
    if (medium != FAILED) {
      return medium;
    }
    if (exception.getErrorCode() >= SESSION_SEVERITY || isConnectionState(exception)) {
      return FAILED;
    }
    if (exception.getErrorCode() >= TRANSACTION_SEVERITY) {
      return CONFLICT;
    }
    return survived(connection) ? STATEMENT : FAILED;
  }

  /// Whether it is the disk, whatever Derby calls it; [#FAILED] if that cannot be told.
  public static DerbyFault ofMedium(Throwable exception) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Throwable> open = new ArrayDeque<>();
    open.add(exception);
    while (!open.isEmpty()) {
      Throwable each = open.remove();
      if (!seen.add(each)) {
        continue;
      }
      String message = String.valueOf(each.getMessage()).toLowerCase(Locale.ROOT);
      if (each instanceof IOException || each instanceof SQLException) {
        if (message.contains("no space left")
            || message.contains("disk quota exceeded")
            || message.contains("not enough space")) {
          return DISK_FULL;
        }
        if (message.contains("read-only file system")) {
          return READ_ONLY;
        }
      }
      if (each.getCause() != null) {
        open.add(each.getCause());
      }
      if (each instanceof SQLException sql && sql.getNextException() != null) {
        open.add(sql.getNextException());
      }
    }
    return FAILED;
  }

  private static boolean isConnectionState(SQLException exception) {
    String state = String.valueOf(exception.getSQLState());
    return state.startsWith("08") || state.startsWith("XSLA") || state.startsWith("XSDG");
  }

  private static boolean survived(Connection connection) {
    try {
      return connection.isValid(PATIENCE_SECONDS);
    } catch (SQLException _) {
      return false;
    }
  }
}
