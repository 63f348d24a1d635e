package org.hearth.server.services.keys;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;

/// Adds rows that belong to a device, logged in or dehydrated. Each is written if there is that
/// device when it is committed: a request that was under way when its device was removed leaves
/// nothing behind, which nobody would remove.
///
/// **thread**: any.
public final class DeviceRow {
  private static final String WHERE_THERE_IS_THE_DEVICE =
      " FROM sysibm.sysdummy1 WHERE EXISTS"
          + " (SELECT 1 FROM device WHERE user_id = ? AND device_id = ?) OR EXISTS"
          + " (SELECT 1 FROM dehydrated_device WHERE user_id = ? AND device_id = ?)";

  /// The parameter of the first column after `user_id` and `device_id`.
  public static final int FIRST = 3;

  private final Table table;
  private final String sql;
  private final int others;

  /// @param columns those after `user_id` and `device_id`, each with its type, as in the migrations
  public DeviceRow(Table table, String... columns) {
    this.table = table;
    others = columns.length;
    sql =
        Arrays.stream(columns)
                .map(each -> each.substring(0, each.indexOf(' ')))
                .collect(
                    Collectors.joining(
                        ", ", "INSERT INTO " + table.name() + " (user_id, device_id, ", ")"))
            + Arrays.stream(columns)
                .map(each -> "CAST(? AS " + each.substring(each.indexOf(' ') + 1) + ")")
                .collect(
                    Collectors.joining(
                        ", ",
                        " SELECT CAST(? AS VARCHAR(255)), CAST(? AS VARCHAR(255)), ",
                        WHERE_THERE_IS_THE_DEVICE));
  }

  /// Adds a row if there is its device.
  ///
  /// @param binding of the other columns, from [#FIRST] on
  public RowChange insert(String user, String device, RowChange.Binding binding) {
    return RowChange.of(
        table,
        sql,
        (statement, first) -> {
          statement.setString(1, user);
          statement.setString(2, device);
          binding.bind(statement, first);
          int next = FIRST + others;
          statement.setString(next, user);
          statement.setString(next + 1, device);
          statement.setString(next + 2, user);
          statement.setString(next + 3, device);
        });
  }
}
