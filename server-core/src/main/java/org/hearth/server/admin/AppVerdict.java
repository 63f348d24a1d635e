package org.hearth.server.admin;

/// Whether people can use an app with this server as it is set up.
///
/// @param app its name
/// @param verdict whether it works
/// @param why in a sentence: how, after what, or why not
public record AppVerdict(String app, Verdict verdict, String why) {
  /// Whether an app works.
  public enum Verdict {
    /// It does.
    WORKS("works"),
    /// It will when something was done.
    AFTER("not yet"),
    /// It cannot as things are.
    WILL_NOT("will not");

    private final String words;

    Verdict(String words) {
      this.words = words;
    }

    /// As people are told.
    public String words() {
      return words;
    }
  }
}
