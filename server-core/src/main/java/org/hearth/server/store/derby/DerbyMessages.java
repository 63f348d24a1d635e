package org.hearth.server.store.derby;

import java.io.Writer;
import java.lang.System.Logger.Level;
import java.util.regex.Pattern;

/// Takes what Derby would write to `derby.log` in the working directory, and logs it line by line,
/// without the lines of pages.
///
/// Derby finds this class by its name (`derby.stream.error.method`); it is public for no other
/// reason.
public final class DerbyMessages {
  private static final System.Logger LOG = System.getLogger("derby");

  /// A line of a page, as Derby prints it: where it is, and its bytes.
  private static final Pattern OF_A_PAGE = Pattern.compile("[0-9a-fA-F]{8}: .*");

  private DerbyMessages() {}

  /// What Derby writes to.
  public static Writer writer() {
    return new LineWriter();
  }

  private static final class LineWriter extends Writer {
    private final StringBuilder line = new StringBuilder();

    @Override
    public void write(char[] buffer, int offset, int length) {
      synchronized (lock) {
        for (int i = offset; i < offset + length; i++) {
          if (buffer[i] == '\n') {
            flushLine();
          } else {
            line.append(buffer[i]);
          }
        }
      }
    }

    private void flushLine() {
      String text = PageDumps.cut(line.toString()).stripTrailing();
      line.setLength(0);
      ReportedDamage.OF_THIS_PROCESS.hear(text);
      if (!text.isEmpty() && !OF_A_PAGE.matcher(text).matches()) {
        LOG.log(text.contains("ERROR ") ? Level.WARNING : Level.DEBUG, text);
      }
    }

    @Override
    public void flush() {
      // A line is logged when it is complete.
    }

    @Override
    public void close() {
      synchronized (lock) {
        flushLine();
      }
    }
  }
}
