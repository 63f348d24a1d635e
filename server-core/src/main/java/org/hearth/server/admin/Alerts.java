package org.hearth.server.admin;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.hearth.server.services.account.Account;

/// Puts together what a person should look at.
final class Alerts {
  private Alerts() {}

  static List<Alert> newest(List<List<Alert>> all, int limit) {
    return all.stream()
        .flatMap(List::stream)
        .sorted(Comparator.comparing(Alert::raised).reversed())
        .limit(limit)
        .toList();
  }

  /// A server that one person alone can administer is nobody's when that person is gone.
  static List<Alert> only(Optional<Account> owner) {
    return owner.stream()
        .map(only ->
            new Alert(
                only.created(),
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
