package org.hearth.server.admin;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// Puts together what a person should look at.
final class Alerts {
  private Alerts() {}

  static List<Alert> newest(List<Alert> ofRooms, List<ParkedEntries> parked, int limit) {
    return Stream.concat(ofRooms.stream(), parked.stream().map(Alerts::of))
        .sorted(Comparator.comparing(Alert::raised).reversed())
        .limit(limit)
        .toList();
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
