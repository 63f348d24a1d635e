package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.hearth.server.store.CommitPlan.PlacedUnit;
import org.hearth.server.store.CommitPlan.Run;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CommitPlanTest {
  private static final Table EVENT = new Table("event", "a test's", "the test");
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

  /// Who looks into a table finds what the whole commit makes of it.
  @Test
  void tablesThatOthersLookIntoComeFirst() {
    Table device = new Table("device", "a test's", "the test").beforeOthers();
    CommitPlan plan =
        CommitPlan.of(
            List.of(
                unit(0, change(EVENT, "insert if there is the device")),
                unit(0, change(EVENT, "delete"), change(device, "delete the device"))),
            0);

    assertThat(plan.runs())
        .extracting(Run::sql)
        .containsExactly("delete the device", "insert if there is the device", "delete");
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
