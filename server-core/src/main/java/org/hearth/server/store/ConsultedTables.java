package org.hearth.server.store;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which tables a change looks into besides the one that it writes, as its SQL says.
///
/// **thread**: any.
final class ConsultedTables {
  private static final Pattern SOURCE =
      Pattern.compile("\\b(?:FROM|JOIN)\\s+([a-z][a-z0-9_]*)\\b(?!\\.)");

  /// Texts that are remembered. There are fewer: they are constants of the packages that own
  /// tables.
  private static final int MOST_TEXTS = 2_000;

  private static final Map<String, Set<String>> KNOWN = new ConcurrentHashMap<>();

  private ConsultedTables() {}

  static Set<String> of(RowChange change) {
    String sql = change.sql();
    if (!sql.contains("SELECT")) {
      return Set.of();
    }
    Set<String> known = KNOWN.get(sql);
    if (known == null) {
      known = read(sql, change.table().name());
      if (KNOWN.size() < MOST_TEXTS) {
        KNOWN.put(sql, known);
      }
    }
    return known;
  }

  private static Set<String> read(String sql, String own) {
    Set<String> tables = new HashSet<>();
    Matcher matcher = SOURCE.matcher(sql);
    while (matcher.find()) {
      tables.add(matcher.group(1));
    }
    tables.remove(own);
    return Set.copyOf(tables);
  }
}
