package org.hearth.server.readers.sync.view;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// Whom the entries of a batch concern: they are woken when all of it is noted.
///
/// Who is sent something, and who does something, is woken at once. What others do beside that is
/// told as [SpacedWakes] has it: somebody who types, reads or renames a device fifty times a second
/// would otherwise have everybody's answers made fifty times a second.
///
/// **Thread:** the reader's.
public final class Concerned {
  private final Set<UserFeed> atOnce = new LinkedHashSet<>();
  private final Set<UserFeed> spaced = new LinkedHashSet<>();
  private final Map<SpacedWakes, Set<UserFeed>> later = new LinkedHashMap<>();
  private final SpacedWakes wakes;

  Concerned(SpacedWakes wakes) {
    this.wakes = wakes;
  }

  /// Somebody who is to be woken at once.
  public void add(UserFeed user) {
    atOnce.add(user);
  }

  /// Those who are to be woken at once.
  public void addAll(Collection<UserFeed> users) {
    atOnce.addAll(users);
  }

  /// Those whom it concerns what others do.
  public void addOthers(Collection<UserFeed> users) {
    spaced.addAll(users);
  }

  /// Those whom it concerns and who are woken by other wakes.
  public void addOthers(Collection<UserFeed> users, SpacedWakes by) {
    var _ = later.computeIfAbsent(by, _ -> new LinkedHashSet<>()).addAll(users);
  }

  void wake() {
    atOnce.forEach(UserFeed::wake);
    spaced.removeAll(atOnce);
    wakes.wake(spaced);
    later.forEach(SpacedWakes::wake);
    clear();
  }

  void clear() {
    atOnce.clear();
    spaced.clear();
    later.clear();
  }
}
