package org.hearth.app.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.hearth.server.admin.WiringPicture;
import org.hearth.server.admin.WiringPicture.Arrow;
import org.junit.jupiter.api.Test;

/// What is said to go along an arrow.
class WiringRatesTest {
  private final WiringViewModel.Now now =
      new WiringViewModel.Now(
          new WiringPicture(List.of(), List.of(), List.of()),
          Map.of(
              "room-input", ring("room-input", 12, Map.of("Send", 10.0, "Guests", 2.0)),
              "room-output", ring("room-output", 12, Map.of())));

  @Test
  void aWriterBringsWhatItWrites() {
    assertThat(now.rate(new Arrow("Send", "room-input"))).isEqualTo(10);
    assertThat(now.rate(new Arrow("Guests", "room-input"))).isEqualTo(2);
    assertThat(now.rate(new Arrow("Profiles", "room-input"))).isZero();
  }

  @Test
  void theOnlyWriterBringsAllAndAReaderGetsAll() {
    assertThat(now.rate(new Arrow("Committer", "room-output"))).isEqualTo(12);
    assertThat(now.rate(new Arrow("room-input", "RoomServer"))).isEqualTo(12);
  }

  private static WiringViewModel.RingNow ring(
      String name, double perSecond, Map<String, Double> writers) {
    return new WiringViewModel.RingNow(
        new WiringPicture.Ring(name, 1_024, 0, 0, 0, Map.of(), List.of()),
        perSecond,
        writers,
        Map.of(),
        0);
  }

  @Test
  void aReaderHasTheRateOfWhatItHandles() {
    WiringViewModel.RingNow ring =
        WiringViewModel.rates(
            ring(30, reader("idle", 0), reader("busy", 25)),
            ring(20, reader("idle", 0), reader("busy", 15)),
            5);

    assertThat(ring.perSecond()).isEqualTo(2);
    assertThat(ring.readers()).isEqualTo(Map.of("idle", 0.0, "busy", 2.0));
  }

  private static WiringPicture.Ring ring(long published, WiringPicture.Consumer... readers) {
    return new WiringPicture.Ring("room-input", 1_024, 0, published, 0, Map.of(), List.of(readers));
  }

  private static WiringPicture.Consumer reader(String name, long handled) {
    return new WiringPicture.Consumer(name, handled, 0, 0, 0, 0);
  }
}
