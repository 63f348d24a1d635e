package org.hearth.server.admin;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// Sizes and times as people read them.
///
/// **thread**: any.
public final class Amounts {
  private static final DateTimeFormatter MOMENT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm zzz", Locale.ENGLISH)
          .withZone(ZoneId.systemDefault());

  private Amounts() {}

  /// In powers of a thousand, as disks are sold.
  ///
  /// @return such as `1.4 GB`
  public static String bytes(long bytes) {
    String[] units = {"B", "kB", "MB", "GB", "TB"};
    double value = bytes;
    int unit = 0;
    while (value >= 999.95 && unit < units.length - 1) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  }

  /// In the largest unit alone, for where there is little room.
  ///
  /// @param time a negative one is none
  /// @return such as `3 d`
  public static String roughly(Duration time) {
    if (time.toDays() > 0) {
      return "%d d".formatted(time.toDays());
    }
    if (time.toHours() > 0) {
      return "%d h".formatted(time.toHours());
    }
    return time.toMinutes() > 0 ? "%d min".formatted(time.toMinutes()) : duration(time);
  }

  /// In the two largest units.
  ///
  /// @param time a negative one is none
  /// @return such as `3 d 4 h`
  public static String duration(Duration time) {
    if (time.toDays() > 0) {
      return "%d d %d h".formatted(time.toDays(), time.toHoursPart());
    }
    if (time.toHours() > 0) {
      return "%d h %d min".formatted(time.toHours(), time.toMinutesPart());
    }
    return time.toMinutes() > 0
        ? "%d min %d s".formatted(time.toMinutes(), time.toSecondsPart())
        : "%d s".formatted(Math.max(0, time.toSeconds()));
  }

  /// To the minute.
  ///
  /// @return such as `2026-03-01 04:00 UTC`
  public static String moment(Instant time) {
    return MOMENT.format(time);
  }
}
