package org.hearth.app.wiring;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.admin.ParkedEntries;
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

  /// Two services and a reader that keeps a row of its own.
  private static WiringPicture storing() {
    return new WiringPicture(
        List.of(
            new WiringPicture.Node("RoomServer", WiringPicture.Kind.SERVER, ""),
            new WiringPicture.Node("Media", WiringPicture.Kind.SERVICE, ""),
            new WiringPicture.Node("Reports", WiringPicture.Kind.SERVICE, ""),
            new WiringPicture.Node("ClientPush", WiringPicture.Kind.READER, ""),
            new WiringPicture.Node("Committer", WiringPicture.Kind.STORE, "")),
        List.of(
            new Arrow("RoomServer", "commit"),
            new Arrow("Media", "commit"),
            new Arrow("Reports", "commit"),
            new Arrow("room-output", "ClientPush"),
            new Arrow("commit", "Committer")),
        List.of(
            new WiringPicture.Ring(
                "commit",
                1_024,
                0,
                15,
                0,
                Map.of("RoomServer", 8L, "Media", 4L, "ClientPush", 2L, "journal", 1L),
                List.of())));
  }

  @Test
  void whatIsDrawnIntoTheCommitterIsWhatGoesThroughIt() {
    WiringPicture drawn = WiringGroups.fold(storing());

    WiringPicture.Ring commit = drawn.rings().getFirst();
    assertThat(commit.writers()).isEqualTo(Map.of("RoomServer", 8L, WiringGroups.SERVICES, 7L));
    assertThat(commit.writers().keySet())
        .allMatch(each -> drawn.arrows().contains(new Arrow(each, "commit")));
  }

  @Test
  void whoWritesWithoutAnArrowIsNamedAndTheUnitTold() {
    WiringPicture.Ring commit = storing().rings().getFirst();
    WiringViewModel.RingNow ring = WiringViewModel.rates(commit, commit, 5, List.of());
    WiringViewModel.Now shown = new WiringViewModel.Now(storing(), Map.of("commit", ring));

    assertThat(WiringViewModel.withoutArrow(shown, ring))
        .isEqualTo(", without an arrow by ClientPush (0/s), journal (0/s)");
    assertThat(shown.unit("commit")).startsWith("units of work");
    assertThat(shown.unit("room-output")).isEqualTo("entries");
  }

  private static WiringViewModel.RingNow ring(
      String name, double perSecond, Map<String, Double> writers) {
    return new WiringViewModel.RingNow(
        new WiringPicture.Ring(name, 1_024, 0, 0, 0, Map.of(), List.of()),
        perSecond,
        writers,
        Map.of(),
        0,
        Set.of());
  }

  @Test
  void aReaderHasTheRateOfWhatItHandles() {
    WiringViewModel.RingNow ring =
        WiringViewModel.rates(
            ring(30, reader("idle", 0), reader("busy", 25)),
            ring(20, reader("idle", 0), reader("busy", 15)),
            5,
            List.of());

    assertThat(ring.perSecond()).isEqualTo(2);
    assertThat(ring.readers()).isEqualTo(Map.of("idle", 0.0, "busy", 2.0));
  }

  @Test
  void aReaderThatStandsStillOrFailsIsMarked() {
    WiringViewModel.RingNow ring =
        WiringViewModel.rates(
            ring(
                9,
                new WiringPicture.Consumer("still", 2, 7, 0, 0, 0, 0),
                new WiringPicture.Consumer("failing", 9, 0, 1, 0, 0, 0),
                new WiringPicture.Consumer("idle", 9, 0, 0, 0, 0, 0)),
            ring(
                5,
                new WiringPicture.Consumer("still", 2, 3, 0, 0, 0, 0),
                new WiringPicture.Consumer("failing", 5, 0, 0, 0, 0, 0),
                new WiringPicture.Consumer("idle", 9, 0, 0, 0, 0, 0)),
            5,
            List.of());

    assertThat(ring.failed()).containsExactlyInAnyOrder("still", "failing");
    assertThat(WiringViewModel.judge(List.of(ring))).startsWith("failing, still has failed");
  }

  @Test
  void ofAnInputLogOnlyThePartWithSomethingParkedIsMarked() {
    WiringPicture.Ring ring =
        ring(
            9,
            new WiringPicture.Consumer("room-input-0", 4, 0, 0, 0, 0, 0),
            new WiringPicture.Consumer("room-input-1", 5, 0, 0, 1, 0, 0));
    ParkedEntries parked =
        new ParkedEntries("room-input", "room-input", "!a:home.example", 1, "", Instant.EPOCH);

    assertThat(WiringViewModel.rates(ring, ring, 5, List.of(parked)).failed())
        .containsExactly("room-input-1");
  }

  @Test
  void whatIsParkedForAReaderThatIsNoMoreMarksItsLog() {
    WiringPicture.Ring ring = ring(9, reader("room-input-0", 9));
    ParkedEntries parked =
        new ParkedEntries("room-input", "another", "!a:home.example", 1, "", Instant.EPOCH);

    assertThat(WiringViewModel.rates(ring, ring, 5, List.of(parked)).failed())
        .containsExactly("another");
  }

  @Test
  void onlyTheBoxWhoseReaderFailedIsMarked() {
    WiringPicture.Ring ring =
        new WiringPicture.Ring(
            "room-output",
            1_024,
            0,
            0,
            0,
            Map.of(),
            List.of(reader("guest-access", 0), reader("client-sync", 0)));
    WiringViewModel.Now shown =
        new WiringViewModel.Now(
            new WiringPicture(
                List.of(
                    new WiringPicture.Node("GuestAccess", WiringPicture.Kind.READER, ""),
                    new WiringPicture.Node("ClientSync", WiringPicture.Kind.READER, "")),
                List.of(
                    new Arrow("room-output", "GuestAccess"),
                    new Arrow("room-output", "ClientSync")),
                List.of(ring)),
            Map.of(
                "room-output",
                new WiringViewModel.RingNow(
                    ring, 0, Map.of(), Map.of(), 0, Set.of("guest-access"))));

    assertThat(shown.failed("room-output")).isTrue();
    assertThat(shown.failed("GuestAccess")).isTrue();
    assertThat(shown.failed("ClientSync")).isFalse();
  }

  private static WiringPicture.Ring ring(long published, WiringPicture.Consumer... readers) {
    return new WiringPicture.Ring("room-input", 1_024, 0, published, 0, Map.of(), List.of(readers));
  }

  private static WiringPicture.Consumer reader(String name, long handled) {
    return new WiringPicture.Consumer(name, handled, 0, 0, 0, 0, 0);
  }
}
