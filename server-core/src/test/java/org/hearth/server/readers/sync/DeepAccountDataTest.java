package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogReader;
import org.hearth.ringlogs.Positioned;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.json.MatrixJson;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Account data that is nested as deep as is accepted, read again from the journal by a reader that
/// the ring has left behind.
class DeepAccountDataTest {
  /// Keeps the readers after it where they are until it is opened.
  private static final class Gate implements LogReader<AccountOutput> {
    private final CountDownLatch open = new CountDownLatch(1);

    @Override
    public String name() {
      return "gate";
    }

    @Override
    public LogPosition position() {
      return LogPosition.ORIGIN;
    }

    @Override
    public void onBatch(List<Positioned<AccountOutput>> batch) throws InterruptedException {
      assertThat(open.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void syncGoesOnForEverybody(@TempDir Path folder) {
    Gate gate = new Gate();
    try (SyncServer server = new SyncServer(folder, ClientSync.Budget.STANDARD, List.of(gate))) {
      String deepest =
          "{'a':".repeat(MatrixJson.MAX_DEPTH - 1) + "{}" + "}".repeat(MatrixJson.MAX_DEPTH - 1);
      String path = "/_matrix/client/v3/user/@alice:hearth.test/account_data/deep";

      server.http("alice").put(path, deepest).expect(200);
      server.http("alice").put(path, "{'a':" + deepest + "}").expect(400, "M_BAD_JSON");
      AccountOutput other = new AccountOutput.AccountDeactivated(TestRooms.user("carol"));
      server.announce(
          Collections.nCopies(Logs.ACCOUNT_OUTPUT.capacity() + 1, other)
              .toArray(AccountOutput[]::new));
      gate.open.countDown();

      JsonNode alice = server.client("alice").sync();
      assertThat(alice.at("/account_data/events/0/type").asText()).isEqualTo("deep");
      server.client("bob").sync();
      assertThat(server.store().deadLetters().all()).isEmpty();
    }
  }
}
