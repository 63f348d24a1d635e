package org.hearth.server.configuration;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads `media` of `hearth.yaml`.
final class MediaSection {
  private static final String SIZE = "a size such as 50 MB or 10 GiB";
  private static final String TIME = "a time such as 90d, or never";
  private static final Pattern AMOUNT = Pattern.compile("(\\d{1,12}) ?([kKMGT]?i?)B?");
  private static final Pattern DAYS = Pattern.compile("([1-9]\\d{0,4})d");
  private static final String PREFIXES = "KMGT";
  private static final int THOUSAND = 1000;
  private static final int KIBI = 1024;

  /// No disk has more, and sums of it are no trouble.
  private static final long MOST = 1L << 50;

  private MediaSection() {} // no instance

  static Configuration.Media read(YamlSection section) {
    Configuration.Media defaults = Configuration.Media.DEFAULTS;
    return new Configuration.Media(
        size(section, "largest-upload").orElse(defaults.largestUpload()),
        size(section, "user-quota").orElse(defaults.userQuota()),
        size(section, "total-quota"),
        size(section, "copies").orElse(defaults.copies()),
        size(section, "keep-free").orElse(defaults.keepFree()),
        time(section, "remove-unused").orElse(defaults.removeUnused()),
        time(section, "remove-unused-copies").orElse(defaults.removeUnusedCopies()),
        section.bool("erase-with-account", defaults.eraseWithAccount()),
        section.bool("without-login", defaults.withoutLogin()));
  }

  private static Optional<Long> size(YamlSection section, String key) {
    return section.parsed(key, SIZE, MediaSection::bytes);
  }

  /// `50 MB` are 50 million, `50 MiB` are 50 times 1024 times 1024; without a unit it is bytes.
  static long bytes(String text) {
    Matcher amount = AMOUNT.matcher(text.strip());
    if (!amount.matches()) {
      throw new IllegalArgumentException("no number with a unit behind it");
    }
    long bytes = Long.parseLong(amount.group(1));
    String unit = amount.group(2);
    int factor = unit.endsWith("i") ? KIBI : THOUSAND;
    String prefix = unit.isEmpty() ? "" : unit.substring(0, 1).toUpperCase(Locale.ROOT);
    if (prefix.equals("I")) {
      throw new IllegalArgumentException("no number with a unit behind it");
    }
    for (int i = prefix.isEmpty() ? -1 : PREFIXES.indexOf(prefix); i >= 0; i--) {
      bytes = bytes > MOST / factor ? MOST + 1 : bytes * factor;
    }
    if (bytes > MOST) {
      throw new IllegalArgumentException("more than any disk has");
    }
    return bytes;
  }

  private static Optional<Optional<Duration>> time(YamlSection section, String key) {
    return section.parsed(
        key,
        TIME,
        text -> {
          if (text.equals("never")) {
            return Optional.empty();
          }
          Matcher days = DAYS.matcher(text);
          if (!days.matches()) {
            throw new IllegalArgumentException("no number of days");
          }
          return Optional.of(Duration.ofDays(Long.parseLong(days.group(1))));
        });
  }
}
