package org.hearth.app.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javafx.beans.property.SimpleObjectProperty;
import javafx.scene.Scene;
import javafx.scene.image.PixelReader;
import org.hearth.app.dashboard.HomeViewModel.Rates;
import org.hearth.server.admin.RateHistory.Point;
import org.hearth.server.admin.RateHistory.Window;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.testfx.framework.junit5.ApplicationExtension;
import org.testfx.util.WaitForAsyncUtils;

/// Where nothing is known, no line is drawn, and none below nothing.
@ExtendWith(ApplicationExtension.class)
class RatePictureTest {
  private static final Instant START = Instant.parse("2026-11-29T06:00:00Z");

  private static Point second(int at) {
    return new Point(START.plusSeconds(at), START.plusSeconds(at + 1), 1);
  }

  @Test
  void pointsThatDoNotTouchAreLinesOfTheirOwn() {
    Rates rates =
        new Rates(
            Window.TEN_MINUTES,
            START.plusSeconds(60),
            List.of(second(0), second(1), second(40), second(41), second(42)));

    assertThat(RatePicture.stretches(rates))
        .containsExactly(
            List.of(second(0), second(1)), List.of(second(40), second(41), second(42)));
  }

  @Test
  void onlyWhatIsKnownOfNowIsCalledNow() {
    List<Point> points = List.of(second(0), second(1));

    assertThat(RatePicture.told(new Rates(Window.TEN_MINUTES, START.plusSeconds(2), points), 1))
        .isEqualTo("1.0 events per second now, at most 1.0 in the last ten minutes");
    assertThat(RatePicture.told(new Rates(Window.TEN_MINUTES, START.plusSeconds(60), points), 1))
        .isEqualTo("At most 1.0 events per second in the last ten minutes");
    assertThat(RatePicture.told(Rates.NONE, 0))
        .isEqualTo("Nothing is known of the last ten minutes");
  }

  @Test
  void aLineThatTouchesTheAxisDoesNotGoBelowIt() throws Exception {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      points.add(new Point(START.plusSeconds(i), START.plusSeconds(i + 1), i % 10 == 5 ? 0 : 0.2));
    }
    Rates rates = new Rates(Window.TEN_MINUTES, START.plusSeconds(180), points);
    int bottom = 260 - 18;

    PixelReader drawn =
        WaitForAsyncUtils.asyncFx(
                () -> {
                  RatePicture picture = new RatePicture(new SimpleObjectProperty<>(rates));
                  Scene scene = new Scene(picture, 700, 260);
                  picture.layout();
                  return scene.snapshot(null).getPixelReader();
                })
            .get();

    int below = 0;
    int above = 0;
    for (int x = 480; x < 570; x++) {
      for (int y = 1; y < 10; y++) {
        below += drawn.getColor(x, bottom + y + 2).getSaturation() > 0.2 ? 1 : 0;
        above += drawn.getColor(x, bottom - y).getSaturation() > 0.2 ? 1 : 0;
      }
    }
    assertThat(above).isPositive();
    assertThat(below).isZero();
  }
}
