package org.hearth.server.readers.sync.sections;

import java.util.List;
import org.hearth.ringlogs.OutputLog;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.readers.tokens.Followed;
import org.hearth.server.services.keys.KeyCounts;
import org.hearth.server.services.keys.KeyQueries;
import org.jspecify.annotations.Nullable;

/// How many keys the device that asks has left for others. It is in each answer, and wakes nobody:
/// who claims a key sends a message right after that.
///
/// **Thread:** any. **Source:** [extensions to /sync][sync].
///
/// [sync]: https://spec.matrix.org/v1.19/client-server-api/#e2e-extensions-to-sync
public final class KeyCountsSection implements Section {
  private final OutputLog<AccountOutput> log;
  private final KeyQueries keys;

  public KeyCountsSection(OutputLog<AccountOutput> log, KeyQueries keys) {
    this.log = log;
    this.keys = keys;
  }

  @Override
  public String name() {
    return "key-counts";
  }

  @Override
  public List<Followed> follows() {
    return List.of(new Followed.Durable(log));
  }

  @Override
  public boolean mayHaveNews(Asked asked) {
    return asked.request().viewer().device() != null;
  }

  @Override
  public void add(Asked asked, News news) {
    @Nullable DeviceId device = asked.request().viewer().device();
    if (device != null) {
      KeyCounts counts = keys.counts(asked.request().user(), device);
      news.keyCounts(counts.oneTime(), counts.unusedFallback());
    }
  }
}
