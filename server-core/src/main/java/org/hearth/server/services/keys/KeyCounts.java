package org.hearth.server.services.keys;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What a device has left for others to claim.
///
/// @param oneTime the number of one-time keys by algorithm
/// @param unusedFallback the algorithms of which the fallback key was never given away
public record KeyCounts(Map<String, Long> oneTime, List<String> unusedFallback) {
  /// Told also when there is none: clients look for it.
  private static final String USUAL_ALGORITHM = "signed_curve25519";

  /// Of a device without keys.
  static final KeyCounts NONE = new KeyCounts(Map.of(), List.of());

  public KeyCounts {
    Map<String, Long> counts = new TreeMap<>(oneTime);
    counts.putIfAbsent(USUAL_ALGORITHM, 0L);
    oneTime = Map.copyOf(counts);
    unusedFallback = List.copyOf(unusedFallback);
  }
}
