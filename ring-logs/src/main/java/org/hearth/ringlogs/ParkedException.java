package org.hearth.ringlogs;

/// The partition key is parked since one of its commands failed: nothing of that key is handled
/// until it is released ([InputLog#release]). The cause, if there is one, is what the handler
/// threw.
public final class ParkedException extends LogException {
  private static final long serialVersionUID = 1L;
  private final String partitionKey;

  ParkedException(String log, String partitionKey, String failure) {
    super("%s has parked %s: %s".formatted(log, partitionKey, failure));
    this.partitionKey = partitionKey;
  }

  public String partitionKey() {
    return partitionKey;
  }
}
