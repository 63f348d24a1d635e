package org.hearth.server.services.staging;

/// How much may be staged.
///
/// @param ofRoom events of a room; of more, the oldest go of the site that has handed over the most
/// @param ofOrigin events that one server has handed over; more are refused
/// @param bytesOfOrigin their bytes
/// @param all events; of more, the oldest go of the site that has handed over the most
/// @param bytes their bytes
/// @param transactions that are remembered of a server
/// @param origins whose transactions are remembered
public record StagingBounds(
    int ofRoom,
    int ofOrigin,
    long bytesOfOrigin,
    int all,
    long bytes,
    int transactions,
    int origins) {
  /// The usual ones.
  ///
  /// "More than 100 staged in a room: keep the newest": what was before them is fetched again.
  public static StagingBounds standard() {
    return new StagingBounds(100, 2_000, 16L << 20, 20_000, 128L << 20, 5, 10_000);
  }
}
