package org.hearth.server.store;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;

/// In which order the rows of several units are written, and which positions the units have. What
/// the database holds afterwards is what it would hold had the units been written one after the
/// other.
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
    Map<String, TableChanges> tables = new LinkedHashMap<>();
    int stages = 0;
    long last = head;
    for (UnitOfWork unit : units) {
      LogPosition first = new LogPosition(unit.positions() == 0 ? last : last + 1);
      last += unit.positions();
      placed.add(new PlacedUnit(unit, first));
      for (RowChange change : unit.changes()) {
        stages = Math.max(stages, 1 + place(new PlacedChange(change, first), tables));
      }
    }
    List<Run> runs = new ArrayList<>();
    for (int stage = 0; stage < stages; stage++) {
      for (TableChanges each : tables.values()) {
        each.addRunsTo(runs, stage);
      }
    }
    return new CommitPlan(placed, runs, last);
  }

  /// Puts a change into the first stage that is after all before it which it must not overtake:
  /// those of its table, those of the tables it looks into, and those that look into its own.
  ///
  /// @return the stage
  private static int place(PlacedChange placed, Map<String, TableChanges> tables) {
    RowChange change = placed.change();
    TableChanges own = changesOf(change.table().name(), tables);
    int stage = Math.max(own.stage, own.consultedIn + 1);
    Set<String> consulted = ConsultedTables.of(change);
    for (String each : consulted) {
      stage = Math.max(stage, changesOf(each, tables).stageAfter());
    }
    for (String each : consulted) {
      changesOf(each, tables).consultedUntil(stage);
    }
    own.add(placed, stage);
    return stage;
  }

  private static TableChanges changesOf(String table, Map<String, TableChanges> tables) {
    return tables.computeIfAbsent(table, _ -> new TableChanges());
  }

  /// The changes of one table in their order; those that a later one replaces are marked.
  private static final class TableChanges {
    private record CoalesceId(String sql, Object key) {}

    private final List<PlacedChange> changes = new ArrayList<>();
    private final BitSet replaced = new BitSet();
    private final Map<CoalesceId, Integer> latest = new HashMap<>();

    /// Where the changes of each stage end; a stage without any ends where the one before it does.
    private final List<Integer> ends = new ArrayList<>();

    /// Of the last change.
    private int stage;

    /// The last stage in which a change of another table looks into this one.
    private int consultedIn = -1;

    /// The first stage in which all that is here so far has been written.
    int stageAfter() {
      return changes.isEmpty() ? 0 : stage + 1;
    }

    /// A change of another table looks into this one, perhaps in an earlier stage than one before.
    void consultedUntil(int stage) {
      consultedIn = Math.max(consultedIn, stage);
    }

    void add(PlacedChange placed, int stage) {
      if (stage > this.stage) {
        // Somebody has looked at what an earlier one wrote: that is not left out any more.
        latest.clear();
        this.stage = stage;
      }
      Object key = placed.change().coalesceKey();
      if (key != null) {
        Integer earlier = latest.put(new CoalesceId(placed.change().sql(), key), changes.size());
        if (earlier != null) {
          replaced.set(earlier);
        }
      }
      while (ends.size() <= stage) {
        ends.add(changes.size());
      }
      changes.add(placed);
      ends.set(stage, changes.size());
    }

    void addRunsTo(List<Run> runs, int stage) {
      if (stage >= ends.size()) {
        return;
      }
      int end = ends.get(stage);
      List<PlacedChange> run = new ArrayList<>();
      for (int i = replaced.nextClearBit(stage == 0 ? 0 : ends.get(stage - 1));
          i < end;
          i = replaced.nextClearBit(i + 1)) {
        PlacedChange next = changes.get(i);
        if (!run.isEmpty() && !run.getFirst().change().sql().equals(next.change().sql())) {
          runs.add(run(run));
          run.clear();
        }
        run.add(next);
      }
      if (!run.isEmpty()) {
        runs.add(run(run));
      }
    }

    private static Run run(List<PlacedChange> changes) {
      return new Run(changes.getFirst().change().sql(), List.copyOf(changes));
    }
  }
}
