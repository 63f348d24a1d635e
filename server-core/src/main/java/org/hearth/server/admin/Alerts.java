package org.hearth.server.admin;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.activity.Activity;
import org.hearth.server.services.activity.Kind;

/// Puts together what a person should look at.
final class Alerts {
  /// What makes one.
  private static final Set<Kind> FURTHER_OWNER = Set.of(Kind.OWNER_MADE, Kind.ACCOUNT_UNLOCKED);

  private Alerts() {}

  /// What lasts, and then the newest.
  static List<Alert> newest(List<List<Alert>> all, int limit) {
    return all.stream()
        .flatMap(List::stream)
        .sorted(Comparator.comparing(Alert::lasting).thenComparing(Alert::raised).reversed())
        .limit(limit)
        .toList();
  }

  /// A server that one person alone can administer is nobody's when that person is gone. Told where
  /// there is somebody else who could be an owner; it is another alert each time after there was
  /// one.
  static List<Alert> onlyOwner(AccountService accounts, Activity activity) {
    return accounts.onlyOwner().stream()
        .filter(_ -> accounts.queries().activeCount() > 1)
        .map(only ->
            new Alert(
                activity.last(FURTHER_OWNER).orElse(only.created()),
                only.user().value(),
                "This is the only owner of the server.",
                "Make somebody else an owner too, under People.",
                true))
        .toList();
  }

  static List<Alert> parked(List<ParkedEntries> all) {
    return all.stream().map(Alerts::of).toList();
  }

  private static Alert of(ParkedEntries parked) {
    return new Alert(
        parked.since(),
        parked.key(),
        parked.entries() == 1
            ? "1 entry of %s could not be handled and is parked.".formatted(parked.log())
            : "%,d entries of %s are parked, because the first could not be handled."
                .formatted(parked.entries(), parked.log()),
        "Retry or discard it under Wiring.");
  }
}
