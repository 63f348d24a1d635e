package org.hearth.server.store;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.hearth.ringlogs.LogPosition;

/// In which order the rows of several units are written, and which positions the units have.
///
/// @param units in the order in which they were submitted
/// @param runs what is written, one JDBC batch each
/// @param lastPosition the last position that is given, or was
record CommitPlan(List<PlacedUnit> units, List<Run> runs, long lastPosition) {

  /// A unit with its place.
  record PlacedUnit(UnitOfWork unit, LogPosition first) {}

  /// A change with the position that it is bound with.
  record PlacedChange(RowChange change, LogPosition first) {}

  /// Changes of one table with one SQL text.
  record Run(String sql, List<PlacedChange> changes) {}

  /// Plans the units for one transaction.
  ///
  /// @param head the last position given before
  static CommitPlan of(List<UnitOfWork> units, long head) {
    List<PlacedUnit> placed = new ArrayList<>(units.size());
    Map<Table, TableChanges> tables = new LinkedHashMap<>();
    long last = head;
    for (UnitOfWork unit : units) {
      LogPosition first = new LogPosition(unit.positions() == 0 ? last : last + 1);
      last += unit.positions();
      placed.add(new PlacedUnit(unit, first));
      for (RowChange change : unit.changes()) {
        tables
            .computeIfAbsent(change.table(), _ -> new TableChanges())
            .add(new PlacedChange(change, first));
      }
    }
    List<Run> runs = new ArrayList<>();
    for (boolean consulted : new boolean[] {true, false}) {
      tables.forEach((table, changes) -> {
        if (table.consulted() == consulted) {
          changes.addRunsTo(runs);
        }
      });
    }
    return new CommitPlan(placed, runs, last);
  }

  /// The changes of one table in their order; those that a later one replaces are marked.
  private static final class TableChanges {
    private record CoalesceId(String sql, Object key) {}

    private final List<PlacedChange> changes = new ArrayList<>();
    private final BitSet replaced = new BitSet();
    private final Map<CoalesceId, Integer> latest = new HashMap<>();

    void add(PlacedChange placed) {
      Object key = placed.change().coalesceKey();
      if (key != null) {
        Integer earlier = latest.put(new CoalesceId(placed.change().sql(), key), changes.size());
        if (earlier != null) {
          replaced.set(earlier);
        }
      }
      changes.add(placed);
    }

    void addRunsTo(List<Run> runs) {
      List<PlacedChange> run = new ArrayList<>();
      for (int i = replaced.nextClearBit(0); i < changes.size(); i = replaced.nextClearBit(i + 1)) {
        PlacedChange next = changes.get(i);
        if (!run.isEmpty() && !run.getFirst().change().sql().equals(next.change().sql())) {
          runs.add(run(run));
          run.clear();
        }
        run.add(next);
      }
      runs.add(run(run));
    }

    private static Run run(List<PlacedChange> changes) {
      return new Run(changes.getFirst().change().sql(), List.copyOf(changes));
    }
  }
}
