package org.hearth.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.hearth.server.admin.RateHistory.Point;
import org.hearth.server.admin.RateHistory.Window;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.services.account.ManualClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Looks by hand, a second apart.
final class RateHistoryTest {
  @TempDir private Path folder;

  private final ManualClock clock = new ManualClock();
  private final Instant start = clock.instant();
  private long events;
  private final RateHistory history = new RateHistory(() -> events, clock);

  @AfterEach
  void close() {
    history.close();
  }

  private Path file() {
    return folder.resolve(DataFolder.RATE_HISTORY);
  }

  /// A further run on the same file; it looks by itself only after a second.
  private RateHistory next() {
    RateHistory next = new RateHistory(() -> events, clock);
    next.start(new DataFolder(folder));
    return next;
  }

  private void seconds(int seconds, int eventsEach) {
    for (int i = 0; i < seconds; i++) {
      clock.advance(Duration.ofSeconds(1));
      events += eventsEach;
      history.look();
    }
  }

  @Test
  void pointsHaveTheirTimeAndWhatHappenedInIt() {
    seconds(1, 3);
    seconds(1, 0);

    assertThat(history.points(Window.TEN_MINUTES))
        .containsExactly(
            new Point(start, start.plusSeconds(1), 3),
            new Point(start.plusSeconds(1), start.plusSeconds(2), 0));
    assertThat(history.points(Window.HOUR)).isEmpty();
  }

  @Test
  void longerSpansAreCoarser() {
    seconds(60, 2);
    seconds(60, 4);

    assertThat(history.points(Window.HOUR)).hasSize(12).allMatch(each -> lasts(each, 10));
    assertThat(history.points(Window.DAY))
        .containsExactly(
            new Point(start, start.plusSeconds(60), 2),
            new Point(start.plusSeconds(60), start.plusSeconds(120), 4));
  }

  @Test
  void aLookThatFailsIsNotTheLast() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    CountDownLatch later = new CountDownLatch(1);
    try (RateHistory looking =
        new RateHistory(
            () -> {
              switch (looks.getAndIncrement()) {
                case 0 -> {}
                case 1 -> throw new AssertionError("for the test");
                default -> later.countDown();
              }
              return 0;
            },
            clock)) {
      looking.start(new DataFolder(folder));

      assertThat(later.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static boolean lasts(Point point, int seconds) {
    return Duration.between(point.from(), point.to()).equals(Duration.ofSeconds(seconds));
  }

  @Test
  void whatIsOlderThanTheSpanIsForgotten() {
    seconds(700, 1);

    assertThat(history.points(Window.TEN_MINUTES))
        .hasSize(600)
        .first()
        .returns(start.plusSeconds(100), Point::from);
    assertThat(history.points(Window.HOUR)).hasSize(70);
  }

  @Test
  void timeInWhichTheComputerSleptIsAGap() {
    seconds(5, 1);
    clock.advance(Duration.ofHours(2));
    events += 1_000;
    history.look();
    seconds(2, 1);

    Instant awake = start.plusSeconds(5).plus(Duration.ofHours(2));
    assertThat(history.points(Window.TEN_MINUTES))
        .containsExactly(
            new Point(awake, awake.plusSeconds(1), 1),
            new Point(awake.plusSeconds(1), awake.plusSeconds(2), 1));
  }

  @Test
  void aClockThatIsSetBackBeginsAnew() {
    seconds(5, 1);
    clock.advance(Duration.ofHours(-1));
    history.look();
    seconds(2, 1);

    Instant then = start.plusSeconds(5).minus(Duration.ofHours(1));
    assertThat(history.points(Window.TEN_MINUTES))
        .containsExactly(
            new Point(then, then.plusSeconds(1), 1),
            new Point(then.plusSeconds(1), then.plusSeconds(2), 1));
  }

  @Test
  void whatIsKnownOutlivesTheServer() {
    seconds(130, 2);
    history.start(new DataFolder(folder));
    List<Point> minutes = history.points(Window.DAY);
    history.close();
    clock.advance(Duration.ofMinutes(5));

    try (RateHistory next = next()) {
      assertThat(next.points(Window.DAY)).hasSize(2).isEqualTo(minutes);
      assertThat(next.points(Window.HOUR)).hasSize(13);
      assertThat(next.points(Window.TEN_MINUTES)).hasSize(130);
      events += 60;
      clock.advance(Duration.ofSeconds(60));
      next.look();
      Instant again = start.plusSeconds(130 + 300);
      assertThat(next.points(Window.DAY))
          .as("the time without a server is a gap")
          .hasSize(3)
          .last()
          .isEqualTo(new Point(again, again.plusSeconds(60), 1));
    }
  }

  @Test
  void aServerThatIsKilledHasLostMinutesOfIt() throws Exception {
    history.start(new DataFolder(folder));
    seconds(299, 2);
    assertThat(file()).doesNotExist();

    seconds(1, 2);

    assertThat(new RateFile(new DataFolder(folder)).read().get(Window.TEN_MINUTES)).hasSize(300);
  }

  @Test
  void aClockThatIsALittleBehindForgetsOnlyWhatWasLater() {
    seconds(120, 2);
    history.start(new DataFolder(folder));
    history.close();
    clock.advance(Duration.ofSeconds(-30));

    try (RateHistory next = next()) {
      assertThat(next.points(Window.TEN_MINUTES)).hasSize(90);
      assertThat(next.points(Window.DAY)).hasSize(1);
    }
  }

  @Test
  void whatIsOlderThanItsSpanIsNotTakenOver() {
    seconds(120, 2);
    history.start(new DataFolder(folder));
    history.close();
    clock.advance(Duration.ofMinutes(30));

    try (RateHistory next = next()) {
      assertThat(next.points(Window.TEN_MINUTES)).isEmpty();
      assertThat(next.points(Window.HOUR)).hasSize(12);
      assertThat(next.points(Window.DAY)).hasSize(2);
    }
  }

  @Test
  void afterAClockThatWasSetBackItBeginsAnew() {
    seconds(120, 2);
    history.start(new DataFolder(folder));
    history.close();
    clock.advance(Duration.ofHours(-1));

    try (RateHistory next = next()) {
      assertThat(next.points(Window.DAY)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 13, 30, -1})
  void aDamagedFileIsNotBelievedAndIsReplaced(int at) throws Exception {
    seconds(120, 2);
    history.start(new DataFolder(folder));
    history.close();
    byte[] bytes = Files.readAllBytes(file());
    bytes[at < 0 ? bytes.length - 1 : at] ^= 1;
    Files.write(file(), bytes);

    try (RateHistory next = next()) {
      assertThat(next.points(Window.DAY)).isEmpty();
    }

    assertThat(new RateFile(new DataFolder(folder)).read()).isEmpty();
    assertThat(Files.getPosixFilePermissions(file()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 15, 16, 17, 100_000_000})
  void aFileOfAnotherLengthIsRefused(int length) throws Exception {
    try (RandomAccessFile other = new RandomAccessFile(file().toFile(), "rw")) {
      other.setLength(length);
    }

    assertThatThrownBy(() -> new RateFile(new DataFolder(folder)).read())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("rate-history is damaged");
  }

  @Test
  void aFileOfANewerVersionIsRefusedByItsVersion() throws Exception {
    new RateFile(new DataFolder(folder)).write(Map.of());
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file()));
    bytes.putInt(8, 2);
    CRC32C crc = new CRC32C();
    crc.update(bytes.array(), 0, 12);
    bytes.putInt(12, (int) crc.getValue());
    Files.write(file(), bytes.array());

    assertThatThrownBy(() -> new RateFile(new DataFolder(folder)).read())
        .hasMessageContaining("has version 2; known is 1");
  }
}
