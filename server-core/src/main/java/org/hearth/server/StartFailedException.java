package org.hearth.server;

import org.hearth.server.store.StorageException;

/// The server could not start; the message says why and what to do, in sentences for its owner.
public final class StartFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final String remedy;
  private final Obstacle obstacle;

  /// What is in the way.
  private enum Obstacle {
    LASTING,
    FULL_DISK,
    HELD_FOLDER
  }

  StartFailedException(String reason, String remedy, Throwable cause) {
    this(reason, remedy, cause, Obstacle.LASTING);
  }

  private StartFailedException(String reason, String remedy, Throwable cause, Obstacle obstacle) {
    super(sentence(reason) + " " + sentence(remedy), cause);
    this.reason = sentence(reason);
    this.remedy = sentence(remedy);
    this.obstacle = obstacle;
  }

  static StartFailedException ofFullDisk(String reason, String remedy, Throwable cause) {
    return new StartFailedException(reason, remedy, cause, Obstacle.FULL_DISK);
  }

  static StartFailedException ofHeldFolder(String reason, String remedy, Throwable cause) {
    return new StartFailedException(reason, remedy, cause, Obstacle.HELD_FOLDER);
  }

  private static String sentence(String text) {
    return text.endsWith(".") ? text : text + ".";
  }

  /// What went wrong.
  ///
  /// @return a sentence
  public String reason() {
    return reason;
  }

  /// Whether the same start succeeds as soon as there is room on the disk.
  public boolean wantsRoom() {
    return obstacle == Obstacle.FULL_DISK;
  }

  /// Whether another process had the data folder, such as a command that opened its database.
  public boolean isHeld() {
    return obstacle == Obstacle.HELD_FOLDER;
  }

  /// Whether something failed, such as a first start, that succeeds as soon as there is room on the
  /// disk.
  public static boolean isOfFullDisk(Throwable failure) {
    return StorageException.isOfFullDisk(failure);
  }

  /// What to do about it.
  ///
  /// @return a sentence
  public String remedy() {
    return remedy;
  }
}
