package org.hearth.app.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.hearth.server.admin.Alert;
import org.hearth.server.configuration.DataFolder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which alerts were looked at.
class PanelSettingsTest {
  private static final Instant THEN = Instant.parse("2026-11-29T06:00:00Z");

  @TempDir private Path folder;

  @SuppressWarnings("NullAway.Init")
  private PanelSettings settings;

  @BeforeEach
  void open() {
    settings = new PanelSettings(new DataFolder(folder));
  }

  private static Alert lasting(int second) {
    return new Alert(THEN.plusSeconds(second), "@alice:home.example", "Only.", "Do.", true);
  }

  private static Alert event(int second) {
    return new Alert(THEN.plusSeconds(second), "The garden", "Changed.", "Ask.");
  }

  @Test
  void whatWasSeenIsNotShownAgainAndWhatIsNewerIs() {
    settings.seen(List.of(event(5), event(3)));

    assertThat(settings.unseen(List.of(event(6), event(5), event(3)))).containsExactly(event(6));
  }

  @Test
  void whatLastsIsShownUntilItWasSeenItselfWhateverItsTime() {
    settings.seen(List.of(event(5)));
    assertThat(settings.unseen(List.of(lasting(1), event(5)))).containsExactly(lasting(1));

    settings.seen(List.of(lasting(1), event(5)));

    assertThat(settings.unseen(List.of(lasting(1), event(5)))).isEmpty();
  }

  @Test
  void whatLastsAndWasSeenHidesNoEventBeforeIt() {
    settings.seen(List.of(lasting(9)));

    assertThat(settings.unseen(List.of(lasting(9), event(5)))).containsExactly(event(5));
  }

  @Test
  void whatLastsAndBeganAnewIsShownAgain() {
    settings.seen(List.of(lasting(1)));

    assertThat(settings.unseen(List.of(lasting(7)))).containsExactly(lasting(7));
  }
}
