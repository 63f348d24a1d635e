package org.hearth.server;

/// The server could not start; the message says why and what to do, in sentences for its owner.
public final class StartFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final String remedy;
  private final boolean wantsRoom;

  StartFailedException(String reason, String remedy, Throwable cause) {
    this(reason, remedy, cause, false);
  }

  private StartFailedException(String reason, String remedy, Throwable cause, boolean wantsRoom) {
    super(sentence(reason) + " " + sentence(remedy), cause);
    this.reason = sentence(reason);
    this.remedy = sentence(remedy);
    this.wantsRoom = wantsRoom;
  }

  static StartFailedException ofFullDisk(String reason, String remedy, Throwable cause) {
    return new StartFailedException(reason, remedy, cause, true);
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
    return wantsRoom;
  }

  /// What to do about it.
  ///
  /// @return a sentence
  public String remedy() {
    return remedy;
  }
}
