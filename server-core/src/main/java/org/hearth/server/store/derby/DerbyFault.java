package org.hearth.server.store.derby;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.derby.shared.common.error.StandardException;

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
  private static final int DATABASE_SEVERITY = 45_000;
  private static final int PATIENCE_SECONDS = 1;
  private static final String INTERNAL = "XJ001";

  private static final String NO_CONGLOMERATE = "XSAI2";

  /// Say that the file of a table or an index is not there. None is dropped while a server runs.
  private static final Set<String> MISSING = Set.of(NO_CONGLOMERATE, "XSCH1", "XSCB1");

  /// Of pages and containers that are not what was written (`XSDG`, `XSDB`, `XSDF`), and of a
  /// write-ahead log that cannot be followed (`XSLA`).
  static final Set<String> UNLIKE_WRITTEN =
      Set.of(
          "XSDG0", "XSDG2", "XSDG3", "XSDG4", "XSDB0", "XSDB1", "XSDB2", "XSDB4", "XSDB5", "XSDB9",
          "XSDBB", "XSDF6", "XSDF8", "XSDFD", "XSLA1", "XSLA3", "XSLA5", "XSLA6", "XSLA7", "XSLA8",
          "XSLAB", "XSLAD", "XSLAO");

  private static final Set<String> SHUT_DOWN = Set.of("08003", "08006");

  public static DerbyFault of(SQLException exception, Connection connection) {
    DerbyFault medium = ofMedium(exception);
    if (medium != FAILED || isDamage(exception)) {
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
    for (Throwable each : within(exception)) {
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
    }
    return FAILED;
  }

  /// Whether Derby has found what it cannot have written, or a file is not there: files of the
  /// database are damaged.
  ///
  /// A page that could not be read is no such thing where somebody else has closed its file, or
  /// where the file could not be opened.
  public static boolean isDamage(Throwable exception) {
    List<Throwable> all = within(exception);
    return ofMedium(exception) == FAILED
        && unopened(exception).isEmpty()
        && all.stream().noneMatch(ClosedChannelException.class::isInstance)
        && all.stream()
            .map(DerbyFault::state)
            .anyMatch(each -> UNLIKE_WRITTEN.contains(each) || MISSING.contains(each));
  }

  /// The file that is there and could not be opened: this user may not, or the process or the
  /// system has too many open. What it holds may be whole.
  public static Optional<File> unopened(Throwable exception) {
    return within(exception).stream()
        .map(DerbyFault::fileOf)
        .flatMap(Optional::stream)
        // One in a folder that this user may not look into may be there.
        .filter(file -> !Files.notExists(file.toPath()))
        .findFirst();
  }

  /// That a file of a database is not there.
  ///
  /// @param said which, in a part of a sentence
  /// @return what [#isDamage] says to be damage
  static SQLException missing(String said) {
    return new SQLException(said, NO_CONGLOMERATE, DATABASE_SEVERITY);
  }

  /// Whether a file of the database was not found: there is none, or this user may not look for it.
  public static boolean isMissing(Throwable exception) {
    return within(exception).stream().map(DerbyFault::state).anyMatch(MISSING::contains);
  }

  private static Optional<File> fileOf(Throwable exception) {
    return switch (exception) {
      // Its message is the file and, in brackets, what the system says, in whatever language.
      case FileNotFoundException old -> {
        String said = String.valueOf(old.getMessage());
        int end = said.lastIndexOf(" (");
        yield end < 0 ? Optional.empty() : Optional.of(new File(said.substring(0, end)));
      }
      case NoSuchFileException _ -> Optional.empty();
      case FileSystemException other -> Optional.ofNullable(other.getFile()).map(File::new);
      default -> Optional.empty();
    };
  }

  /// Whether Derby has shut the database down for everybody, since it could not open a file.
  public static boolean endsUnopened(SQLException exception) {
    return exception.getErrorCode() >= DATABASE_SEVERITY && unopened(exception).isPresent();
  }

  /// Whether the database is no longer there, or going: Derby ends it when it finds damage.
  public static boolean mayFollowDamage(Throwable exception) {
    return within(exception).stream().map(DerbyFault::state).anyMatch(SHUT_DOWN::contains)
        || isInternal(exception);
  }

  /// Whether Derby has stumbled over something that it has no words for. While a database is
  /// opened, that is its files.
  public static boolean isInternal(Throwable exception) {
    List<Throwable> all = within(exception);
    return ofMedium(exception) == FAILED
        && unopened(exception).isEmpty()
        && all.stream().noneMatch(Error.class::isInstance)
        && all.stream().anyMatch(each -> INTERNAL.equals(state(each)) || isThrownByDerby(each));
  }

  private static boolean isThrownByDerby(Throwable exception) {
    StackTraceElement[] frames = exception.getStackTrace();
    return exception instanceof RuntimeException
        && frames.length > 0
        && frames[0].getClassName().startsWith("org.apache.derby.");
  }

  private static String state(Throwable exception) {
    return switch (exception) {
      case SQLException sql -> String.valueOf(sql.getSQLState());
      case StandardException inner -> String.valueOf(inner.getSQLState());
      default -> "";
    };
  }

  /// An exception with all that it names as its reasons, each once.
  static List<Throwable> within(Throwable exception) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Throwable> all = new ArrayList<>();
    Deque<Throwable> open = new ArrayDeque<>();
    open.add(exception);
    while (!open.isEmpty()) {
      Throwable each = open.remove();
      if (!seen.add(each)) {
        continue;
      }
      all.add(each);
      if (each.getCause() != null) {
        open.add(each.getCause());
      }
      if (each instanceof SQLException sql && sql.getNextException() != null) {
        open.add(sql.getNextException());
      }
      open.addAll(List.of(each.getSuppressed()));
    }
    return all;
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
