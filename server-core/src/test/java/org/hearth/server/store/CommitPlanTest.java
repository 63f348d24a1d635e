package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.hearth.server.store.CommitPlan.PlacedUnit;
import org.hearth.server.store.CommitPlan.Run;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CommitPlanTest {
  private static final Table EVENT = new Table("event", "a test's", "the test");
  private static final Table DEVICE = new Table("device", "a test's", "the test");
  private static final Table ROOM = new Table("room", "a test's", "the test");

  @Test
  void positionsFollowTheHeadInOrder() {
    CommitPlan plan = CommitPlan.of(List.of(unit(2), unit(0), unit(1)), 7);

    assertThat(plan.units())
        .extracting(PlacedUnit::first)
        .extracting("value")
        .containsExactly(8L, 9L, 10L);
    assertThat(plan.lastPosition()).isEqualTo(10);
  }

  @Test
  void equalStatementsOfATableAreOneBatchAcrossUnits() {
    CommitPlan plan =
        CommitPlan.of(
            List.of(
                unit(1, change(EVENT, "insert"), change(ROOM, "update")),
                unit(1, change(EVENT, "insert"), change(ROOM, "update"))),
            0);

    assertThat(plan.runs()).extracting(Run::sql).containsExactly("insert", "update");
    assertThat(plan.runs()).allMatch(run -> run.changes().size() == 2);
    assertThat(plan.runs().getFirst().changes())
        .extracting(each -> each.first().value())
        .containsExactly(1L, 2L);
  }

  @Test
  void statementsOfATableKeepTheirOrder() {
    CommitPlan plan =
        CommitPlan.of(
            List.of(
                unit(0, change(EVENT, "insert"), change(EVENT, "delete")),
                unit(0, change(EVENT, "insert"))),
            0);

    assertThat(plan.runs()).extracting(Run::sql).containsExactly("insert", "delete", "insert");
  }

  /// Who looks into a table finds what the units before have made of it, and no later ones.
  @Test
  void whoLooksIntoATableKeepsItsPlaceAmongTheChangesOfThat() {
    String insert = "INSERT INTO event SELECT 1 FROM device WHERE id = ?";
    CommitPlan plan =
        CommitPlan.of(
            List.of(
                unit(0, change(DEVICE, "log in"), change(EVENT, insert)),
                unit(0, change(EVENT, "delete"), change(DEVICE, "log out")),
                unit(0, change(ROOM, "update"), change(EVENT, insert))),
            0);

    assertThat(plan.runs())
        .extracting(Run::sql)
        .containsExactly("log in", "update", insert, "delete", "log out", insert);
  }

  /// A removal that finds its rows by another table's comes before that one's own, whichever table
  /// the commit met first.
  @Test
  void whatIsFoundByAnotherTableIsRemovedBeforeThat() {
    String found = "DELETE FROM event WHERE device IN (SELECT id FROM device WHERE user_id = ?)";
    CommitPlan plan =
        CommitPlan.of(
            List.of(
                unit(0, change(DEVICE, "note")),
                unit(0, change(EVENT, found), change(DEVICE, "log out"))),
            0);

    assertThat(plan.runs()).extracting(Run::sql).containsExactly("note", found, "log out");
  }

  /// Of several who look into a table the one that is written last counts, not the one that was
  /// submitted last.
  @Test
  void noChangeOvertakesAnyoneWhoLooksIntoItsTable() {
    Table reply = new Table("reply", "a test's", "the test");
    String look = "INSERT INTO event SELECT name FROM room WHERE id = ?";
    String lateLook = "INSERT INTO event SELECT 1 FROM room JOIN device ON owner = id";
    String earlyLook = "INSERT INTO reply SELECT 1 FROM device WHERE id = ?";
    CommitPlan plan =
        CommitPlan.of(
            List.of(
                unit(0, change(ROOM, "update"), change(EVENT, look), change(ROOM, "delete")),
                unit(0, change(EVENT, lateLook)),
                unit(0, change(reply, earlyLook)),
                unit(0, change(DEVICE, "log out"))),
            0);

    assertThat(plan.runs())
        .extracting(Run::sql)
        .containsExactly("update", earlyLook, look, "delete", lateLook, "log out");
  }

  @Test
  void whatSomebodyHasLookedAtIsNotLeftOut() {
    String look = "INSERT INTO event SELECT name FROM room WHERE id = ?";
    CommitPlan plan =
        CommitPlan.of(
            List.of(
                unit(0, change(ROOM, "update", "a"), change(EVENT, look)),
                unit(0, change(ROOM, "update", "a"))),
            0);

    assertThat(plan.runs()).extracting(Run::sql).containsExactly("update", look, "update");
  }

  @Test
  void tablesThatLookIntoEachOtherKeepTheirOrder() {
    Table reply = new Table("reply", "a test's", "the test");
    Table count = new Table("reply_count", "a test's", "the test");
    String take = "UPDATE reply_count SET replies = replies - 1 WHERE EXISTS (SELECT 1 FROM reply)";
    CommitPlan plan =
        CommitPlan.of(
            List.of(
                unit(0, change(reply, "insert"), change(EVENT, "event"), change(count, "add")),
                unit(0, change(count, take), change(reply, "delete"))),
            0);

    assertThat(plan.runs())
        .extracting(Run::sql)
        .containsExactly("insert", "event", "add", take, "delete");
  }

  @Test
  void laterChangeOfEqualKeyAndStatementTakesTheEarliersPlaceAway() {
    RowChange last = change(ROOM, "update", "a");
    CommitPlan plan =
        CommitPlan.of(
            List.of(
                unit(0, change(ROOM, "update", "a")),
                unit(0, change(ROOM, "delete", "a")),
                unit(0, change(ROOM, "update", "b")),
                unit(0, last)),
            0);

    assertThat(plan.runs()).extracting(Run::sql).containsExactly("delete", "update");
    assertThat(plan.runs().getLast().changes()).hasSize(2);
    assertThat(plan.runs().getLast().changes().getLast().change()).isSameAs(last);
  }

  @Test
  void unitWithoutChangesWritesNothing() {
    assertThat(CommitPlan.of(List.of(unit(1)), 0).runs()).isEmpty();
  }

  private static UnitOfWork unit(int announcements, RowChange... changes) {
    return new UnitOfWork(
        new UnitOwner("test"),
        List.of(changes),
        TestLogs.announcements(announcements),
        Outcome.ignored());
  }

  private static RowChange change(Table table, String sql) {
    return change(table, sql, null);
  }

  private static RowChange change(Table table, String sql, @Nullable Object key) {
    return key == null
        ? RowChange.of(table, sql, (_, _) -> {})
        : RowChange.coalescing(table, sql, key, (_, _) -> {});
  }
}
