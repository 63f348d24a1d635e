package org.hearth.server.store.derby;

import java.sql.SQLException;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Takes the bytes of pages out of what Derby says: it prints a page that it finds damaged, with
/// all that people have stored there.
///
/// **thread**: any.
public final class PageDumps {
  /// A dump goes on until the first frame of a stack trace, or to the end. Derby prints no line of
  /// a page that begins as those do.
  private static final Pattern DUMP =
      Pattern.compile(
          "(page (?:dump|images))(?: follows| =).*?(?=\\R\\s+(?:at |\\.\\.\\. )|\\R\\s*(?:Caused by|Suppressed): |\\z)",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private PageDumps() {} // no instance

  /// A text without the pages in it, be it a message, a stack trace or both.
  ///
  /// @param text what would be written
  /// @return the same text if there is none
  public static String cut(String text) {
    return DUMP.matcher(text).replaceAll("$1 left out");
  }

  /// A failure as it may be logged or kept: a copy if one of its messages holds a page.
  ///
  /// @param failure with its causes
  /// @return the failure itself if none does
  public static Throwable without(Throwable failure) {
    return DerbyFault.within(failure).stream().anyMatch(PageDumps::holdsOne)
        ? copy(failure, new IdentityHashMap<>())
        : failure;
  }

  private static boolean holdsOne(Throwable failure) {
    return DUMP.matcher(String.valueOf(failure.getMessage())).find();
  }

  private static Throwable copy(Throwable failure, Map<Throwable, Throwable> copies) {
    Throwable known = copies.get(failure);
    if (known != null) {
      return known;
    }
    if (failure instanceof SQLException sql) {
      return copy(sql, copies);
    }
    Throwable copy = new Copy(failure);
    copies.put(failure, copy);
    complete(copy, failure, copies);
    return copy;
  }

  private static SQLException copy(SQLException failure, Map<Throwable, Throwable> copies) {
    if (copies.get(failure) instanceof SQLException known) {
      return known;
    }
    SQLException copy =
        new SQLException(
            cut(String.valueOf(failure.getMessage())),
            failure.getSQLState(),
            failure.getErrorCode());
    copies.put(failure, copy);
    complete(copy, failure, copies);
    SQLException next = failure.getNextException();
    if (next != null) {
      copy.setNextException(copy(next, copies));
    }
    return copy;
  }

  private static void complete(
      Throwable copy, Throwable failure, Map<Throwable, Throwable> copies) {
    copy.setStackTrace(failure.getStackTrace());
    Throwable cause = failure.getCause();
    if (cause != null) {
      copy.initCause(copy(cause, copies));
    }
    for (Throwable each : failure.getSuppressed()) {
      copy.addSuppressed(copy(each, copies));
    }
  }

  /// Says what another exception said, without the page.
  private static final class Copy extends Exception {
    private static final long serialVersionUID = 1L;
    private final String original;

    Copy(Throwable failure) {
      super(said(failure));
      original = failure.getClass().getName();
    }

    private static @Nullable String said(Throwable failure) {
      String message = failure.getMessage();
      return message == null ? null : cut(message);
    }

    @Override
    @SuppressWarnings("OverrideThrowableToString") // it is printed as what it stands for
    public String toString() {
      return getMessage() == null ? original : original + ": " + getMessage();
    }
  }
}
