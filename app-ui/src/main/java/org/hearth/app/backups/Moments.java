package org.hearth.app.backups;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// Moments as people say them.
final class Moments {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm", Locale.ENGLISH);
  private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMM", Locale.ENGLISH);
  private static final DateTimeFormatter DAY_OF_YEAR =
      DateTimeFormatter.ofPattern("d MMM uuuu", Locale.ENGLISH);

  private Moments() {}

  /// A moment, in the computer's own zone.
  ///
  /// @param now today
  /// @return such as `today, 20:13` or `3 Nov, 20:13`
  static String said(Instant moment, Instant now) {
    ZonedDateTime there = moment.atZone(ZoneId.systemDefault());
    LocalDate day = there.toLocalDate();
    LocalDate today = LocalDate.ofInstant(now, ZoneId.systemDefault());
    return day(day, today) + ", " + TIME.format(there);
  }

  /// The same, but to the minute only by the way.
  ///
  /// @return such as `today at about 20:13`
  static String about(Instant moment, Instant now) {
    return said(moment, now).replace(", ", " at about ");
  }

  /// The same where there is little room.
  ///
  /// @return such as `20:13`, or `3 Nov` on another day
  static String brief(Instant moment, Instant now) {
    ZonedDateTime there = moment.atZone(ZoneId.systemDefault());
    LocalDate today = LocalDate.ofInstant(now, ZoneId.systemDefault());
    return there.toLocalDate().equals(today)
        ? TIME.format(there)
        : (there.getYear() == today.getYear() ? DAY : DAY_OF_YEAR).format(there);
  }

  private static String day(LocalDate day, LocalDate today) {
    if (day.equals(today)) {
      return "today";
    }
    if (day.plusDays(1).equals(today)) {
      return "yesterday";
    }
    if (day.minusDays(1).equals(today)) {
      return "tomorrow";
    }
    return (day.getYear() == today.getYear() ? DAY : DAY_OF_YEAR).format(day);
  }
}
