package org.hearth.ringlogs;

/// What became of a parked partition key when it was released.
///
/// @param handled letters that were handled now and are gone
/// @param discarded letters that were dropped unhandled
/// @param remaining letters that are still there because one failed again; with 0 the key is open
public record ReleaseResult(String partitionKey, int handled, int discarded, int remaining) {
  public boolean isOpen() {
    return remaining == 0;
  }
}
