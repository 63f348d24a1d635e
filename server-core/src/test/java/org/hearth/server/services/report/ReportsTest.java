package org.hearth.server.services.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How many reports are kept.
class ReportsTest {
  private static final Instant TIME = Instant.ofEpochMilli(1_000);

  @TempDir private Path folder;

  private static UserId user(String name) {
    return UserId.parse("@" + name + ":hearth.test");
  }

  private static List<String> kept(Reports reports) {
    return reports.newest(Long.MAX_VALUE, 100).stream().map(Report::reason).toList();
  }

  @Test
  void theOldestGoAndNobodyPushesOutWhatOthersReported() {
    try (Store store = Store.open(StoreOptions.of(folder).withMinimumFreeBytes(0))) {
      Reports reports = new Reports(store, 5, 3);
      reports.keep(TIME, user("quiet"), Report.About.user(user("x")), "quiet");
      for (int i = 0; i < 9; i++) {
        reports.keep(TIME, user("loud"), Report.About.user(user("u" + i)), "loud " + i);
      }

      assertThat(kept(reports)).containsExactly("loud 8", "loud 7", "loud 6", "quiet");

      reports.keep(TIME, user("a"), Report.About.user(user("x")), "a");
      reports.keep(TIME, user("b"), Report.About.user(user("x")), "b");
      assertThat(kept(reports)).containsExactly("b", "a", "loud 8", "loud 7", "loud 6");
      assertThat(reports.newest(Long.MAX_VALUE, 100))
          .extracting(Report::number)
          .doesNotHaveDuplicates();
      long second = reports.newest(Long.MAX_VALUE, 2).getLast().number();
      assertThat(reports.newest(second, 1)).extracting(Report::reason).containsExactly("loud 8");
    }
  }
}
