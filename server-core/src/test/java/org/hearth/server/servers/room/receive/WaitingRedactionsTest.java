package org.hearth.server.servers.room.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.matrix.testkit.RoomFixture.ALICE;
import static org.hearth.server.matrix.testkit.RoomFixture.BOB;
import static org.hearth.server.matrix.testkit.RoomFixture.CHARLIE;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.testkit.RoomFixture;
import org.hearth.server.matrix.version.RoomVersions;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.servers.room.state.Wants;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Of events that are wanted and not here, above all by redactions, so much is noted, and only that
/// is read which concerns the events at hand.
final class WaitingRedactionsTest extends WithRunningRooms {
  private static final Table WANT = new Table("room_want", "a test's", "the test");

  private final RoomFixture room = RoomFixture.withMembers(RoomVersions.V11);
  private int count;

  @BeforeEach
  void enter() {
    room.usualPowerLevels().add();
    rooms.live(room.events());
  }

  private Pdu said(UserId sender) {
    return room.message(sender, "m.room.message", "{\"n\":%d}".formatted(count++)).build();
  }

  private Pdu redaction(UserId sender, EventId target) {
    return room.message(sender, "m.room.redaction", "{\"redacts\":\"%s\"}".formatted(target))
        .build();
  }

  private static EventId unknown(int number) {
    return EventId.parse("$%043d".formatted(number));
  }

  private boolean isRedacted(Pdu event) {
    RoomEvent shown = rooms.queries().event(event.eventId()).orElseThrow();
    return shown.redactedBecause() != null;
  }

  /// Rows as if so many redactions had come first.
  private void fill(int rows, String share) {
    long number =
        stores
            .store()
            .reads()
            .select("SELECT room_nid FROM room", row -> row.getLong(1))
            .getFirst();
    List<RowChange> changes =
        IntStream.range(0, rows)
            .mapToObj(i ->
                RowChange.of(
                    WANT,
                    "INSERT INTO room_want (room_nid, event_id, kind, wanted_by, share)"
                        + " VALUES (?, ?, 3, ?, ?)",
                    (statement, _) -> {
                      statement.setLong(1, number);
                      statement.setString(2, unknown(i).value());
                      statement.setLong(3, -rows + i);
                      statement.setString(4, share.formatted(i));
                    }))
            .toList();
    var _ = stores.store().committer().commit("test", changes, List.of());
  }

  private List<EventId> wanted(int kind) {
    return stores
        .store()
        .reads()
        .select(
            "SELECT event_id FROM room_want WHERE kind = ?",
            statement -> statement.setInt(1, kind),
            row -> EventId.parse(row.getString(1)));
  }

  private List<EventId> wantedByRedactions() {
    return wanted(3);
  }

  @Test
  void ofASiteTheOldestRedactionsGo() {
    fill(Wants.MOST_OF_SITE, "c.example");
    Pdu late = said(CHARLIE);

    rooms.live(redaction(CHARLIE, late.eventId()));

    assertThat(wantedByRedactions())
        .hasSize(Wants.MOST_OF_SITE)
        .doesNotContain(unknown(0))
        .contains(unknown(1), late.eventId());
    rooms.live(late);
    assertThat(isRedacted(late)).isTrue();
    assertThat(wantedByRedactions()).hasSize(Wants.MOST_OF_SITE - 1);
  }

  @Test
  void ofAllSitesTheOldestRedactionsGo() {
    fill(Wants.MOST_REDACTIONS, "s%d.example");
    Pdu late = said(CHARLIE);

    rooms.live(redaction(CHARLIE, late.eventId()));

    assertThat(wantedByRedactions())
        .hasSize(Wants.MOST_REDACTIONS)
        .doesNotContain(unknown(0))
        .contains(unknown(1), late.eventId());
  }

  /// What others send, however much, does not make a moderator's redaction be forgotten.
  @Test
  void theRedactionsOfModeratorsHaveTheirOwnPlaces() {
    Pdu late = said(BOB);
    rooms.live(redaction(ALICE, late.eventId()));
    fill(Wants.MOST_REDACTIONS, "s%d.example");
    rooms.live(redaction(CHARLIE, said(CHARLIE).eventId()));

    assertThat(wantedByRedactions()).hasSize(Wants.MOST_REDACTIONS + 1).contains(late.eventId());
    rooms.live(late);

    assertThat(isRedacted(late)).isTrue();
  }

  /// The first that takes effect is enough, and no number of those that take none keeps it out.
  @Test
  void ofOneEventAModeratorsRedactionIsNotedOnce() {
    Pdu late = said(BOB);
    Pdu first = redaction(ALICE, late.eventId());

    rooms.live(redaction(CHARLIE, late.eventId()), redaction(CHARLIE, late.eventId()));
    rooms.live(first);
    rooms.live(redaction(ALICE, late.eventId()));

    assertThat(wantedByRedactions()).hasSize(3);
    rooms.live(late);
    assertThat(rooms.queries().event(late.eventId()).orElseThrow().redactedBecause())
        .isEqualTo(first);
    assertThat(wantedByRedactions()).isEmpty();
  }

  @Test
  void aRedactionThatCountsForNothingWaitsForNothing() {
    Pdu redaction = redaction(ALICE, unknown(1));

    rooms.receive(
        RunningRooms.command(List.of(), List.of(redaction), Map.of(), Set.of(), Arrival.HISTORY));

    assertThat(rooms.queries().event(redaction.eventId())).isPresent();
    assertThat(wantedByRedactions()).isEmpty();
  }

  @Test
  void aPreviousEventThatIsMissingIsNotedOnceHoweverManyFollowIt() {
    List<EventId> state = room.state().values().stream().map(Pdu::eventId).toList();
    Pdu missing = room.message(BOB, "m.room.message", "{\"n\":0}").add();
    Pdu one = room.message(BOB, "m.room.message", "{\"n\":1}").after(missing).build();
    Pdu other = room.message(BOB, "m.room.message", "{\"n\":2}").after(missing).build();

    rooms.receive(
        RunningRooms.command(
            List.of(one, other),
            List.of(),
            Map.of(one.eventId(), state, other.eventId(), state),
            Set.of(),
            Arrival.LIVE));

    assertThat(wanted(1)).containsExactly(missing.eventId());
    assertThat(rooms.queries().missingPrevious(room.roomId())).containsExactly(missing.eventId());
    rooms.live(missing);
    assertThat(wanted(1)).isEmpty();
    assertThat(rooms.queries().forwardExtremities(room.roomId()))
        .contains(one.eventId(), other.eventId())
        .doesNotContain(missing.eventId());
  }

  @Test
  void onlyWhatConcernsTheEventsAtHandIsRead() {
    fill(100, "c.example");
    long number =
        stores
            .store()
            .reads()
            .select("SELECT room_nid FROM room", row -> row.getLong(1))
            .getFirst();

    Map<EventId, Wants> read =
        Wants.load(stores.store().reads(), number, Set.of(unknown(7), unknown(200)));

    assertThat(read).containsOnlyKeys(unknown(7));
  }
}
