package org.hearth.server.services.serverkeys;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.SigningKey;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// The bounds of the table.
class StoredServerKeysTest {
  private static final SigningKey KEY = KeyAnswers.key("a_1", 1);
  private static final long NOW = 1_700_000_000_000L;

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private static ServerName server(int number) {
    return new ServerName("s" + number + ".test");
  }

  private static KnownKeys known(int number, int padding) {
    KeyReading read =
        KeyAnswer.read(
            server(number),
            KeyAnswers.signed(
                KeyAnswers.unsigned(server(number), NOW + 1, KEY).put("more", "x".repeat(padding)),
                server(number).value(),
                KEY),
            NOW);
    return KnownKeys.NONE.with((KeyAnswer) read, true);
  }

  private List<Integer> kept(StoredServerKeys stored, int most) {
    return IntStream.range(0, most)
        .filter(each -> stored.find(server(each)).isPresent())
        .boxed()
        .toList();
  }

  /// Whoever has many names pushes out no keys that are needed here.
  @Test
  void whatWasNeverNeededGoesFirst() {
    StoredServerKeys stored = new StoredServerKeys(stores.store(), 16, 1 << 20);
    for (int i = 0; i < 10; i++) {
      stored.put(server(i), known(i, 0), 1_000 + i);
    }
    for (int i = 10; i < 60; i++) {
      stored.put(server(i), known(i, 0), 0);
    }
    assertThat(kept(stored, 10)).hasSize(10);
    assertThat(kept(stored, 60)).hasSizeBetween(12, 16);

    for (int i = 60; i < 70; i++) {
      stored.put(server(i), known(i, 0), 2_000 + i);
    }
    assertThat(kept(stored, 70)).hasSizeBetween(12, 16).contains(9, 69).doesNotContain(0, 1);
  }

  @Test
  void bytesAreBoundedToo() {
    StoredServerKeys stored = new StoredServerKeys(stores.store(), 1_000, 100_000);
    for (int i = 0; i < 20; i++) {
      stored.put(server(i), known(i, 30_000), i + 1);
    }
    assertThat(kept(stored, 20)).hasSizeBetween(2, 3).contains(19);

    StoredServerKeys reopened = new StoredServerKeys(stores.store(), 1_000, 100_000);
    for (int i = 20; i < 24; i++) {
      reopened.put(server(i), known(i, 30_000), i + 1);
    }
    assertThat(kept(reopened, 24)).hasSizeBetween(2, 3).contains(23);
  }

  @Test
  void aRowIsReplacedByWhatIsKnownLater() {
    StoredServerKeys stored = new StoredServerKeys(stores.store());
    stored.put(server(1), known(1, 0), 5);
    KnownKeys more = known(1, 10);

    stored.put(server(1), more, 6);
    assertThat(stored.find(server(1))).contains(new StoredServerKeys.Row(more, 6));
    stored.use(server(1), 7);
    assertThat(stored.find(server(1))).contains(new StoredServerKeys.Row(more, 7));
    assertThat(stored.find(server(2))).isEmpty();
  }
}
